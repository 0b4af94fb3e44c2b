package nvml

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/activities/nvml/nvmltest"
	"github.com/evenkeel/evenkeel/internal/gpu"
)

// probe is the real gpuprobe, built once for all tests.
var probe string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "gpuprobe")
	if err == nil {
		probe, err = nvmltest.BuildProbe(dir)
	}
	if err != nil {
		panic(err)
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// rig is a supervisor of the real probe with a stand-in of these GPUs. At the end of the test no
// process, no thread and no goroutine of it is left.
func rig(t *testing.T, gpus ...nvmltest.GPU) (*Supervisor, *nvmltest.Library) {
	t.Helper()
	lib, err := nvmltest.New(t.TempDir(), gpus...)
	require.NoError(t, err)
	return supervise(t, lib.File), lib
}

func supervise(t *testing.T, library string) *Supervisor {
	t.Helper()
	goroutines := runtime.NumGoroutine()
	s := New(Options{Probe: probe, Library: library})
	s.limits.gpu = 300 * time.Millisecond
	t.Cleanup(func() {
		s.Close()
		eventually(t, "probes have left", func() bool { return len(children(t)) == 0 })
		eventually(t, "goroutines have ended", func() bool { return runtime.NumGoroutine() <= goroutines })
	})
	return s
}

// hanging is a supervisor whose probe hangs in opening the driver. What the one who waits for it is
// told comes later.
func hanging(t *testing.T) (s *Supervisor, answered <-chan error) {
	t.Helper()
	s, lib := rig(t, card(0))
	set(t, lib, func(st *nvmltest.State) { st.InitHang = 1 })
	told := make(chan error, 1)
	go func() { _, err := s.Snapshot(t.Context()); told <- err }()
	eventually(t, "a probe is there", func() bool { return len(children(t)) == 1 })
	loads(t, children(t)[0], lib)
	return s, told
}

// loads waits until a process has the library.
func loads(t *testing.T, pid int, lib *nvmltest.Library) {
	t.Helper()
	eventually(t, "the library is loaded", func() bool {
		maps, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/maps")
		return err == nil && strings.Contains(string(maps), lib.File)
	})
}

func set(t *testing.T, lib *nvmltest.Library, change func(*nvmltest.State)) {
	t.Helper()
	require.NoError(t, lib.Set(change))
}

func snapshot(t *testing.T, s *Supervisor) gpu.Snapshot {
	t.Helper()
	seen, err := s.Snapshot(t.Context())
	require.NoError(t, err)
	return seen
}

// refused takes a snapshot that fails for a cause, with a class that says how to go on.
func refused(t *testing.T, s *Supervisor, cause Cause) *Error {
	t.Helper()
	_, err := s.Snapshot(t.Context())
	require.Error(t, err)
	known, ok := errors.AsType[*Error](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, cause, known.Cause, known.What)
	require.NotEmpty(t, known.Hint)
	class, ok := errors.AsType[*activities.Error](err)
	require.True(t, ok)
	require.Equal(t, causes[cause].class, class.Class)
	return known
}

// children are the probes of this process that have not been reaped.
func children(t *testing.T) []int {
	t.Helper()
	var found []int
	tasks, err := os.ReadDir("/proc/self/task")
	require.NoError(t, err)
	for _, task := range tasks {
		list, err := os.ReadFile("/proc/self/task/" + task.Name() + "/children")
		if err != nil {
			continue // the thread has ended
		}
		for pid := range strings.FieldsSeq(string(list)) {
			command, err := os.ReadFile("/proc/" + pid + "/comm")
			if err == nil && strings.TrimSpace(string(command)) == "gpuprobe" {
				n, err := strconv.Atoi(pid)
				require.NoError(t, err)
				found = append(found, n)
			}
		}
	}
	return found
}

// threads counts those of a process.
func threads(t *testing.T, pid string) int {
	t.Helper()
	tasks, err := os.ReadDir("/proc/" + pid + "/task")
	require.NoError(t, err)
	return len(tasks)
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			require.Fail(t, "not in time: "+what)
		}
	}
}

func card(used int64) nvmltest.GPU { return nvmltest.Card(0, used) }

