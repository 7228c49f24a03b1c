package images

import (
	"bytes"
	"context"
	"debug/elf"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/images/oci"
)

// trialTimeout is for the programs that are tried out; they need a second at most.
const trialTimeout = 30 * time.Second

// trialPrefix begins the names of the directories in which images are tried out.
const trialPrefix = "trial-"

// tryOut checks, before the image is written, that it is complete: it has each library that a
// program needs, nginx loads its modules and all Lua code, and the controller starts and calls the
// API server. It needs root, for a chroot.
func tryOut(ctx context.Context, parent string, tree *oci.Tree) (err error) {
	if err := checkLibraries(tree); err != nil {
		return err
	}
	if os.Geteuid() != 0 {
		return errors.New("trying out the image needs root")
	}
	if err := removeTrials(parent); err != nil {
		return err
	}
	dir, err := os.MkdirTemp(parent, trialPrefix)
	if err != nil {
		return fmt.Errorf("creating a directory to try out the image in: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	// It becomes the root directory of a user other than root.
	if err := os.Chmod(dir, 0o755); err != nil {
		return fmt.Errorf("opening the directory to try out the image in: %w", err)
	}
	if err := errors.Join(extract(ctx, tree, dir), makeNull(dir)); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, trialTimeout)
	defer cancel()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	return errors.Join(tryNGINX(ctx, dir, tree), tryController(ctx, dir))
}

// removeTrials removes the remains of processes that were killed while they tried out an image.
// Only one process builds images at a time.
func removeTrials(parent string) error {
	left, err := filepath.Glob(filepath.Join(parent, trialPrefix+"*"))
	for _, dir := range left {
		err = errors.Join(err, os.RemoveAll(dir))
	}
	if err != nil {
		return fmt.Errorf("removing what former trials left: %w", err)
	}
	return nil
}

// checkLibraries looks for each library that a program or another library of the image is linked with.
func checkLibraries(tree *oci.Tree) error {
	var missing []error
	for _, name := range tree.Paths() {
		libraries, err := linkedLibraries(tree, name)
		if err != nil {
			return err
		}
		for _, library := range libraries {
			if !slices.ContainsFunc(libraryDirs, func(dir string) bool { return tree.Has(path.Join(dir, library)) }) {
				missing = append(missing, fmt.Errorf("%s needs %s, which no package of the image has", name, library))
			}
		}
	}
	return errors.Join(missing...)
}

var libraryDirs = []string{"/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib"}

func linkedLibraries(tree *oci.Tree, name string) ([]string, error) {
	data, err := tree.ReadFile(name)
	if err != nil || !bytes.HasPrefix(data, []byte(elf.ELFMAG)) {
		return nil, err
	}
	file, err := elf.NewFile(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	libraries, err := file.ImportedLibraries()
	if err != nil {
		return nil, fmt.Errorf("reading the libraries of %s: %w", name, err)
	}
	return libraries, nil
}

func extract(ctx context.Context, tree *oci.Tree, dir string) error {
	cmd := exec.CommandContext(ctx, "tar", "--extract", "--numeric-owner", "--same-permissions", "--xattrs", "--xattrs-include=security.capability", "--directory", dir)
	input, err := cmd.StdinPipe()
	if err != nil {
		return fmt.Errorf("extracting the image: %w", err)
	}
	var messages bytes.Buffer
	cmd.Stderr = &messages
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("extracting the image: %w", err)
	}
	if err := errors.Join(tree.WriteTar(input), input.Close(), cmd.Wait()); err != nil {
		return fmt.Errorf("extracting the image: %w\n%s", err, messages.String())
	}
	return nil
}

// makeNull makes the one device that the programs cannot do without. The umask must not take its mode away.
func makeNull(dir string) error {
	const nullDevice, everyone = 1<<8 | 3, 0o666
	null := filepath.Join(dir, "dev", "null")
	err := os.MkdirAll(filepath.Dir(null), 0o755)
	if err == nil {
		err = syscall.Mknod(null, syscall.S_IFCHR|everyone, nullDevice)
	}
	if err == nil {
		err = os.Chmod(null, everyone)
	}
	if err != nil {
		return fmt.Errorf("making /dev/null to try out the image with: %w", err)
	}
	return nil
}

// trialConfig loads what the controller's template loads, and each Lua module that is below /etc/nginx/lua.
func trialConfig(tree *oci.Tree) string {
	const top = "/etc/nginx/lua/"
	var required strings.Builder
	for _, name := range tree.Paths() {
		module, isLua := strings.CutSuffix(name, ".lua")
		// The modules about TCP and UDP are for the stream part, which is left out.
		if !isLua || !strings.HasPrefix(name, top) || strings.HasPrefix(name, top+"tcp_udp_") {
			continue
		}
		fmt.Fprintf(&required, "require(%q)\n", strings.ReplaceAll(strings.TrimPrefix(module, top), "/", "."))
	}
	dictionaries := ""
	for _, name := range []string{
		"configuration_data", "certificate_data", "certificate_servers", "ocsp_response_cache", "balancer_ewma", "balancer_ewma_last_touched_at",
		"balancer_ewma_locks", "global_throttle_cache",
	} {
		dictionaries += "lua_shared_dict " + name + " 1M;\n"
	}
	return loadModules() + "pid /tmp/nginx/trial.pid;\nerror_log stderr;\nevents {}\nhttp {\naccess_log off;\n" +
		"lua_package_path \"/etc/nginx/lua/?.lua;;\";\n" + dictionaries + "init_by_lua_block {\n" + required.String() + "}\n}\n"
}

func tryNGINX(ctx context.Context, dir string, tree *oci.Tree) error {
	const config = "/tmp/nginx/trial.conf"
	if err := os.WriteFile(filepath.Join(dir, config), []byte(trialConfig(tree)), 0o644); err != nil {
		return fmt.Errorf("writing a configuration to try out nginx: %w", err)
	}
	if output, err := inside(ctx, dir, workingDir, "/usr/bin/nginx", "-t", "-c", config).CombinedOutput(); err != nil {
		return fmt.Errorf("trying out nginx: %w\n%s", err, output)
	}
	return nil
}

// tryController starts the controller as a container would, until it calls the API server, which
// does not exist. By then it has read its template, asked nginx for its version and checked that it
// may listen on ports 80 and 443.
func tryController(ctx context.Context, dir string) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	output := awaited{text: []byte("Creating API client"), then: stop}
	cmd := inside(ctx, dir, workingDir, "/usr/bin/dumb-init", "--", "/nginx-ingress-controller", "--apiserver-host=http://127.0.0.1:1")
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Run(); !output.came {
		return fmt.Errorf("trying out the controller: it does not say %q (%w)\n%s", output.text, err, output.all.Bytes())
	}
	return nil
}

