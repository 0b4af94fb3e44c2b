package config

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// switchedOn removes the # before every key that is switched off.
func switchedOn(text []byte) []byte {
	return regexp.MustCompile(`(?m)^( *)#([a-zA-Z_"])`).ReplaceAll(text, []byte("$1$2"))
}

// One whole file as it is written, so that a change of its words is seen.
func TestWrite(t *testing.T) {
	found := Found{TimeZone: "Europe/Vienna", Host: "gpu-1", Person: "anna", Projects: []FoundProject{
		{
			Name: "shop", Directory: "/srv/shop", DirectoryFrom: "compose.yaml, compose.override.yaml",
			Nginx: &FoundNginx{
				Service: "nginx", ServiceFrom: "its image", Upstreams: "/srv/shop/upstreams",
				UpstreamsFrom: "mounted at /etc/nginx/evenkeel, which nginx.conf includes",
			},
			Services: []FoundService{
				{Name: "_worker", Remarks: []string{"no limits"}},
				{Name: "db", CannotScale: "container_name db", Service: Service{Port: 5432}, From: map[string]string{"port": "the image"}},
				{
					Name: "openWebUI", Service: Service{Port: 8080, Ready: "/ready", Upstream: "openWebUI"},
					From: map[string]string{"port": "expose", "ready": "the health check"},
				},
			},
		},
		{
			Name: "blog", Remarks: []string{"Its containers were made with several files."}, Directory: "/srv/$blog", DirectoryFrom: "its labels",
			Files: []string{"a.yaml", "/etc/b$.yaml"}, FilesFrom: "its newest container", EnvFiles: []string{"prod.env"}, Profiles: []string{"x y"},
		},
	}}
	text := Write(found)
	want, err := os.ReadFile("testdata/written.yaml")
	require.NoError(t, err)
	require.Equal(t, string(want), string(text))

	got, err := parse("f", "/etc/evenkeel/f", text)
	require.NoError(t, err)
	require.Equal(t, map[string]Project{
		"shop": {
			Directory: "/srv/shop",
			Nginx:     &Nginx{Service: "nginx", Upstreams: "/srv/shop/upstreams"},
			Services:  map[string]Service{"_worker": {}, "openWebUI": {Port: 8080, Ready: "/ready", Upstream: "openWebUI"}},
			// Why it is off is known to whoever is asked to scale it.
			SwitchedOff: map[string]string{"db": "container_name db"},
		},
		"blog": {
			Directory: "/srv/$blog", Files: []string{"a.yaml", "/etc/b$.yaml"}, EnvFiles: []string{"prod.env"}, Profiles: []string{"x y"},
			Services: map[string]Service{},
		},
	}, got.Hosts["gpu-1"].Projects)
}

// Every key that is switched off is right, too.
func TestWriteSwitchedOn(t *testing.T) {
	full, err := parse("f", "/etc/evenkeel/f", switchedOn(Write(Found{TimeZone: "UTC", Host: "no", Projects: []FoundProject{{
		Name: "123", Directory: "/srv", Services: []FoundService{{Name: "true", CannotScale: "x"}, {Name: "7", CannotScale: "x", Service: Service{Port: 1}}},
	}}})))
	require.NoError(t, err)
	p := full.Hosts["no"].Projects["123"]
	require.Equal(t, map[string]Service{"true": {}, "7": {Port: 1}}, p.Services)
	require.Equal(t, &Nginx{Service: "nginx", Upstreams: "/etc/evenkeel/nginx/upstreams"}, p.Nginx)
	require.Equal(t, "app", p.Admin.Service)
	require.Equal(t, Default().Models, full.Models, "the file shows what holds without it")
	require.Equal(t, Default().GPU, full.GPU)
	require.NotEmpty(t, full.TemplatesDir)
}

// Whatever a folder is called and whatever stands in a Compose file, the file says the same and nothing else.
func FuzzWrite(f *testing.F) {
	for _, text := range []string{
		"a", "/srv/a: b #c/$HOME/\"x\".yml", "no", "1e5", "0x1f", "~", "- x", "a\nb: c", "\t", "é日本\u2028\u0085\ufeff", "${X}", "'", "{a}", "a\\x", "\x00\x1b", "🙂", "_", ".", "...", "---",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if text == "" || !utf8.ValidString(text) {
			return // YAML holds Unicode only, and an empty file name is none
		}
		found := Found{TimeZone: "UTC", Host: "h", Projects: []FoundProject{{
			Name: "p", Remarks: []string{text}, Directory: "/" + text, DirectoryFrom: text,
			Files: []string{text}, FilesFrom: text, EnvFiles: []string{text}, Profiles: []string{text, "x"},
			Nginx:    &FoundNginx{Service: "nginx", ServiceFrom: text, Upstreams: "/" + text, Remarks: []string{text}},
			Services: []FoundService{{Name: "a", Remarks: []string{text}}, {Name: "b", CannotScale: text}},
		}}}
		got, err := parse("f", "/f", Write(found))
		require.NoError(t, err)
		off := got.Hosts["h"].Projects["p"].SwitchedOff
		require.Equal(t, remark(text), strings.TrimSpace(off["b"]))
		require.Equal(t, Project{
			SwitchedOff: off,
			Directory:   "/" + text, Files: []string{text}, EnvFiles: []string{text}, Profiles: []string{text, "x"},
			Nginx: &Nginx{Service: "nginx", Upstreams: "/" + text}, Services: map[string]Service{"a": {}},
		}, got.Hosts["h"].Projects["p"])
		_, err = parse("f", "/f", switchedOn(Write(found)))
		require.NotContains(t, errorText(err), "not YAML")
	})
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// The whole file that the documentation shows is one that Load accepts, and so is its rota.
func TestDocumentedFile(t *testing.T) {
	page, err := os.ReadFile("../../docs/configuration.md")
	require.NoError(t, err)
	_, text, found := strings.Cut(string(page), "A whole file:\n\n```yaml\n")
	require.True(t, found)
	text, _, _ = strings.Cut(text, "```")
	got, err := parse("configuration.md", "/f", []byte(text))
	require.NoError(t, err)
	require.Equal(t, []string{"shop", "wiki"}, got.Hosts["gpu-1"].Names())

	_, text, found = strings.Cut(string(page), "### On call\n")
	require.True(t, found)
	_, text, _ = strings.Cut(text, "```yaml\n")
	text, _, _ = strings.Cut(text, "```")
	got, err = parse("configuration.md", "/f", []byte("apiVersion: evenkeel/v1\nhosts: {gpu1: {projects: {shop: {directory: .}}}}\n"+text))
	require.NoError(t, err)
	require.Len(t, got.OncallRota().Overrides, 1)
}
