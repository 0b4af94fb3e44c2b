package backup

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Create writes a backup of the state directory dir to file, which must not exist and must lie
// outside of dir. evenkeel may go on running: databases are copied by SQLite in one read
// transaction each. The file appears whole or not at all, readable by its owner only. Errors are a
// *RefusedError, fs.ErrNotExist when there is no state, or that of the file system.
func Create(ctx context.Context, dir, file, host string, now time.Time) (Manifest, error) {
	dir, file, err := places(dir, file)
	if err != nil {
		return Manifest{}, err
	}
	// Everything is first copied beside the file: a size and a hash go ahead of the bytes in the
	// archive, and they must be those of the same instant.
	stage, err := os.MkdirTemp(filepath.Dir(file), "."+filepath.Base(file)+".*")
	if err != nil {
		return Manifest{}, fmt.Errorf("backup: %w", err)
	}
	defer func() { _ = os.RemoveAll(stage) }()
	manifest := Manifest{Format: Format, MadeAt: now.UTC().Truncate(time.Second), Host: host}
	copies := filepath.Join(stage, "copies")
	if manifest.Files, err = snapshot(ctx, dir, copies); err != nil {
		return Manifest{}, err
	}
	if len(manifest.Files) == 0 {
		return Manifest{}, fmt.Errorf("%s holds no state: %w", dir, fs.ErrNotExist)
	}
	archive := filepath.Join(stage, "archive")
	if err := pack(ctx, archive, manifest, copies); err != nil {
		return Manifest{}, fmt.Errorf("write the backup: %w", err)
	}
	return manifest, publish(archive, file)
}

func places(dir, file string) (string, string, error) {
	target, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return "", "", fmt.Errorf("state directory: %w", err)
	}
	if file, err = filepath.Abs(file); err != nil {
		return "", "", err
	}
	folder, err := filepath.EvalSymlinks(filepath.Dir(file))
	if err != nil {
		return "", "", fmt.Errorf("folder of the backup: %w", err)
	}
	file = filepath.Join(folder, filepath.Base(file))
	if rel, err := filepath.Rel(target, file); err == nil && filepath.IsLocal(rel) {
		return "", "", refused("write it somewhere else, best to another disk", "%s lies in the state directory itself", file)
	}
	if _, err := os.Lstat(file); err == nil {
		return "", "", exists(file)
	}
	return target, file, nil
}

func exists(file string) error {
	return refused("name a new file; a backup is never overwritten", "%s is there already", file)
}

// pack writes the archive and makes sure that it is on the disk.
func pack(ctx context.Context, archive string, m Manifest, copies string) (err error) {
	f, err := os.OpenFile(archive, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	zw := gzip.NewWriter(f)
	tw := tar.NewWriter(zw)
	head, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	entry := tar.Header{Typeflag: tar.TypeReg, Name: manifestName, Size: int64(len(head)), Mode: 0o600, ModTime: m.MadeAt}
	if err := tw.WriteHeader(&entry); err != nil {
		return err
	}
	if _, err := tw.Write(head); err != nil {
		return err
	}
	for _, file := range m.Files {
		entry.Name, entry.Size = statePrefix+file.Path, file.SizeBytes
		if err := tw.WriteHeader(&entry); err != nil {
			return err
		}
		if err := pour(ctx, tw, filepath.Join(copies, filepath.FromSlash(file.Path))); err != nil {
			return err
		}
	}
	return errors.Join(tw.Close(), zw.Close(), f.Sync())
}

func pour(ctx context.Context, w io.Writer, name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	_, err = io.Copy(w, stoppable{ctx, f})
	return err
}

// publish gives the archive its name. A link, unlike a rename, fails when somebody else has made a
// file of that name meanwhile; a file system without links gets the check a moment earlier.
func publish(archive, file string) error {
	err := os.Link(archive, file)
	if errors.Is(err, fs.ErrExist) {
		return exists(file)
	}
	if err != nil {
		if _, err := os.Lstat(file); err == nil {
			return exists(file)
		}
		err = os.Rename(archive, file)
	}
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	return syncPath(filepath.Dir(file))
}
