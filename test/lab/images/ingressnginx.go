package images

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/binaries"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/images/oci"
)

const ingressNGINXModule = "k8s.io/ingress-nginx"

// ingressPackages are the Debian packages in the image, without their dependencies. The build of
// the image finds a missing library. They are nginx with its Lua, the programs that ingress-nginx
// calls (diff, pgrep, pkill, wc, a shell), and dumb-init.
var ingressPackages = []string{
	"nginx", "nginx-common", "libnginx-mod-http-ndk", "libnginx-mod-http-lua", "libnginx-mod-http-headers-more-filter",
	"lua-resty-core", "lua-resty-lrucache", "lua-cjson", "libluajit2-5.1-2", "libluajit2-5.1-common", "libgcc-s1",
	"libc6", "libcrypt1", "libpcre2-8-0", "libpcre3", "libssl3", "zlib1g",
	"bash", "libtinfo6", "dash", "dumb-init", "diffutils",
	"coreutils", "libacl1", "libattr1", "libgmp10", "libselinux1",
	"procps", "libproc2-0", "libncursesw6", "libsystemd0", "libcap2", "libgcrypt20", "libgpg-error0", "liblz4-1", "liblzma5", "libzstd1",
}

// wwwData is the user of the released image; its numbers are those of Alpine Linux.
var wwwData = oci.Owner{UID: 101, GID: 82}

// workingDir is that of the released image.
const workingDir = "/etc/nginx"

// writtenByController are the paths that nginx and the controller write to, or below.
var writtenByController = []string{
	"/etc/nginx", "/etc/ingress-controller/ssl", "/etc/ingress-controller/auth", "/etc/ingress-controller/geoip", "/etc/ingress-controller/telemetry",
	"/tmp/nginx", "/var/lib/nginx", "/var/log/nginx", "/var/log/audit",
}

// ingressNGINX is the recipe of the controller's image: the real controller, its template and its
// Lua code, on Debian's nginx. The README lists the differences from the released image.
type ingressNGINX struct {
	programs   binaries.Store
	packages   packageSource
	modulesDir string
	// trialsDir is where the image is tried out before it is written.
	trialsDir string
	progress  io.Writer
}

func (i ingressNGINX) ingredients(ctx context.Context) ([]string, error) {
	paths, err := i.programs.Ensure(ctx, binaries.IngressNGINX, binaries.IngressNGINXShutdown)
	if err != nil {
		return nil, err
	}
	ingredients := []string{binaries.IngressNGINXVersion}
	for _, file := range []string{
		paths[binaries.IngressNGINX], paths[binaries.IngressNGINXShutdown],
		filepath.Join(i.modulesDir, "go.mod"), filepath.Join(i.modulesDir, "go.sum"),
	} {
		sum, err := fileChecksum(file)
		if err != nil {
			return nil, err
		}
		ingredients = append(ingredients, sum)
	}
	packages, err := i.packages.resolve(ctx, ingressPackages)
	for _, p := range packages {
		ingredients = append(ingredients, p.File+" "+p.SHA256)
	}
	return ingredients, err
}

func (i ingressNGINX) prepare(ctx context.Context) (oci.Config, *oci.Tree, error) {
	tree := oci.NewTree()
	for _, add := range []func(context.Context, *oci.Tree) error{i.addPackages, i.addUpstreamFiles, i.addPrograms} {
		if err := add(ctx, tree); err != nil {
			return oci.Config{}, nil, err
		}
	}
	addUserAndDirs(tree)
	config := oci.Config{
		User:         "www-data",
		ExposedPorts: map[string]struct{}{"80/tcp": {}, "443/tcp": {}},
		Env:          []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
		Entrypoint:   []string{"/usr/bin/dumb-init", "--"},
		Cmd:          []string{"/nginx-ingress-controller"},
		WorkingDir:   workingDir,
		Labels: map[string]string{
			"org.opencontainers.image.title":   "NGINX Ingress Controller for Kubernetes, upon Debian's nginx",
			"org.opencontainers.image.version": binaries.IngressNGINXVersion,
		},
	}
	fmt.Fprintln(i.progress, "trying out nginx and the controller ...")
	return config, tree, tryOut(ctx, i.trialsDir, tree)
}

func (i ingressNGINX) addPackages(ctx context.Context, tree *oci.Tree) error {
	packages, err := i.packages.resolve(ctx, ingressPackages)
	if err != nil {
		return err
	}
	if err := i.packages.fetch(ctx, ingressPackages, packages); err != nil {
		return err
	}
	// Debian's packages still name /bin, /lib and the like. On a merged system, as all newer ones
	// are, these are links.
	for _, dir := range mergedDirs {
		tree.AddSymlink("/"+dir, "usr/"+dir)
	}
	return i.packages.unpack(ctx, packages, tree, placeInImage)
}

var mergedDirs = []string{"bin", "sbin", "lib", "lib64"}

