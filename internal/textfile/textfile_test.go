package textfile

import (
	"bytes"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// Whatever lies there: reading it ends at once, takes little memory, and says what it is.
func TestRead(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	require.NoError(t, os.WriteFile(at("fits"), bytes.Repeat([]byte("a"), 2048), 0o600))
	require.NoError(t, os.WriteFile(at("large"), bytes.Repeat([]byte("a"), 2049), 0o600))
	require.NoError(t, os.WriteFile(at("binary"), []byte{0, 1, 0xff}, 0o600))
	require.NoError(t, unix.Mkfifo(at("pipe"), 0o600))
	require.NoError(t, os.Symlink(at("fits"), at("link")))
	require.NoError(t, os.Symlink(at("pipe"), at("link-to-pipe")))
	require.NoError(t, os.Symlink(at("loop"), at("loop")))
	sparse, err := os.Create(at("sparse"))
	require.NoError(t, err)
	require.NoError(t, sparse.Truncate(1<<40))
	require.NoError(t, sparse.Close())
	socket, err := net.Listen("unix", at("socket"))
	require.NoError(t, err)
	defer socket.Close()

	for name, c := range map[string]struct {
		path string
		size int
		want string
	}{
		"a file":              {at("fits"), 2048, ""},
		"a link to a file":    {at("link"), 2048, ""},
		"a binary file":       {at("binary"), 3, ""},
		"no size of its own":  {"/proc/self/status", -1, ""},
		"too large":           {at("large"), 0, " is larger than 2 KiB"},
		"far too large":       {at("sparse"), 0, " is larger than 2 KiB"},
		"a named pipe":        {at("pipe"), 0, " is a named pipe, not a file"},
		"a link to a pipe":    {at("link-to-pipe"), 0, " is a named pipe, not a file"},
		"a device":            {"/dev/zero", 0, " is a device, not a file"},
		"a folder":            {dir, 0, " is a folder, not a file"},
		"a socket":            {at("socket"), 0, " is a socket, not a file"},
		"a link to itself":    {at("loop"), 0, "too many levels of symbolic links"},
		"nothing":             {at("none"), 0, "no such file"},
		"a file as a folder":  {at("fits/x"), 0, "not a directory"},
		"/proc that is large": {"/proc/self/maps", 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			begin := time.Now()
			text, err := Read(c.path, 2048)
			require.Less(t, time.Since(begin), 10*time.Second)
			if c.path == "/proc/self/maps" { // which has more than that, and says that it has nothing
				require.EqualError(t, err, c.path+" is larger than 2 KiB")
				return
			}
			if c.want == "" {
				require.NoError(t, err)
				require.NoError(t, Check(c.path, 2048))
				require.True(t, c.size < 0 && len(text) > 0 || len(text) == c.size)
				return
			}
			require.ErrorContains(t, err, c.path)
			require.ErrorContains(t, err, c.want)
			require.ErrorContains(t, Check(c.path, 2048), c.want)
		})
	}
	_, err = Read(at("none"), 1)
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.EqualError(t, Check(at("sparse"), 1<<20), at("sparse")+" is larger than 1 MiB")
}
