package compose

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities"
)

func TestRemoteFilesAreNotFetched(t *testing.T) {
	const why = " is not on this machine, and evenkeel fetches no files; keep a copy beside the Compose file and name that instead"
	for text, shown := range map[string]string{
		"include: ['oci://docker.io/shop/base:1']":                                    "oci://docker.io/shop/base:1",
		"include: ['https://anna:s3cret-word@shop.example/base.yaml?sig=s3cret']":     "https://shop.example/base.yaml",
		"include: [{path: ['git@github.com:shop/base.git'], env_file: 'e.env'}]":      "git@github.com:shop/base.git",
		"include: ['ssh://git@shop.example/base.git#main:sub']":                       "ssh://shop.example/base.git#main:sub",
		"include: ['github.com/shop/base.git']":                                       "github.com/shop/base.git",
		"include: ['${BASE}']":                                                        "${BASE}",
		"services: {a: {extends: {file: 'https://shop.example/a.yaml', service: a}}}": "https://shop.example/a.yaml",
	} {
		p := project(t, map[string]string{"compose.yaml": text + "\n", ".env": "BASE=https://shop.example/base.git\n"})
		_, err := p.Services(t.Context())
		requireClass(t, activities.InvalidInput, err)
		require.ErrorContains(t, err, p.options.Directory+"/compose.yaml: ")
		require.ErrorContains(t, err, shown+why)
		require.NotContains(t, err.Error(), "s3cret")
	}
}

func TestRemoteFilesOfAProjectAreNotFetched(t *testing.T) {
	dir := t.TempDir()
	p := New(Options{Directory: dir, Files: []string{"oci://docker.io/shop/base:1"}})
	_, err := p.Services(t.Context())
	requireClass(t, activities.InvalidInput, err)
	require.ErrorContains(t, err, dir+": oci://docker.io/shop/base:1 is not on this machine")

	t.Setenv("COMPOSE_PATH_SEPARATOR", ",")
	t.Setenv("COMPOSE_FILE", "oci://docker.io/shop/base:1")
	_, err = New(Options{Directory: dir}).Services(t.Context())
	requireClass(t, activities.InvalidInput, err)
	require.ErrorContains(t, err, "COMPOSE_FILE: oci://docker.io/shop/base:1 is not on this machine")
}

func TestRemote(t *testing.T) {
	for _, path := range []string{"base.yaml", "./base.yaml", "../a@b/base.yaml", "/srv/a:b/base.yaml", "a@b/c.yaml", "sub/github.com/x.yaml", "-"} {
		require.False(t, remote(path), path)
	}
	require.Equal(t, "https://…", unsigned("https://anna:s3cret@%zz/"))
}
