package compose

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
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

// write makes a folder with files in it and returns the path of its compose.yaml.
func write(t *testing.T, files map[string]string) string {
	dir := t.TempDir()
	for name, text := range files {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	return filepath.Join(dir, "compose.yaml")
}

func TestServicesOfTheProduct(t *testing.T) {
	t.Setenv("DB_PASSWORD", "correct-horse")
	t.Setenv("TAG", "7")
	path, err := filepath.Abs("testdata/product.yaml")
	require.NoError(t, err)
	got, err := New(path, "product", nil).Services(t.Context())
	require.NoError(t, err)
	require.Equal(t, []scaling.Service{
		{
			Name: "app", Image: "registry.invalid/product/app:7",
			CPULimit: 2, CPUReserve: 0.5, MemoryLimitMB: 2048, MemoryReserveMB: 512,
		},
		{Name: "grafana", Image: "grafana/grafana", CPULimit: 1, MemoryLimitMB: 512, MemoryReserveMB: 128},
		{
			Name: "nginx", Image: "product-nginx", FixedPorts: []string{"80", "[::1]:443"},
			CPULimit: 1, CPUReserve: 0.25, MemoryLimitMB: 512, MemoryReserveMB: 128,
		},
		{
			Name: "postgres", Image: "pgvector/pgvector:pg16", ContainerName: "product-postgres",
			FixedPorts: []string{"127.0.0.1:5432", "53/udp"}, StaticAddresses: []string{"back 172.30.0.9", "back fd00::9"},
			CPULimit: 2, CPUReserve: 0.5, MemoryLimitMB: 2048, MemoryReserveMB: 512,
		},
		{Name: "prometheus", Image: "prom/prometheus", CPULimit: 1, CPUReserve: 0.25, MemoryLimitMB: 1024},
		{Name: "redis", Image: "redis:7", CPULimit: 1, CPUReserve: 0.25, MemoryLimitMB: 1024, MemoryReserveMB: 256},
		{
			Name: "worker-llm", Image: "registry.invalid/product/worker:7",
			CPULimit: 4, CPUReserve: 1, MemoryLimitMB: 8192, MemoryReserveMB: 2048,
		},
		{
			Name: "worker-rl", Image: "registry.invalid/product/worker:7",
			CPULimit: 4, CPUReserve: 1, MemoryLimitMB: 8192, MemoryReserveMB: 2048,
		},
	}, got)
	text, err := json.Marshal(got)
	require.NoError(t, err)
	require.NotContains(t, string(text), "correct-horse")
}

func TestDotEnvAndProcessEnvironment(t *testing.T) {
	file := write(t, map[string]string{
		"compose.yaml": "services: {a: {image: 'x:${FROM_FILE}-${FROM_BOTH}-${UNSET}'}}",
		".env":         "FROM_FILE=1\nFROM_BOTH=1\n",
	})
	t.Setenv("FROM_BOTH", "2")
	got, err := New(file, "p", nil).Services(t.Context())
	require.NoError(t, err)
	require.Equal(t, "x:1-2-", got[0].Image)
}

func TestRangeSize(t *testing.T) {
	for published, want := range map[string]int{
		"": 0, "0": 0, "8000": 1, "8000-8005": 6, "8000-8000": 1, "8005-8000": 1, "8000-": 1,
	} {
		require.Equal(t, want, rangeSize(published), "%q", published)
	}
}

func TestNumbersAreTheWrittenOnes(t *testing.T) {
	file := write(t, map[string]string{"compose.yaml": "services: {a: {image: x, cpus: 0.1, mem_limit: 1b}}"})
	got, err := New(file, "p", nil).Services(t.Context())
	require.NoError(t, err)
	require.Equal(t, 0.1, got[0].CPULimit)
	require.Equal(t, int64(1), got[0].MemoryLimitMB, "a limit is never taken for none")
}

func TestPortsOfEqualRangesAreFixed(t *testing.T) {
	file := write(t, map[string]string{"compose.yaml": "services: {a: {image: x, ports: ['8000-8001:9000-9001']}}"})
	got, err := New(file, "p", nil).Services(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"8000", "8001"}, got[0].FixedPorts)
}

func TestBrokenFiles(t *testing.T) {
	for _, c := range []struct{ name, text, at, says string }{
		{"indentation", "services:\n  a:\n    image: x\n   b: 3\n", ":4:4: ", "did not find expected key"},
		{"key twice", "services:\n  a:\n    image: x\n    image: y\n", ":4: ", `"image" already defined`},
		{"unknown key", "services:\n  a:\n    image: x\n    privilegedd: true\n", ": ", "services.a.privilegedd"},
		{"required variable", "services: {a: {image: 'x:${NOT_SET:?say which}'}}", ": ", "say which"},
		{"unknown network", "services: {a: {image: x, networks: [nope]}}", ": ", "nope"},
		{"size", "services: {a: {image: x, mem_limit: lots}}", ": ", "mem_limit"},
		{"a list", "[]", ": ", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := write(t, map[string]string{"compose.yaml": c.text})
			_, err := New(file, "p", nil).Services(t.Context())
			requireClass(t, activities.InvalidInput, err)
			require.ErrorContains(t, err, file+c.at)
			require.ErrorContains(t, err, c.says)
		})
	}
}

func TestErrorsTellNoSecrets(t *testing.T) {
	t.Setenv("EVENKEEL_TEST_SECRET", "correct-horse")
	file := write(t, map[string]string{"compose.yaml": "services: {a: {image: x, mem_limit: '${EVENKEEL_TEST_SECRET}'}}"})
	_, err := New(file, "p", nil).Services(t.Context())
	requireClass(t, activities.InvalidInput, err)
	require.NotContains(t, err.Error(), "correct-horse")
	require.ErrorContains(t, err, "${EVENKEEL_TEST_SECRET}")

	file = write(t, map[string]string{"compose.yaml": "services: {a: {image: x}}", ".env": "A=1\nB=\"battery-staple\n"})
	_, err = New(file, "p", nil).Services(t.Context())
	requireClass(t, activities.InvalidInput, err)
	require.NotContains(t, err.Error(), "battery")
	require.Regexp(t, `\.env:\d+: `, err.Error())
}

func TestOtherFailures(t *testing.T) {
	_, err := New(filepath.Join(t.TempDir(), "compose.yaml"), "p", nil).Services(t.Context())
	requireClass(t, activities.NotFound, err)
	file := write(t, map[string]string{"compose.yaml": "services: {a: {image: x}}"})
	_, err = New(file, "Not A Name", nil).Services(t.Context())
	requireClass(t, activities.InvalidInput, err)
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = New(file, "p", []string{"/bin/sleep"}).Hash(cancelled, "a")
	require.ErrorIs(t, err, context.Canceled)
}