// awaited keeps what is written to it, and calls a function as soon as a text is in it.
type awaited struct {
	text []byte
	then func()
	came bool
	all  bytes.Buffer
}

func (a *awaited) Write(p []byte) (int, error) {
	n, err := a.all.Write(p)
	if !a.came && bytes.Contains(a.all.Bytes(), a.text) {
		a.came = true
		a.then()
	}
	return n, err
}

// inside returns a command for a program of the image, to run as the image's user, in a chroot and
// in its own namespaces. Start it from a goroutine that is locked to its thread. Everything that it
// started ends with the thread, even when this process is killed.
//
// The kernel ends only the shell. It cannot bind a program to its parent directly, because it
// clears that when a program with file capabilities runs. When the first process of a PID namespace
// ends, all others end too. So the shell must stay the first process, which is why there is a
// second command.
func inside(ctx context.Context, root, dir, program string, arguments ...string) *exec.Cmd {
	enter := []string{
		"-c", `nsenter "$@"; exit $?`, "sh",
		"--root=" + root, "--wd=" + filepath.Join(root, dir), fmt.Sprintf("--setgid=%d", wwwData.GID), fmt.Sprintf("--setuid=%d", wwwData.UID), "--", program,
	}
	cmd := exec.CommandContext(ctx, "/bin/sh", append(enter, arguments...)...)
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "POD_NAME=trial", "POD_NAMESPACE=trial"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWPID | syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}
	return cmd
}
