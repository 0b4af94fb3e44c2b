package backup

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/evenkeel/evenkeel/internal/textfile"
)

const (
	// manifestLimit bounds what is read into memory, about 20,000 files.
	manifestLimit = 4 << 20
	// tailLimit bounds the padding after the last file; tar writes 10 KiB at most.
	tailLimit = 64 << 10
)

// extract unpacks a backup into the empty directory dir and checks every byte on the way. When it
// fails, dir holds rubbish.
func extract(ctx context.Context, file, dir string) (Manifest, error) {
	f, err := textfile.Open(file)
	if err != nil {
		return Manifest{}, fmt.Errorf("backup: %w", err)
	}
	defer func() { _ = f.Close() }()
	zr, err := gzip.NewReader(stoppable{ctx, f})
	if err != nil {
		return Manifest{}, unreadable(ctx, file, err)
	}
	tr := tar.NewReader(zr)
	manifest, err := readManifest(tr)
	if err == nil {
		err = fits(manifest, dir)
	}
	if err == nil {
		err = unpack(tr, manifest, dir)
	}
	if err == nil {
		err = end(tr, zr)
	}
	if err != nil {
		return Manifest{}, unreadable(ctx, file, err)
	}
	return manifest, nil
}

// unreadable names the file, and takes what reading it met for damage: only a refusal and trouble
// with the directory that is written are something else.
func unreadable(ctx context.Context, file string, err error) error {
	var refused *RefusedError
	var disk *fs.PathError
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &refused):
		return err
	case errors.As(err, &disk) && disk.Op != "read":
		return fmt.Errorf("restore: %w", err)
	case errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF):
		err = errors.New("it ends too early")
	}
	return damaged("%s is no whole backup: %w", file, err)
}

func readManifest(tr *tar.Reader) (Manifest, error) {
	var m Manifest
	entry, err := tr.Next()
	if err != nil {
		return m, err
	}
	if entry.Name != manifestName || entry.Typeflag != tar.TypeReg || entry.Size > manifestLimit {
		return m, fmt.Errorf("it does not begin with %s", manifestName)
	}
	if err := json.NewDecoder(tr).Decode(&m); err != nil {
		return m, fmt.Errorf("%s: %w", manifestName, err)
	}
	return m, m.check()
}

// fits refuses what the disk cannot hold before it is full.
func fits(m Manifest, dir string) error {
	var disk syscall.Statfs_t
	if err := syscall.Statfs(dir, &disk); err != nil {
		return &fs.PathError{Op: "statfs", Path: dir, Err: err}
	}
	free := int64(disk.Bavail) * int64(disk.Bsize)
	if need := m.Bytes(); need > free {
		return refused("make room", "the backup unpacks to %d MB and %s has %d MB free", need>>20, filepath.Dir(dir), free>>20)
	}
	return nil
}

func unpack(tr *tar.Reader, m Manifest, dir string) error {
	// Below a root no path can lead out of it, whatever the check of the manifest missed.
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	for _, file := range m.Files {
		entry, err := tr.Next()
		if err != nil {
			return err
		}
		if entry.Name != statePrefix+file.Path || entry.Typeflag != tar.TypeReg || entry.Size != file.SizeBytes {
			return fmt.Errorf("%s is not as %s lists it", entry.Name, manifestName)
		}
		if err := unpackFile(root, tr, file); err != nil {
			return err
		}
	}
	return nil
}

func unpackFile(root *os.Root, tr io.Reader, file File) error {
	name := filepath.FromSlash(file.Path)
	if err := root.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	hash := sha256.New()
	_, err = io.Copy(io.MultiWriter(f, hash), tr)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if hex.EncodeToString(hash.Sum(nil)) != file.SHA256 {
		return fmt.Errorf("%s has changed since the backup was made", file.Path)
	}
	return nil
}

// end makes sure that nothing follows the last file, and reads on to the checksum of the archive.
func end(tr *tar.Reader, zr io.Reader) error {
	if _, err := tr.Next(); !errors.Is(err, io.EOF) {
		return errors.Join(fmt.Errorf("it holds more than %s lists", manifestName), err)
	}
	n, err := io.Copy(io.Discard, io.LimitReader(zr, tailLimit))
	if err == nil && n == tailLimit {
		err = errors.New("it goes on after its end")
	}
	return err
}
