package cli

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestChoose(t *testing.T) {
	empty, shop := t.TempDir(), t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(shop, "compose.yaml"), []byte("name: shop\nservices: {web: {image: web}}\n"), 0o600))
	one := func(name, dir, state, service string) container {
		return container{State: state, Labels: map[string]string{labelProject: name, labelDir: dir, labelService: service}}
	}
	blog, wiki := one("blog", "/srv/blog", "running", "web"), one("wiki", "/srv/wiki", "running", "db")
	other := one("other", shop, "exited", "web")
	again := one("blog-2", "/srv/blog", "exited", "web")
	for _, c := range []struct {
		name      string
		all       []container
		folder    string
		directory string
		projects  []string
		want      [][2]string
		fault     string
		code      int
	}{
		{name: "the folder's", all: []container{blog, wiki}, folder: shop, want: [][2]string{{"shop", shop}}},
		{name: "the folder's, as it was made", all: []container{blog, other}, folder: shop, want: [][2]string{{"other", shop}}},
		{name: "the only one", all: []container{blog, one("old", "/srv/old", "exited", "x")}, folder: empty, want: [][2]string{{"blog", "/srv/blog"}}},
		{name: "by folder", all: []container{blog}, folder: empty, directory: shop, want: [][2]string{{"shop", shop}}},
		{name: "by folder and name", all: []container{blog}, folder: empty, directory: shop, projects: []string{"mine"}, want: [][2]string{{"mine", shop}}},
		{name: "by name", all: []container{blog, wiki}, folder: shop, projects: []string{"wiki", "blog", "wiki"}, want: [][2]string{{"wiki", "/srv/wiki"}, {"blog", "/srv/blog"}}},
		{
			name: "several", all: []container{blog, wiki, again}, folder: empty, code: exitUsage,
			fault: "init: several Compose projects run here: blog in /srv/blog (web); wiki in /srv/wiki (db); name one, as in starter init --project blog, or several by --project for each",
		},
		{name: "none", folder: "/gone", code: exitUsage, fault: "init: there is no Compose file in /gone, and no Compose project runs here; name its folder with --directory"},
		{name: "unknown", all: []container{blog, wiki}, folder: empty, projects: []string{"shop"}, code: exitUsage, fault: "init: no container here belongs to a Compose project shop; there are blog, wiki; name its folder with --directory"},
		{
			name: "two in one folder", all: []container{blog, again}, folder: empty, projects: []string{"blog"}, code: exitNo,
			fault: "init: the containers of two Compose projects, blog and blog-2, say that they are from /srv/blog; look with docker compose ls -a which of them serves, remove the other one's containers, and try again",
		},
		{
			name: "two in the present folder", all: []container{other, one("shop", shop, "running", "web")}, folder: shop, code: exitNo,
			fault: "init: the containers of two Compose projects, other and shop, say that they are from " + shop + "; look with docker compose ls -a which of them serves, remove the other one's containers, and try again",
		},
		{name: "without a folder", all: []container{one("odd", "", "running", "x")}, folder: empty, projects: []string{"odd"}, code: exitUsage, fault: "init: the containers of odd do not say where its files are; name their folder with --directory"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := choose(t.Context(), grouped(c.all), c.folder, c.directory, c.projects)
			if c.fault != "" {
				var f *failure
				require.ErrorAs(t, err, &f)
				require.Equal(t, c.fault, f.Error())
				require.Equal(t, c.code, f.code)
				return
			}
			require.NoError(t, err)
			var names [][2]string
			for _, p := range got {
				require.Equal(t, len(c.want) > 1, p.several)
				names = append(names, [2]string{p.name, p.directory})
			}
			require.Equal(t, c.want, names)
		})
	}
}