func TestSnapshot(t *testing.T) {
	s, _ := rig(t, nvmltest.Card(0, 18000), nvmltest.Card(1, 400))
	seen := snapshot(t, s)
	require.Equal(t, "590.48.01", seen.DriverVersion)
	require.Equal(t, "13.590.48.01", seen.NVMLVersion)
	require.Empty(t, seen.MissingFunctions)
	require.WithinDuration(t, time.Now(), seen.At, time.Minute)
	require.Len(t, seen.GPUs, 2)
	first := seen.GPUs[0]
	require.Equal(t, gpu.GPU{
		Index: 0, UUID: "GPU-00000000-0000-0000-0000-000000000000", Name: "NVIDIA RTX 4090",
		Memory:             gpu.Memory{TotalMB: new(int64(24576)), UsedMB: new(int64(18000)), FreeMB: new(int64(6576)), ReservedMB: new(int64(300))},
		UtilizationRatio:   new(0.61),
		TemperatureCelsius: new(64),
		Processes:          []gpu.Process{},
	}, first)
	require.Equal(t, int64(24176), *seen.GPUs[1].FreeMB)

	again := snapshot(t, s)
	require.Equal(t, seen.GPUs, again.GPUs)
	require.Len(t, children(t), 1, "a probe that works is kept")
}

func TestProcesses(t *testing.T) {
	s, lib := rig(t, card(2000))
	count := func(n, used int64) []gpu.Process {
		set(t, lib, func(st *nvmltest.State) { st.GPUs[0].Processes, st.GPUs[0].ProcessUsed = n, used })
		return snapshot(t, s).GPUs[0].Processes
	}
	require.Equal(t, []gpu.Process{}, count(0, 0))
	require.Equal(t, []gpu.Process{{PID: 1 << 30, UsedMB: new(int64(9))}}, count(1, 9*nvmltest.MB))
	hundred := count(100, 9*nvmltest.MB)
	require.Len(t, hundred, 100)
	require.Equal(t, 1<<30+99, hundred[99].PID)
	for _, p := range count(100, -1) {
		require.Nil(t, p.UsedMB, "not available is never 0")
	}
}

func TestFiguresThatAreNotAvailable(t *testing.T) {
	s, lib := rig(t, card(2000))
	cases := map[string]struct {
		change func(*nvmltest.GPU)
		absent func(gpu.GPU) bool
	}{
		"memory not supported":      {func(g *nvmltest.GPU) { g.MemoryCode = 3 }, func(g gpu.GPU) bool { return g.TotalMB == nil && g.FreeMB == nil && g.UsedMB == nil }},
		"memory all ones":           {func(g *nvmltest.GPU) { g.Total, g.Free, g.Reserved = -1, -1, -1 }, func(g gpu.GPU) bool { return g.TotalMB == nil && g.FreeMB == nil && g.UsedMB == nil }},
		"more free than there is":   {func(g *nvmltest.GPU) { g.Free = g.Total + 1 }, func(g gpu.GPU) bool { return g.FreeMB == nil && g.UsedMB == nil }},
		"utilisation not supported": {func(g *nvmltest.GPU) { g.UtilizationCode = 3 }, func(g gpu.GPU) bool { return g.UtilizationRatio == nil }},
		"utilisation nonsense":      {func(g *nvmltest.GPU) { g.Utilization = 0xffffffff }, func(g gpu.GPU) bool { return g.UtilizationRatio == nil }},
		"temperature refused":       {func(g *nvmltest.GPU) { g.TemperatureCode = 4 }, func(g gpu.GPU) bool { return g.TemperatureCelsius == nil }},
		"processes refused":         {func(g *nvmltest.GPU) { g.ProcessCode = 4 }, func(g gpu.GPU) bool { return g.Processes == nil }},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			set(t, lib, func(st *nvmltest.State) { st.GPUs[0] = card(2000); c.change(&st.GPUs[0]) })
			g := snapshot(t, s).GPUs[0]
			require.Nil(t, g.Fault)
			require.True(t, c.absent(g), "%+v", g)
			require.False(t, g.Unified)
		})
	}
}

