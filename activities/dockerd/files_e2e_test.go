//go:build e2e

package dockerd

import (
	"archive/tar"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"path"
	"testing"

	"github.com/docker/docker/api/types/container"
	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/activities/dockerd/dockertest"
)

// Everything that Compose writes by itself: content and environment, with and without owner and mode,
// at a path of its own and below folders that the image does not have.
const writtenFiles = `
services:
  web:
    image: IMAGE
    command: [serve]
    configs:
      - c
      - {source: c, target: /etc/deep/down/c.conf, mode: 0640, uid: "1000", gid: "1001"}
      - {source: e, target: /etc/e}
    secrets:
      - tok
      - {source: tok, target: other, mode: 0400}
      - {source: tok, target: sealed, mode: 0}
configs:
  c: {content: "port=1"}
  e: {environment: EVENKEEL_TEST_E}
secrets:
  tok: {environment: EVENKEEL_TEST_TOKEN}
`

// theFiles are those of writtenFiles as activities/compose reports them.
func theFiles(c, e, token string) []activities.ContainerFile {
	return []activities.ContainerFile{
		{What: "config c", Target: "/c", Mode: 0o444, Known: true, Bytes: []byte(c)},
		{What: "config c", Target: "/etc/deep/down/c.conf", Mode: 0o640, UID: "1000", GID: "1001", Known: true, Bytes: []byte(c)},
		{What: "config e", Target: "/etc/e", Mode: 0o444, Known: true, Bytes: []byte(e)},
		{What: "secret tok", Target: "/run/secrets/tok", Mode: 0o444, Known: true, Bytes: []byte(token)},
		{What: "secret tok", Target: "/run/secrets/other", Mode: 0o400, Known: true, Bytes: []byte(token)},
		{What: "secret tok", Target: "/run/secrets/sealed", Known: true, Bytes: []byte(token)},
	}
}

// entry is what one file of a container is, its time left out.
type entry struct {
	kind     byte
	mode     int64
	uid, gid int
	size     int64
	link     string
	sum      string
}

// contents returns the file system of a container without mount points, which the engine makes.
func (s site) contents(id string) map[string]entry {
	stream, err := dockertest.Client(s.t).ContainerExport(s.t.Context(), id)
	require.NoError(s.t, err)
	defer stream.Close()
	mounted := map[string]bool{}
	for _, m := range s.inspect(id).Mounts {
		mounted[m.Destination] = true
	}
	out := map[string]entry{}
	for archive := tar.NewReader(stream); ; {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return out
		}
		require.NoError(s.t, err)
		sum := sha256.New()
		_, err = io.Copy(sum, archive)
		require.NoError(s.t, err)
		name := path.Join("/", h.Name)
		if !mounted[name] {
			out[name] = entry{h.Typeflag, h.Mode, h.Uid, h.Gid, h.Size, h.Linkname, hex.EncodeToString(sum.Sum(nil))}
		}
	}
}

