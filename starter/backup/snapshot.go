package backup

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	_ "modernc.org/sqlite" // the driver "sqlite", in the version that the Temporal server writes with
)

// snapshot copies the files of dir to the new directory copies and describes the copies.
func snapshot(ctx context.Context, dir, copies string) ([]File, error) {
	names, err := list(dir)
	if err != nil {
		return nil, err
	}
	// Databases come last. What lies beside one, such as the head of a chain of rows in it, may then
	// be older than the database and never newer: newer would look like rows that were removed.
	slices.SortStableFunc(names, func(a, b string) int {
		switch {
		case isDatabase(a) == isDatabase(b):
			return 0
		case isDatabase(a):
			return 1
		default:
			return -1
		}
	})
	var files []File
	for _, name := range names {
		from, to := filepath.Join(dir, name), filepath.Join(copies, name)
		if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
			return nil, fmt.Errorf("backup: %w", err)
		}
		copyTo := copyFile
		if isDatabase(name) {
			copyTo = copyDatabase
		}
		err := copyTo(ctx, from, to)
		if errors.Is(err, fs.ErrNotExist) && gone(from) {
			continue // evenkeel runs, and this was one of its short-lived files
		}
		if err != nil {
			return nil, fmt.Errorf("copy %s: %w", from, err)
		}
		file, err := describe(ctx, to)
		if err != nil {
			return nil, fmt.Errorf("read the copy of %s: %w", from, err)
		}
		file.Path = filepath.ToSlash(name)
		files = append(files, file)
	}
	return files, nil
}

// list names the files of the state. A link is refused rather than left out: a database that was
// moved to another disk would be missing from the backup without a word.
func list(dir string) ([]string, error) {
	var names []string
	err := filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && name != dir {
			return nil
		}
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, name)
		if err != nil {
			return err
		}
		switch {
		case entry.Type()&fs.ModeSymlink != 0:
			return refused("put the file itself there", "%s is a link, and a backup holds files", name)
		case entry.Type().IsRegular() && !leftOut(filepath.ToSlash(rel)):
			names = append(names, rel)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("state directory: %w", err)
	}
	return names, nil
}

func isDatabase(name string) bool { return strings.HasSuffix(name, ".db") }

func gone(name string) bool {
	_, err := os.Lstat(name)
	return errors.Is(err, fs.ErrNotExist)
}

// copyDatabase lets SQLite write what one read transaction sees, and looks for damage in the copy: a
// broken database must not become the only backup.
func copyDatabase(ctx context.Context, from, to string) error {
	// Read-only, so that nothing in the state directory is changed, not even by recovery.
	if err := query(ctx, from, "mode=ro", func(db *sql.DB) error {
		_, err := db.ExecContext(ctx, "VACUUM INTO ?", to)
		return err
	}); err != nil {
		return err
	}
	return query(ctx, to, "mode=ro", func(db *sql.DB) error {
		var verdict string
		if err := db.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&verdict); err != nil {
			return err
		}
		if verdict != "ok" {
			return fmt.Errorf("the database is damaged: %s", verdict)
		}
		return nil
	})
}

func query(ctx context.Context, file, options string, do func(*sql.DB) error) error {
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: file}).EscapedPath()+"?_pragma=busy_timeout=10000&"+options)
	if err != nil {
		return err
	}
	err = errors.Join(do(db), db.Close())
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

func copyFile(ctx context.Context, from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, stoppable{ctx, in})
	return errors.Join(err, out.Close())
}

func describe(ctx context.Context, name string) (File, error) {
	f, err := os.Open(name)
	if err != nil {
		return File{}, err
	}
	defer func() { _ = f.Close() }()
	hash := sha256.New()
	n, err := io.Copy(hash, stoppable{ctx, f})
	return File{SizeBytes: n, SHA256: hex.EncodeToString(hash.Sum(nil))}, err
}