// placeInImage returns the place of a file of a Debian package. It takes programs, libraries and
// the files that nginx reads. It leaves out documentation, services, Debian's own configuration of
// nginx and conversions between character sets.
func placeInImage(name string) string {
	for _, dir := range mergedDirs {
		if name == "/"+dir {
			return ""
		}
		if strings.HasPrefix(name, "/"+dir+"/") {
			name = "/usr" + name
		}
	}
	for _, unwanted := range []string{"/usr/lib/systemd", "/usr/lib/x86_64-linux-gnu/gconv", "/usr/lib/aarch64-linux-gnu/gconv"} {
		if strings.HasPrefix(name, unwanted) {
			return ""
		}
	}
	for _, wanted := range []string{
		"/usr/bin/", "/usr/sbin/", "/usr/lib/", "/usr/lib64/", "/usr/share/lua/", "/usr/share/luajit-2.1/", "/etc/nginx/mime.types", "/etc/nginx/fastcgi_params",
	} {
		if strings.HasPrefix(name, wanted) {
			return name
		}
	}
	return ""
}

// addUpstreamFiles adds the template and the Lua code of the controller's module, and our own
// replacements for libraries that Debian lacks.
func (i ingressNGINX) addUpstreamFiles(ctx context.Context, tree *oci.Tree) error {
	dir, err := i.moduleDir(ctx)
	if err != nil {
		return err
	}
	if err := addDirectory(tree, "/etc/nginx", os.DirFS(filepath.Join(dir, "rootfs", "etc", "nginx"))); err != nil {
		return err
	}
	tree.Remove("/etc/nginx/lua/test")
	tree.Remove("/etc/nginx/lua/OWNERS")
	standIns, err := fs.Sub(ownFiles, "lua")
	if err != nil {
		return fmt.Errorf("finding our own Lua code: %w", err)
	}
	if err := addDirectory(tree, "/etc/nginx/lua", standIns); err != nil {
		return err
	}
	const template = "/etc/nginx/template/nginx.tmpl"
	original, err := tree.ReadFile(template)
	if err != nil {
		return fmt.Errorf("reading the controller's template: %w", err)
	}
	adapted, err := adaptTemplate(string(original))
	if err != nil {
		return err
	}
	tree.AddFile(template, 0o644, wwwData, []byte(adapted))
	return nil
}

// moduleDir returns the directory with the files of the controller's module. It downloads them
// where needed, and checks them against go.sum.
func (i ingressNGINX) moduleDir(ctx context.Context) (string, error) {
	cmd := exec.CommandContext(ctx, "go", "mod", "download", "-json", ingressNGINXModule)
	cmd.Dir = i.modulesDir
	cmd.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off")
	var messages strings.Builder
	cmd.Stderr = &messages
	output, err := cmd.Output()
	var module struct{ Dir, Error string }
	if parseErr := json.Unmarshal(output, &module); err == nil {
		err = parseErr
	}
	if err != nil || module.Error != "" {
		return "", fmt.Errorf("downloading module %s: %w %s\n%s", ingressNGINXModule, err, module.Error, messages.String())
	}
	return module.Dir, nil
}

func addDirectory(tree *oci.Tree, top string, files fs.FS) error {
	return fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(files, name)
		if err != nil {
			return fmt.Errorf("adding %s to an image: %w", name, err)
		}
		tree.AddFile(path.Join(top, name), 0o644, wwwData, data)
		return nil
	})
}

func (i ingressNGINX) addPrograms(ctx context.Context, tree *oci.Tree) error {
	paths, err := i.programs.Ensure(ctx, binaries.IngressNGINX, binaries.IngressNGINXShutdown)
	if err != nil {
		return err
	}
	tree.AddSymlink("/usr/bin/nginx", "../sbin/nginx")
	err = errors.Join(
		tree.AddProgram("/nginx-ingress-controller", paths[binaries.IngressNGINX]),
		tree.AddProgram("/wait-shutdown", paths[binaries.IngressNGINXShutdown]),
	)
	if err != nil {
		return err
	}
	// A pod may forbid programs to gain rights. Each program from the entrypoint to nginx must
	// therefore have the capability itself.
	for _, program := range []string{"/usr/bin/dumb-init", "/nginx-ingress-controller", "/usr/sbin/nginx"} {
		if err := tree.GrantBindingLowPorts(program); err != nil {
			return err
		}
	}
	return nil
}

// addUserAndDirs adds the user, and the directories that it writes to.
func addUserAndDirs(tree *oci.Tree) {
	tree.AddFile("/etc/passwd", 0o644, oci.Root, []byte(
		"root:x:0:0:root:/root:/bin/bash\nwww-data:x:101:82::/etc/nginx:/usr/sbin/nologin\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"))
	tree.AddFile("/etc/group", 0o644, oci.Root, []byte("root:x:0:\nwww-data:x:82:\nnogroup:x:65534:\n"))
	tree.AddDir("/root", 0o700, oci.Root)
	tree.AddDir("/run", 0o755, oci.Root)
	tree.AddDir("/tmp", 0o1777, oci.Root)
	for _, dir := range writtenByController {
		tree.AddDir(dir, 0o755, wwwData)
		tree.Chown(dir, wwwData)
	}
	tree.AddSymlink("/var/log/nginx/access.log", "/dev/stdout")
	tree.AddSymlink("/var/log/nginx/error.log", "/dev/stderr")
}
