package nginx

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// First writes the file of an upstream into dir where there is none, so that an nginx whose
// configuration names the upstream can start before evenkeel has changed any replica. It says whether
// it wrote one; a file that is there is left alone, whoever wrote it. A folder that is not there is
// NotFound, and one that this user may not write to PermissionDenied.
func First(ctx context.Context, dir, upstream string, servers []string) (wrote bool, err error) {
	text, err := render(upstream, servers)
	if err != nil {
		return false, err
	}
	unlock, err := lock(ctx, dir)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	path := filepath.Join(dir, upstream+".conf")
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	if err := replace(path, text); err != nil {
		return false, failed("write "+path, err)
	}
	return true, nil
}

// Managed says whether a file of an upstream is evenkeel's own, by its text.
func Managed(text string) bool { return managed([]byte(text)) }
