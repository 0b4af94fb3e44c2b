package strictyaml_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/strictyaml"
)

// sample has a field of every kind that a file of evenkeel may hold.
type sample struct {
	header   `yaml:",inline"`
	Replicas struct {
		Min int `yaml:"min"`
		Max int `yaml:"max"`
	} `yaml:"replicas"`
	Stop   strictyaml.Duration `yaml:"stop"`
	Exact  bool                `yaml:"exact"`
	Tags   []string            `yaml:"tags"`
	Limits map[string]float64  `yaml:"limits"`
	First  *extra              `yaml:"first"`
	Extra  *extra              `yaml:"extra"`
	Note   string              // no tag, no key
}

type header struct {
	Name string `yaml:"name"`
}

type extra struct {
	Weight float64 `yaml:"weight"`
	Port   int     `yaml:"port"`
}

// load is what an owner of a format does.
func load(file string, data []byte) (sample, error) {
	var s sample
	doc, err := strictyaml.Parse(file, data)
	if err != nil {
		return s, err
	}
	doc.Decode(&s)
	doc.Require("name", "replicas", "replicas.min", "replicas.max")
	if doc.Sound("replicas") && s.Replicas.Min > s.Replicas.Max {
		doc.Fault("replicas.min", "%d is more than max %d", s.Replicas.Min, s.Replicas.Max)
	}
	if s.Extra != nil && s.Extra.Weight <= 0 {
		doc.Fault("extra.weight", "must be more than 0")
	}
	return s, doc.Err()
}

// Every bad file has its whole error text beside it.
func TestFaults(t *testing.T) {
	files, err := filepath.Glob("testdata/bad/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			data, err := os.ReadFile(file)
			require.NoError(t, err)
			want, err := os.ReadFile(strings.TrimSuffix(file, ".yaml") + ".want")
			require.NoError(t, err)
			_, got := load(filepath.Base(file), data)
			require.Error(t, got)
			require.Equal(t, string(want), got.Error()+"\n")
		})
	}
}

func TestDecode(t *testing.T) {
	got, err := load("good.yaml", []byte(`
name: "123"
replicas: {min: 0, max: 010}
stop: 1h30m
exact: true
tags: [a, "2"]
limits: {a.b: 1, c: 0.5}
first: &x {weight: 2.5, port: 65535}
extra: *x
`))
	require.NoError(t, err)
	want := sample{
		header: header{Name: "123"}, Stop: strictyaml.Duration(90 * time.Minute), Exact: true,
		Tags: []string{"a", "2"}, Limits: map[string]float64{"a.b": 1, "c": 0.5},
		First: &extra{Weight: 2.5, Port: 65535}, Extra: &extra{Weight: 2.5, Port: 65535},
	}
	want.Replicas.Max = 10
	require.Equal(t, want, got)
}

func TestKeysWithoutEntriesAreEmpty(t *testing.T) {
	got, err := load("f", []byte("name: a\nreplicas: {min: 1, max: 1}\ntags:\nlimits:\n"))
	require.NoError(t, err)
	require.Empty(t, got.Tags)
	require.Empty(t, got.Limits)
}

func TestBounds(t *testing.T) {
	bomb := "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
	for i := 1; i < 9; i++ {
		bomb += fmt.Sprintf("a%d: &a%d [%s]\n", i, i, strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 10))
	}
	for name, c := range map[string]struct{ data, want string }{
		"size":    {"name: " + strings.Repeat("x", 1<<20), "f:1:1: the file is larger than 1 MiB"},
		"depth":   {"name: " + strings.Repeat("[", 65) + strings.Repeat("]", 65), "f:1:70: is nested more than 64 levels deep"},
		"aliases": {bomb, "has more than 100000 values"},
		"nodes":   {"tags: [" + strings.Repeat("a,", 110_000) + "]", "has more than 100000 values"},
		"key":     {"limits: {" + strings.Repeat("k", 129) + ": 1}", "is longer than 128 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := load("f", []byte(c.data))
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestTextAndVersion(t *testing.T) {
	for data, want := range map[string]string{
		"apiVersion: evenkeel/v1": "",
		"apiVersion: evenkeel/v2": `f:1:13: apiVersion: "evenkeel/v2" is not known; write evenkeel/v1`,
		"apiVersion: 1":           `f:1:13: apiVersion: "" is not known; write evenkeel/v1`,
		"kind: X":                 "f:1:1: apiVersion: is missing",
	} {
		doc, err := strictyaml.Parse("f", []byte(data))
		require.NoError(t, err)
		doc.CheckVersion()
		if want == "" {
			require.NoError(t, doc.Err())
			require.Equal(t, "evenkeel/v1", doc.Text("apiVersion"))
			continue
		}
		require.EqualError(t, doc.Err(), want)
		var all strictyaml.Errors
		require.ErrorAs(t, doc.Err(), &all)
		require.Len(t, all, 1)
	}
}

func TestKeys(t *testing.T) {
	require.Equal(t, []string{"name", "replicas", "stop", "exact", "tags", "limits", "first", "extra"}, strictyaml.Keys(sample{}))
}

func TestNearest(t *testing.T) {
	names := []string{"replicas", "min", "max", "time_zone", "pid_file"}
	for name, want := range map[string]string{
		"repicas": "replicas", "timeZone": "time_zone", "mni": "min", "profile": "", "mx": "max", "pidfile": "pid_file",
		"x": "", "whatever": "", "": "", strings.Repeat("m", 200): "",
	} {
		got, ok := strictyaml.Nearest(name, names)
		require.Equal(t, want, got, name)
		require.Equal(t, want != "", ok, name)
	}
}

func TestIsName(t *testing.T) {
	for name, want := range map[string]bool{
		"app": true, "worker-llm": true, "0.a_b": true, "": false, "App": false, "-a": false, "a/b": false,
		"a\n": false, strings.Repeat("a", 129): false,
	} {
		require.Equal(t, want, strictyaml.IsName(name), "%q", name)
	}
}

// Whatever a file holds, it gives values or faults of one line each that lie in the file.
func FuzzDecode(f *testing.F) {
	files, _ := filepath.Glob("testdata/bad/*.yaml")
	for _, file := range files {
		data, err := os.ReadFile(file)
		require.NoError(f, err)
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		_, err := load("f", data)
		if err == nil {
			return
		}
		var faults strictyaml.Errors
		require.ErrorAs(t, err, &faults)
		for _, e := range faults {
			require.NotContains(t, e.Error(), "\n")
			require.GreaterOrEqual(t, e.Line, 1)
			require.GreaterOrEqual(t, e.Column, 1)
			require.NotEmpty(t, e.Problem)
		}
	})
}