func TestMIG(t *testing.T) {
	whole := card(2000)
	whole.MIG, whole.Instances, whole.InstanceTotal, whole.InstanceFree = 1, 2, 10000*nvmltest.MB, 9000*nvmltest.MB
	whole.Processes, whole.ProcessUsed = 1, nvmltest.MB
	s, lib := rig(t, whole)
	g := snapshot(t, s).GPUs[0]
	require.True(t, g.MIG.Enabled)
	memory := gpu.Memory{TotalMB: new(int64(10000)), UsedMB: new(int64(1000)), FreeMB: new(int64(9000)), ReservedMB: new(int64(0))}
	require.Equal(t, []gpu.Instance{
		{UUID: "MIG-0-" + g.UUID, GPUInstance: new(1), Memory: memory},
		{UUID: "MIG-1-" + g.UUID, GPUInstance: new(2), Memory: memory},
	}, g.MIG.Instances)
	require.Equal(t, 1, *g.Processes[0].GPUInstance)

	// Whoever was given an instance may not read the whole GPU.
	set(t, lib, func(st *nvmltest.State) { st.GPUs[0].MemoryCode = 4 })
	g = snapshot(t, s).GPUs[0]
	require.Nil(t, g.Fault)
	require.Nil(t, g.FreeMB)
	require.Len(t, g.MIG.Instances, 2)

	set(t, lib, func(st *nvmltest.State) { st.GPUs[0].MIG, st.GPUs[0].MemoryCode = 0, 0 })
	require.Equal(t, &gpu.MIG{}, snapshot(t, s).GPUs[0].MIG)
}

func TestUnifiedMemory(t *testing.T) {
	shared, ats := card(0), card(0)
	shared.Name = [64]byte{}
	copy(shared.Name[:], "NVIDIA GB10")
	ats.AddressingMode = 2
	shared.MemoryCode, ats.MemoryCode = 3, 3
	s, lib := rig(t, shared, ats)
	for _, g := range snapshot(t, s).GPUs {
		require.True(t, g.Unified)
		require.Positive(t, *g.TotalMB)
		require.Equal(t, *g.TotalMB, *g.UsedMB+*g.FreeMB)
		require.Nil(t, g.ReservedMB)
	}
	set(t, lib, func(st *nvmltest.State) { st.GPUs[0].MemoryCode, st.GPUs[1].MemoryCode = 15, 999 })
	for _, g := range snapshot(t, s).GPUs {
		require.False(t, g.Unified, "a GPU that is lost is never taken for one without memory")
		require.NotNil(t, g.Fault)
	}
}

func TestContainerOfAProcess(t *testing.T) {
	id := strings.Repeat("0123456789abcdef", 4)
	for _, path := range []string{
		"0::/system.slice/docker-" + id + ".scope",
		"12:devices:/docker/" + id + "\n0::/docker/" + id,
		"0::/kubepods.slice/kubepods-pod5.slice/cri-containerd-" + id + ".scope",
		"0::/machine.slice/libpod-" + strings.Repeat("f", 64) + ".scope/docker-" + id + ".scope",
	} {
		require.Equal(t, id, container([]byte(path+"\n")), path)
	}
	for _, path := range []string{"0::/user.slice/user-1000.slice/session-2.scope", "0::/", ""} {
		require.Empty(t, container([]byte(path)))
	}
}

func TestHostMemory(t *testing.T) {
	m := hostMemory([]byte("MemTotal:       131072000 kB\nMemFree:  1 kB\nMemAvailable:   65536000 kB\nHugePages_Total:  0\n"))
	require.Equal(t, gpu.Memory{TotalMB: new(int64(128000)), FreeMB: new(int64(64000)), UsedMB: new(int64(64000))}, m)
	require.Equal(t, gpu.Memory{}, hostMemory([]byte("MemTotal: 5 kB\n")))
}

// Ending its input ends a probe at once, whatever it is doing, so it never outlives its parent.
func TestProbeLeavesWithItsParent(t *testing.T) {
	_, lib := rig(t, card(0))
	set(t, lib, func(st *nvmltest.State) { st.InitHang = 1 })
	cmd := exec.CommandContext(t.Context(), probe)
	cmd.Env = []string{"EVENKEEL_NVML_LIBRARY=" + lib.File}
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	_, err = in.Write([]byte(`{"id":1,"ask":"open"}` + "\n"))
	require.NoError(t, err)
	loads(t, cmd.Process.Pid, lib)
	require.NoError(t, in.Close())
	require.NoError(t, cmd.Wait())
}

func TestCallerGivesUp(t *testing.T) {
	s, lib := rig(t, card(0))
	set(t, lib, func(st *nvmltest.State) { st.InitHang = 1 })
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := s.Snapshot(ctx)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	set(t, lib, func(st *nvmltest.State) { st.InitHang = 0 })
	snapshot(t, s)
}

func TestTermEndsAProbeThatHangs(t *testing.T) {
	_, answered := hanging(t)
	require.NoError(t, syscall.Kill(children(t)[0], syscall.SIGTERM))
	err := <-answered
	known, ok := errors.AsType[*Error](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, Died, known.Cause)
	require.Contains(t, known.What, "signal: terminated")
}