func TestCloneFiles(t *testing.T) {
	const token, edited = "hunter2hunter2", "edited-since"
	t.Setenv("EVENKEEL_TEST_E", "from the environment")
	t.Setenv("EVENKEEL_TEST_TOKEN", token)
	s := newSite(t, dockertest.App(t), writtenFiles)
	ctx := t.Context()
	sibling := s.inspect(s.Name + "-web-1")
	known := theFiles("port=1", "from the environment", token)
	clone := func(number int, from string, files []activities.ContainerFile) (container.InspectResponse, error) {
		spec := s.spec(number)
		spec.Sibling, spec.Files = from, files
		made, err := s.engine.Clone(ctx, spec)
		if err != nil {
			require.NotContains(t, s.numbers(), number, "nothing stays")
			return container.InspectResponse{}, err
		}
		return s.inspect(made.ID), nil
	}
	read := func(id, target string) string {
		f, _, err := s.engine.readFile(ctx, id, target)
		require.NoError(t, err)
		require.NotNil(t, f, target)
		return string(f.bytes)
	}

	t.Run("a copy is what Compose's own next one is", func(t *testing.T) {
		warnings, err := s.engine.CheckFiles(ctx, sibling.ID, known)
		require.NoError(t, err)
		require.Empty(t, warnings)
		two, err := clone(2, sibling.ID, known)
		require.NoError(t, err)
		// The variables need not be set where evenkeel runs, and a copy can be copied.
		unknown := theFiles("", "", "")
		for i := range unknown {
			unknown[i].Known, unknown[i].Bytes = false, nil
		}
		three, err := clone(3, two.ID, unknown)
		require.NoError(t, err)
		s.Run("up", "-d", "--no-recreate", "--scale", "web=4")
		want := s.contents(sibling.ID)
		require.Contains(t, want, "/etc/deep/down/c.conf")
		for _, id := range []string{two.ID, three.ID, s.inspect(s.Name + "-web-4").ID} {
			require.Equal(t, want, s.contents(id))
		}
	})

	t.Run("edited since", func(t *testing.T) {
		files := theFiles(edited, "from the environment", edited)
		warnings, err := s.engine.CheckFiles(ctx, sibling.ID, files)
		require.NoError(t, err)
		require.Equal(t, []string{
			"config c was edited; the new replica gets what its siblings have",
			"secret tok was edited; the new replica gets what its siblings have",
		}, warnings)
		five, err := clone(5, sibling.ID, files)
		require.NoError(t, err)
		require.Equal(t, "port=1", read(five.ID, "/c"))
		require.Equal(t, s.contents(sibling.ID), s.contents(five.ID))
	})

	t.Run("changed by the program", func(t *testing.T) {
		want := s.contents(sibling.ID)
		four := s.inspect(s.Name + "-web-4")
		for _, target := range []string{"/etc/deep/down/c.conf", "/run/secrets/tok"} {
			done, err := s.engine.exec(ctx, four.ID, container.ExecOptions{Cmd: []string{"/app", "spoil", target}})
			require.NoError(t, err)
			require.Zero(t, done.code, done.stderr.String())
		}
		warnings, err := s.engine.CheckFiles(ctx, four.ID, known)
		require.NoError(t, err)
		require.Empty(t, warnings, "what the program did is not what the copy gets")
		six, err := clone(6, four.ID, known)
		require.NoError(t, err)
		require.Equal(t, want, s.contents(six.ID))

		unknown := theFiles("port=1", "from the environment", "")
		unknown[3].Known, unknown[3].Bytes = false, nil
		_, checked := s.engine.CheckFiles(ctx, four.ID, unknown)
		_, cloned := clone(7, four.ID, unknown)
		for _, err := range []error{checked, cloned} {
			requireClass(t, activities.PreconditionFailed, err)
			require.ErrorContains(t, err, "secret tok: its bytes are known from nowhere")
			require.NotContains(t, err.Error(), "spoilt")
			require.NotContains(t, err.Error(), token)
		}
	})

	t.Run("a copy that is not like its sibling", func(t *testing.T) {
		spec := s.spec(8)
		plan := copyOf(sibling, spec)
		plan.config.Env = append(plan.config.Env, "MORE="+token)
		plan.host.Memory = 64 << 20
		_, err := s.engine.create(ctx, spec, plan, sibling.Image)
		require.NoError(t, err)
		_, err = s.engine.Clone(ctx, spec)
		requireClass(t, activities.PreconditionFailed, err)
		require.ErrorContains(t, err, "Config.Env MORE, HostConfig.Memory")
		require.NotContains(t, err.Error(), token)
		require.NotContains(t, s.numbers(), 8)
	})

	t.Run("a file that came out different", func(t *testing.T) {
		files := []placed{{file: file{mode: 0o444, bytes: []byte("port=1")}, what: "config c", target: "/c"}}
		require.NoError(t, s.engine.verifyFiles(ctx, sibling.ID, files))
		for field, edit := range map[string]func(*placed){
			"type": func(p *placed) { p.target = "/nowhere" }, "mode": func(p *placed) { p.mode = 0o400 },
			"owner": func(p *placed) { p.gid = 1 }, "size": func(p *placed) { p.bytes = []byte("p") },
			"content": func(p *placed) { p.bytes = []byte("port=2") },
		} {
			other := files[0]
			edit(&other)
			err := s.engine.verifyFiles(ctx, sibling.ID, []placed{other})
			requireClass(t, activities.PreconditionFailed, err)
			require.ErrorContains(t, err, "the "+field+" of config c ("+other.target+")")
		}
	})
}
