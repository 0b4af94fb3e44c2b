package dockerd

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
)

// maxFile bounds a file that is copied through this process, in bytes.
const maxFile = 16 << 20

// file is one file of a container. Its bytes may be a secret: they stay within one call.
type file struct {
	mode     int64
	uid, gid int
	bytes    []byte
}

var errTooLarge = fmt.Errorf("it is larger than %d MB", maxFile/mb)

// readFile takes one file out of a container and says when it was changed; nil when there is none, or
// something that is no regular file.
func (e *Engine) readFile(ctx context.Context, id, path string) (*file, time.Time, error) {
	stream, stat, err := e.api.CopyFromContainer(ctx, id, path)
	if errdefs.IsNotFound(err) {
		return nil, time.Time{}, nil
	}
	if err != nil {
		return nil, time.Time{}, err
	}
	defer stream.Close()
	if !stat.Mode.IsRegular() {
		return nil, time.Time{}, nil
	}
	archive := tar.NewReader(stream)
	header, err := archive.Next()
	switch {
	case err != nil:
		return nil, time.Time{}, fmt.Errorf("read the engine's archive: %w", err)
	case header.Size > maxFile:
		return nil, time.Time{}, errTooLarge
	}
	content, err := io.ReadAll(archive)
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("read the engine's archive: %w", err)
	}
	return &file{mode: header.Mode, uid: header.Uid, gid: header.Gid, bytes: content}, stat.Mtime, nil
}

// placed is a file with what people call it and its path.
type placed struct {
	file
	what, target string
}

// writeFiles puts files into a container that does not run, all in one call. The owners are those of
// the files, not the container's user.
func (e *Engine) writeFiles(ctx context.Context, id string, files []placed) error {
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	var err error
	for _, f := range files {
		err = errors.Join(err, w.WriteHeader(&tar.Header{
			Typeflag: tar.TypeReg, Name: f.target, Mode: f.mode, Uid: f.uid, Gid: f.gid, Size: int64(len(f.bytes)),
			// Whole seconds are how a file that Compose wrote is told from one that a program changed.
			ModTime: time.Now().Truncate(time.Second),
		}))
		_, writeErr := w.Write(f.bytes)
		err = errors.Join(err, writeErr)
	}
	if err = errors.Join(err, w.Close()); err != nil {
		return err
	}
	return e.api.CopyToContainer(ctx, id, "/", &archive, container.CopyToContainerOptions{})
}
