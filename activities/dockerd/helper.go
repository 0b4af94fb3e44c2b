package dockerd

import (
	"archive/tar"
	"bytes"
	"context"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/pkg/stdcopy"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/reach"
)

const (
	helperImage = "evenkeel-reach:local"
	// labelHelper marks what helps us; on the image its value says which program is in it.
	labelHelper = "dev.evenkeel.helper"
	// helperWithin bounds the making of the image and the run of the helper.
	helperWithin = time.Minute
)

// reachBeside lets this program open the connections in a container that joins the router's network.
func (e *Engine) reachBeside(ctx context.Context, router string, addresses []string) ([]reach.Failure, error) {
	bounded, cancel := context.WithTimeout(ctx, helperWithin)
	defer cancel()
	failures, err := e.help(bounded, router, addresses)
	if err == nil || ctx.Err() != nil {
		return failures, err
	}
	if activities.ClassOf(classed("", err)) == activities.Unavailable {
		return nil, err
	}
	return nil, fmt.Errorf("%w: a helper container does not work: %w", activities.ErrNoWayIn, err)
}

func (e *Engine) help(ctx context.Context, router string, addresses []string) ([]reach.Failure, error) {
	img, err := e.helperImage(ctx)
	if err != nil {
		return nil, err
	}
	c, err := e.api.ContainerInspect(ctx, router)
	if err != nil {
		return nil, err
	}
	mode := container.NetworkMode("container:" + c.ID)
	if own := c.HostConfig.NetworkMode; own.IsHost() || own.IsContainer() {
		mode = own
	}
	made, err := e.api.ContainerCreate(ctx,
		&container.Config{
			Image: img, Cmd: addresses, User: "65534:65534", AttachStdout: true, AttachStderr: true,
			Labels: map[string]string{labelHelper: reach.Command},
		},
		&container.HostConfig{
			NetworkMode: mode, AutoRemove: true, ReadonlyRootfs: true, CapDrop: []string{"ALL"},
			SecurityOpt: []string{"no-new-privileges"}, LogConfig: container.LogConfig{Type: "none"},
		}, nil, nil, "")
	if err != nil {
		return nil, err
	}
	defer func() {
		rest, cancel := context.WithTimeout(context.WithoutCancel(ctx), aloneWithin)
		defer cancel()
		_ = e.Remove(rest, made.ID) // the engine removes it itself once it has run
	}()
	stream, err := e.api.ContainerAttach(ctx, made.ID, container.AttachOptions{Stream: true, Stdout: true, Stderr: true})
	if err != nil {
		return nil, err
	}
	defer stream.Close()
	// Reading a hijacked connection does not heed the context.
	defer context.AfterFunc(ctx, stream.Close)()
	if err := e.api.ContainerStart(ctx, made.ID, container.StartOptions{}); err != nil {
		return nil, err
	}
	said := tail{size: maxLog}
	if _, err := stdcopy.StdCopy(&said, &said, stream.Reader); err != nil {
		return nil, errors.Join(ctx.Err(), err)
	}
	failures, err := reach.Read(addresses, said.String())
	if err != nil {
		return nil, fmt.Errorf("%w: %q", err, strings.Join(lastLines(said.String(), nil), "\n"))
	}
	return failures, nil
}

// helperImage returns the id of an image that holds nothing but this program, and makes it where it is
// not there or holds an older one.
func (e *Engine) helperImage(ctx context.Context) (string, error) {
	path, err := e.executable()
	if err != nil {
		return "", err
	}
	program, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer program.Close()
	info, err := program.Stat()
	if err != nil {
		return "", err
	}
	if err := static(program); err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	version := fmt.Sprintf("%s-%d-%d", reach.Command, info.Size(), info.ModTime().UnixNano())
	old, err := e.api.ImageInspect(ctx, helperImage)
	switch {
	case err != nil && !errdefs.IsNotFound(err):
		return "", err
	case err == nil && old.Config != nil && old.Config.Labels[labelHelper] == version:
		return old.ID, nil
	}
	if err := e.importProgram(ctx, program, info, version); err != nil {
		return "", err
	}
	if old.ID != "" {
		// It stays where a helper runs with it just now, and does no harm.
		_, _ = e.api.ImageRemove(ctx, old.ID, image.RemoveOptions{})
	}
	return e.ImageID(ctx, helperImage)
}

// importProgram makes the image of a program.
func (e *Engine) importProgram(ctx context.Context, program io.Reader, info os.FileInfo, version string) error {
	layer, into := io.Pipe()
	defer func() { _ = layer.Close() }() // it never fails
	go func() {
		w := tar.NewWriter(into)
		err := w.WriteHeader(&tar.Header{Name: "evenkeel", Mode: 0o555, Size: info.Size(), ModTime: info.ModTime()})
		if err == nil {
			_, err = io.CopyN(w, program, info.Size())
		}
		into.CloseWithError(errors.Join(err, w.Close()))
	}()
	answer, err := e.api.ImageImport(ctx, image.ImportSource{Source: layer, SourceName: "-"}, helperImage, image.ImportOptions{
		Changes: []string{fmt.Sprintf("ENTRYPOINT [\"/evenkeel\", %q]", reach.Command), fmt.Sprintf("LABEL %s=%q", labelHelper, version)},
	})
	if err != nil {
		return fmt.Errorf("import %s: %w", helperImage, err)
	}
	defer answer.Close()
	said, err := io.ReadAll(io.LimitReader(answer, maxLog))
	if err == nil && bytes.Contains(said, []byte(`"errorDetail"`)) {
		err = errors.New(string(said))
	}
	return err
}

// static says why a program does not run in an image of its own.
func static(program *os.File) error {
	binary, err := elf.NewFile(program)
	if err != nil {
		return err
	}
	for _, part := range binary.Progs {
		if part.Type == elf.PT_INTERP {
			return errors.New("it is linked to libraries that an image of its own does not have")
		}
	}
	return nil
}
