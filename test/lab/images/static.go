package images

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/binaries"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/images/oci"
)

// nonRoot is the user of distroless images that end in "nonroot".
const nonRoot = "65532:65532"

// staticImage is the recipe of an image that holds static programs, as upon distroless' static image.
type staticImage struct {
	programs []staticProgram
	config   oci.Config
}

// staticProgram is a program of an image.
type staticProgram struct {
	// build builds the program, where that is our business, and returns its file.
	build func(ctx context.Context) (file string, err error)
	// path is where the program is in the image.
	path string
}

func (i staticImage) ingredients(ctx context.Context) ([]string, error) {
	var list []string
	for _, program := range i.programs {
		file, err := program.build(ctx)
		if err != nil {
			return nil, err
		}
		sum, err := fileChecksum(file)
		if err != nil {
			return nil, err
		}
		list = append(list, program.path, sum)
	}
	config, err := json.Marshal(i.config)
	return append(list, string(config)), err
}

func (i staticImage) prepare(ctx context.Context) (oci.Config, *oci.Tree, error) {
	tree := oci.NewTree()
	tree.AddFile("/etc/passwd", 0o644, oci.Root, []byte(
		"root:x:0:0:root:/root:/sbin/nologin\nnobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n"))
	tree.AddFile("/etc/group", 0o644, oci.Root, []byte("root:x:0:\nnobody:x:65534:\nnonroot:x:65532:\n"))
	tree.AddDir("/root", 0o700, oci.Root)
	tree.AddDir("/home/nonroot", 0o700, oci.Owner{UID: 65532, GID: 65532})
	tree.AddDir("/tmp", 0o1777, oci.Root)
	for _, program := range i.programs {
		file, err := program.build(ctx)
		if err != nil {
			return oci.Config{}, nil, err
		}
		if err := tree.AddProgram(program.path, file); err != nil {
			return oci.Config{}, nil, err
		}
	}
	return i.config, tree, nil
}

// programsImage is the image of static programs that are built already. It runs the first.
func programsImage(files []string) staticImage {
	image := staticImage{config: oci.Config{User: nonRoot, Entrypoint: []string{"/" + filepath.Base(files[0])}, WorkingDir: "/home/nonroot"}}
	for _, file := range files {
		build := func(context.Context) (string, error) {
			if _, err := os.Stat(file); err != nil {
				return "", fmt.Errorf("finding the program of the image: %w", err)
			}
			return file, nil
		}
		image.programs = append(image.programs, staticProgram{build, "/" + filepath.Base(file)})
	}
	return image
}

// metalLB is the image of one of MetalLB's programs; the pod says which user it is.
func (s Store) metalLB(program, path string) staticImage {
	build := func(ctx context.Context) (string, error) {
		paths, err := s.Programs.Ensure(ctx, program)
		return paths[program], err
	}
	return staticImage{
		programs: []staticProgram{{build, path}},
		config: oci.Config{
			Entrypoint: []string{path},
			Labels:     map[string]string{"org.opencontainers.image.version": binaries.MetalLBVersion},
		},
	}
}

// ownProgram is the image of a program of this repository that needs nothing but the standard library.
func (s Store) ownProgram(name, moduleDir, pkg string) staticImage {
	path := "/" + name
	builder := ownBuilder{moduleDir: moduleDir, pkg: pkg, output: programFile(s.Dir, name)}
	return staticImage{programs: []staticProgram{{builder.build, path}}, config: oci.Config{User: nonRoot, Entrypoint: []string{path}}}
}

func fileChecksum(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("computing a checksum: %w", err)
	}
	sum := sha256.New()
	_, err = io.Copy(sum, file)
	return hex.EncodeToString(sum.Sum(nil)), errors.Join(err, file.Close())
}
