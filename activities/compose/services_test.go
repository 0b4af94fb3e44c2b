package compose

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/scaling"
)

func requireClass(t *testing.T, class string, err error) {
	t.Helper()
	var e *activities.Error
	require.ErrorAs(t, err, &e, "%v", err)
	require.Equal(t, class, e.Class, err.Error())
}

// write puts files into a folder.
func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
}

// project makes a folder with files in it and returns the project p of that folder.
func project(t *testing.T, files map[string]string) *Project {
	t.Helper()
	dir := t.TempDir()
	write(t, dir, files)
	return New(Options{Name: "p", Directory: dir})
}

func TestServicesOfTheProduct(t *testing.T) {
	t.Setenv("DB_PASSWORD", "correct-horse")
	t.Setenv("TAG", "7")
	dir, err := filepath.Abs("testdata")
	require.NoError(t, err)
	got, err := New(Options{Name: "product", Directory: dir, Files: []string{"product.yaml"}}).Services(t.Context())
	require.NoError(t, err)
	for _, s := range got {
		require.Equal(t, strings.HasPrefix(s.Name, "worker-"), s.Fault != "", s.Fault)
	}
	require.Contains(t, got[6].Fault, filepath.Join(dir, "does-not-exist.env"))
	got[6].Fault, got[7].Fault = "", ""
	require.Equal(t, []scaling.Service{
		{
			Name: "app", Image: "registry.invalid/product/app:7", Scale: 1,
			PortRanges: []scaling.PortRange{{First: 8000, Last: 8009, Protocol: "tcp"}}, Ports: []int{8000},
			CPULimit: 2, CPUReserve: 0.5, MemoryLimitMB: 2048, MemoryReserveMB: 512,
		},
		{Name: "grafana", Image: "grafana/grafana", CPULimit: 1, MemoryLimitMB: 512, MemoryReserveMB: 128, Scale: 1},
		{
			Name: "nginx", Image: "product-nginx", Router: "nginx", Scale: 1,
			FixedPorts: []string{"80", "[::1]:443"}, Ports: []int{80, 443},
			CPULimit: 1, CPUReserve: 0.25, MemoryLimitMB: 512, MemoryReserveMB: 128,
		},
		{
			Name: "postgres", Image: "pgvector/pgvector:pg16", ContainerName: "product-postgres", Scale: 1, Database: "postgres, by its image",
			FixedPorts: []string{"127.0.0.1:5432", "53/udp"}, Ports: []int{5432},
			StaticAddresses: []string{"back 172.30.0.9", "back fd00::9"},
			CPULimit:        2, CPUReserve: 0.5, MemoryLimitMB: 2048, MemoryReserveMB: 512,
		},
		{Name: "prometheus", Image: "prom/prometheus", CPULimit: 1, CPUReserve: 0.25, MemoryLimitMB: 1024, Scale: 1},
		{
			Name: "redis", Image: "redis:7", Ports: []int{6379}, Scale: 1,
			CPULimit: 1, CPUReserve: 0.25, MemoryLimitMB: 1024, MemoryReserveMB: 256,
		},
		{
			Name: "worker-llm", Image: "registry.invalid/product/worker:7", Scale: 1,
			CPULimit: 4, CPUReserve: 1, MemoryLimitMB: 8192, MemoryReserveMB: 2048,
		},
		{
			Name: "worker-rl", Off: true, Image: "registry.invalid/product/worker:7", Scale: 1, Profiles: []string{"training"},
			CPULimit: 4, CPUReserve: 1, MemoryLimitMB: 8192, MemoryReserveMB: 2048,
		},
	}, got)
	text, err := json.Marshal(got)
	require.NoError(t, err)
	require.NotContains(t, string(text), "correct-horse")
}

func TestDotEnvAndProcessEnvironment(t *testing.T) {
	p := project(t, map[string]string{
		"compose.yaml": "services: {a: {image: 'x:${FROM_FILE}-${FROM_BOTH}-${UNSET}'}}",
		".env":         "FROM_FILE=1\nFROM_BOTH=1\n",
	})
	t.Setenv("FROM_BOTH", "2")
	got, err := p.Services(t.Context())
	require.NoError(t, err)
	require.Equal(t, "x:1-2-", got[0].Image)
}

