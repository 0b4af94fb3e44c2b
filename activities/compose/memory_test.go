package compose

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// A project is read once for as long as its files and variables read the same, unless a file draws in others.
func TestModelIsRemembered(t *testing.T) {
	file := filepath.Join(t.TempDir(), "compose.yaml")
	write := func(text string) { require.NoError(t, os.WriteFile(file, []byte(text), 0o600)) }
	p := New(Options{Name: "shop", Directory: filepath.Dir(file)})
	load := func() *model {
		t.Helper()
		m, err := p.load(t.Context())
		require.NoError(t, err)
		return m
	}
	write("services: {web: {image: 'a:${TAG:-1}'}} # included: nothing\n")
	first := load()
	require.Same(t, first, load())
	t.Setenv("TAG", "2")
	second := load()
	require.NotSame(t, first, second)
	require.Equal(t, "a:2", second.services["web"].Image)
	write("services: {web: {image: 'b:${TAG:-1}'}}\n")
	require.Equal(t, "b:2", load().services["web"].Image)
	for _, text := range []string{
		"services: {web: {extends: {service: base}}, base: {image: b}}\n",
		"services:\n  web:\n    extends:\n      service: base\n  base: {image: b}\n",
		"include: []\nservices: {web: {image: b}}\n",
		"\"include\" : []\nservices: {web: {image: b}}\n",
	} {
		write(text)
		before, after := load(), load()
		require.NotSame(t, before, after, text)
	}
}
