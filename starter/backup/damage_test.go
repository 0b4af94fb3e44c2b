package backup

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// refuses restores file over a state and makes sure that it fails and touches nothing.
func refuses(t *testing.T, file string) error {
	t.Helper()
	old := map[string]string{"x": "old", "deep/y": "more"}
	dir := stateDir(t, old)
	_, err := Restore(t.Context(), file, dir, true, noon)
	require.Error(t, err)
	require.Equal(t, old, contents(t, dir))
	require.Len(t, entries(t, filepath.Dir(dir)), 1, "nothing is left beside the state directory")
	return err
}

func write(t *testing.T, data []byte) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "b.tar.gz")
	require.NoError(t, os.WriteFile(file, data, 0o600))
	return file
}

func wholeBackup(t *testing.T) []byte {
	t.Helper()
	noise := make([]byte, 2000)
	random := rand.NewChaCha8([32]byte{1})
	_, err := random.Read(noise)
	require.NoError(t, err)
	data, err := os.ReadFile(backUp(t, stateDir(t, map[string]string{"x": string(noise), "y": "text"})))
	require.NoError(t, err)
	return data
}

func TestTruncated(t *testing.T) {
	whole := wholeBackup(t)
	for length := 0; length < len(whole); length += 1 + length/20 {
		err := refuses(t, write(t, whole[:length]))
		var damage *DamagedError
		require.ErrorAs(t, err, &damage, "%d of %d bytes", length, len(whole))
		require.ErrorContains(t, err, "it ends too early")
	}
	refuses(t, write(t, whole[:len(whole)-1]))
}

// A byte of the header that gzip itself ignores, such as its time, may change; every other may not.
func TestCorruptByte(t *testing.T) {
	whole := wholeBackup(t)
	for at := 0; at < len(whole); at += 1 + at/30 {
		if at >= 4 && at < 10 {
			continue
		}
		data := bytes.Clone(whole)
		data[at] ^= 0x10
		err := refuses(t, write(t, data))
		var damage *DamagedError
		require.ErrorAs(t, err, &damage, "byte %d", at)
	}
	refuses(t, write(t, append(bytes.Clone(whole), "more"...)))
}

// entry is one member of an archive that somebody else has made.
type entry struct {
	name string
	kind byte
	link string
	data string
}

func archive(t *testing.T, m any, members ...entry) string {
	t.Helper()
	var buffer bytes.Buffer
	zw := gzip.NewWriter(&buffer)
	tw := tar.NewWriter(zw)
	head, err := json.Marshal(m)
	require.NoError(t, err)
	for _, e := range append([]entry{{name: "manifest.json", data: string(head)}}, members...) {
		header := &tar.Header{Name: e.name, Typeflag: e.kind, Linkname: e.link, Size: int64(len(e.data)), Mode: 0o600}
		if e.kind == 0 {
			header.Typeflag = tar.TypeReg
		}
		require.NoError(t, tw.WriteHeader(header))
		_, err := tw.Write([]byte(e.data))
		require.NoError(t, err)
	}
	require.NoError(t, tw.Close())
	require.NoError(t, zw.Close())
	return write(t, buffer.Bytes())
}

const hashOfX = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881" // of "x"

func list1(path string, size int64) Manifest {
	return Manifest{Format: 1, MadeAt: noon, Host: "h", Files: []File{{Path: path, SizeBytes: size, SHA256: hashOfX}}}
}

func TestHostileArchives(t *testing.T) {
	good := entry{name: "state/x", data: "x"}
	newer := list1("x", 1)
	newer.Format = 2
	twice := list1("x", 1)
	twice.Files = append(twice.Files, twice.Files[0])
	beside := entry{name: "state/x", kind: tar.TypeSymlink, link: "/etc/passwd"}
	cases := map[string]struct{ file, want string }{
		"no files":         {archive(t, Manifest{Format: 1}), "lists no files"},
		"no manifest":      {archive(t, "text"), "manifest.json"},
		"newer format":     {archive(t, newer, good), "has format 2"},
		"listed twice":     {archive(t, twice, good, good), "twice"},
		"not listed":       {archive(t, list1("x", 1), good, entry{name: "state/z", data: "z"}), "holds more than"},
		"listed, not held": {archive(t, list1("x", 1)), "ends too early"},
		"another name":     {archive(t, list1("x", 1), entry{name: "../x", data: "x"}), "is not as manifest.json lists it"},
		"a link":           {archive(t, list1("x", 0), beside), "is not as manifest.json lists it"},
		"another size":     {archive(t, list1("x", 2), good), "is not as manifest.json lists it"},
		"another hash":     {archive(t, list1("x", 1), entry{name: "state/x", data: "y"}), "has changed"},
		"negative size":    {archive(t, list1("x", -1), good), "the size -1"},
		"huge size":        {archive(t, list1("x", 1<<45), good), "MB free; make room"},
		"endless size":     {archive(t, list1("x", 1<<62), good), "the size"},
		"too much padding": {write(t, padded(t)), "goes on after its end"},
	}
	for _, path := range []string{"../x", "/x", "a/../../x", "a//x", "./x", ".", "", "..", `a\x`, "a\x00", LockName, "t.db-wal"} {
		cases["path "+path] = struct{ file, want string }{
			archive(t, list1(path, 1), entry{name: "state/x", data: "x"}), "which is no file of a state directory",
		}
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) { require.ErrorContains(t, refuses(t, c.file), c.want) })
	}
	to := filepath.Join(t.TempDir(), "to")
	_, err := Restore(t.Context(), archive(t, list1("x", 1), good), to, false, noon)
	require.NoError(t, err, "the cases above must fail for their own reason only")
}

// padded is a whole backup with a long tail inside of the compression.
func padded(t *testing.T) []byte {
	t.Helper()
	file, err := os.Open(archive(t, list1("x", 1), entry{name: "state/x", data: "x"}))
	require.NoError(t, err)
	defer func() { _ = file.Close() }()
	zr, err := gzip.NewReader(file)
	require.NoError(t, err)
	var plain, packed bytes.Buffer
	_, err = plain.ReadFrom(zr)
	require.NoError(t, err)
	zw := gzip.NewWriter(&packed)
	_, err = zw.Write(append(plain.Bytes(), make([]byte, 1<<20)...))
	require.NoError(t, err)
	require.NoError(t, zw.Close())
	return packed.Bytes()
}

func TestRestoreOfNothing(t *testing.T) {
	require.ErrorIs(t, refuses(t, filepath.Join(t.TempDir(), "gone")), fs.ErrNotExist)
}