func TestPortRange(t *testing.T) {
	for published, want := range map[string][2]int{
		"": {}, "0": {}, "8000": {8000, 8000}, "8000-8005": {8000, 8005}, "8000-8000": {8000, 8000},
		"8005-8000": {8005, 8005}, "8000-": {8000, 8000}, "-1": {},
	} {
		first, last := portRange(published)
		require.Equal(t, want, [2]int{first, last}, "%q", published)
	}
}

func TestNumbersAreTheWrittenOnes(t *testing.T) {
	p := project(t, map[string]string{"compose.yaml": "services: {a: {image: x, cpus: 0.1, mem_limit: 1b}}"})
	got, err := p.Services(t.Context())
	require.NoError(t, err)
	require.Equal(t, 0.1, got[0].CPULimit)
	require.Equal(t, int64(1), got[0].MemoryLimitMB, "a limit is never taken for none")
}

func TestPortsOfEqualRangesAreFixed(t *testing.T) {
	p := project(t, map[string]string{"compose.yaml": "services: {a: {image: x, ports: ['8000-8001:9000-9001']}}"})
	got, err := p.Services(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"8000", "8001"}, got[0].FixedPorts)
}

func TestBrokenFiles(t *testing.T) {
	for _, c := range []struct{ name, text, at, says string }{
		{"indentation", "services:\n  a:\n    image: x\n   b: 3\n", ":4:4: did not find expected key", ""},
		{"key twice", "services:\n  a:\n    image: x\n    image: y\n", ":4: ", `"image" already defined`},
		{"unknown key", "services:\n  a:\n    image: x\n    privilegedd: true\n", ":4: ", "services.a.privilegedd is not a key that Compose knows"},
		{"required variable", "services: {a: {image: 'x:${NOT_SET:?say which}'}}", ":1: ", "say which"},
		{"unknown network", "services: {a: {image: x, networks: [nope]}}", ":1: ", "nope"},
		{"size", "services: {a: {image: x, mem_limit: lots}}", ":1: ", "mem_limit"},
		{"a list", "[]", ": ", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := project(t, map[string]string{"compose.yaml": c.text})
			_, err := p.Services(t.Context())
			requireClass(t, activities.InvalidInput, err)
			require.ErrorContains(t, err, filepath.Join(p.options.Directory, "compose.yaml")+c.at)
			require.ErrorContains(t, err, c.says)
		})
	}
}

func TestErrorsTellNoSecrets(t *testing.T) {
	t.Setenv("EVENKEEL_TEST_SECRET", "correct-horse")
	p := project(t, map[string]string{"compose.yaml": "services: {a: {image: x, mem_limit: '${EVENKEEL_TEST_SECRET}'}}"})
	_, err := p.Services(t.Context())
	requireClass(t, activities.InvalidInput, err)
	require.NotContains(t, err.Error(), "correct-horse")
	require.ErrorContains(t, err, "${EVENKEEL_TEST_SECRET}")

	p = project(t, map[string]string{"compose.yaml": "services: {a: {image: x}}", ".env": "A=1\nB=\"battery-staple\n"})
	_, err = p.Services(t.Context())
	requireClass(t, activities.InvalidInput, err)
	require.NotContains(t, err.Error(), "battery")
	require.Regexp(t, `\.env:\d+: `, err.Error())
}

func TestOtherFailures(t *testing.T) {
	p := project(t, map[string]string{"compose.yaml": "services: {a: {image: x}}"})
	dir := p.options.Directory
	for name, c := range map[string]struct {
		options Options
		class   string
	}{
		"no file anywhere":   {Options{Directory: t.TempDir()}, activities.NotFound},
		"no such file":       {Options{Directory: dir, Files: []string{"gone.yaml"}}, activities.NotFound},
		"no such env file":   {Options{Directory: dir, EnvFiles: []string{"gone.env"}}, activities.NotFound},
		"not a project name": {Options{Directory: dir, Name: "Not A Name"}, activities.InvalidInput},
	} {
		_, err := New(c.options).Services(t.Context())
		requireClass(t, c.class, err)
		require.Error(t, err, name)
	}
	_, err := p.Hash(t.Context(), "nobody", nil)
	requireClass(t, activities.NotFound, err)
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	err = New(Options{Name: "p", Directory: dir, Command: []string{"/bin/sleep"}}).Up(cancelled, "a", 1)
	require.ErrorIs(t, err, context.Canceled)
}
