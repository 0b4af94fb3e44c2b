package cli

import (
	"archive/tar"
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/nginxconf"
)

// Files of a container come with the links to them, and each folder is asked for once.
func TestTree(t *testing.T) {
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	for _, h := range []tar.Header{
		{Name: "nginx/", Typeflag: tar.TypeDir},
		{Name: "nginx/a.conf", Typeflag: tar.TypeReg, Size: 1},
		{Name: "nginx/on/b.conf", Typeflag: tar.TypeSymlink, Linkname: "../off/b"},
		{Name: "nginx/off/b", Typeflag: tar.TypeSymlink, Linkname: "/etc/nginx/a.conf"},
		{Name: "nginx/on/c.conf", Typeflag: tar.TypeSymlink, Linkname: "c.conf"},
		{Name: "nginx/big.conf", Typeflag: tar.TypeReg, Size: fileLimit + 1},
	} {
		require.NoError(t, w.WriteHeader(&h))
		_, err := w.Write(make([]byte, h.Size))
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	fakeEngine(t, map[string]string{"/containers/id/archive": archive.String()})
	got, err := newEngine().tree(t.Context(), "id", "/etc/nginx")
	require.NoError(t, err)
	require.Equal(t, map[string]string{"/etc/nginx/a.conf": "\x00", "/etc/nginx/on/b.conf": "\x00", "/etc/nginx/off/b": "\x00"}, got)

	files := newEngine().files(t.Context(), "id")
	require.Equal(t, []nginxconf.File{{Path: "/etc/nginx/a.conf", Text: "\x00"}}, files("/etc/nginx/a.conf"))
	require.Equal(t, []nginxconf.File{{Path: "/etc/nginx/on/b.conf", Text: "\x00"}}, files("/etc/nginx/on/*.conf"))
	require.Empty(t, files("/*.conf"))
	_, err = newEngine().tree(t.Context(), "gone", "/etc/nginx")
	require.EqualError(t, err, "HTTP 404 Not Found")
}
