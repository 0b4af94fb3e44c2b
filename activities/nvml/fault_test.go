package nvml

import (
	"debug/elf"
	"fmt"
	"os"
	"path/filepath"
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

func TestNoLibrary(t *testing.T) {
	lib := filepath.Join(t.TempDir(), "libnvidia-ml.so.1")
	s := supervise(t, lib)
	require.Contains(t, refused(t, s, NoLibrary).What, lib)

	require.NoError(t, os.WriteFile(lib, []byte("no ELF file, however long it may be: "+strings.Repeat("-", 4096)), 0o600))
	require.Contains(t, refused(t, s, BadLibrary).What, "invalid ELF header")

	// What was mended is seen at once.
	page, err := nvmltest.New(filepath.Dir(lib), card(0))
	require.NoError(t, err)
	require.Equal(t, lib, page.File)
	snapshot(t, s)
}

func TestNoDriverAtAll(t *testing.T) {
	if _, err := os.Stat("/dev/nvidiactl"); err == nil {
		t.Skip("this machine has a driver")
	}
	s := supervise(t, "")
	t.Setenv("EVENKEEL_NVML_LIBRARY", "")
	refused(t, s, NoLibrary)
}

func TestNoProbe(t *testing.T) {
	s := New(Options{Probe: filepath.Join(t.TempDir(), "gpuprobe")})
	defer s.Close()
	refused(t, s, NoProbe)
	t.Setenv("PATH", t.TempDir())
	beside := New(Options{})
	defer beside.Close()
	refused(t, beside, NoProbe)
}

// A call of a function that the library lacks would end the probe.
func TestMissingFunctions(t *testing.T) {
	optional := []string{
		"nvmlSystemGetDriverVersion", "nvmlSystemGetNVMLVersion", "nvmlDeviceGetUUID", "nvmlDeviceGetName",
		"nvmlDeviceGetMemoryInfo_v2", "nvmlDeviceGetMemoryInfo", "nvmlDeviceGetUtilizationRates",
		"nvmlDeviceGetTemperatureV", "nvmlDeviceGetTemperature",
		"nvmlDeviceGetComputeRunningProcesses_v3", "nvmlDeviceGetComputeRunningProcesses_v2", "nvmlDeviceGetComputeRunningProcesses",
		"nvmlDeviceGetGraphicsRunningProcesses_v3", "nvmlDeviceGetGraphicsRunningProcesses_v2", "nvmlDeviceGetGraphicsRunningProcesses",
		"nvmlDeviceGetMigMode", "nvmlDeviceGetMaxMigDeviceCount", "nvmlDeviceGetMigDeviceHandleByIndex", "nvmlDeviceGetGpuInstanceId",
		"nvmlDeviceGetAddressingMode",
	}
	g := card(18000)
	g.MIG, g.Instances, g.Processes, g.ProcessUsed = 1, 1, 2, nvmltest.MB
	s, lib := rig(t, g)
	whole := snapshot(t, s)
	for _, symbol := range optional {
		t.Run(symbol, func(t *testing.T) {
			require.NoError(t, nvmltest.Build(lib.File, "", symbol))
			seen := snapshot(t, s)
			require.Equal(t, []string{symbol}, seen.MissingFunctions)
			require.Nil(t, seen.GPUs[0].Fault)
			require.Equal(t, whole.GPUs[0].FreeMB, seen.GPUs[0].FreeMB)
			// Each figure is as before or not available, and never 0.
			switch symbol {
			case "nvmlDeviceGetMemoryInfo_v2":
				require.Nil(t, seen.GPUs[0].ReservedMB)
			case "nvmlDeviceGetUtilizationRates":
				require.Nil(t, seen.GPUs[0].UtilizationRatio)
			default:
				require.Equal(t, whole.GPUs[0].Memory, seen.GPUs[0].Memory)
				require.Equal(t, whole.GPUs[0].UtilizationRatio, seen.GPUs[0].UtilizationRatio)
				require.Equal(t, whole.GPUs[0].TemperatureCelsius, seen.GPUs[0].TemperatureCelsius)
				require.Len(t, seen.GPUs[0].Processes, 2)
			}
		})
	}
	t.Run("all at once", func(t *testing.T) {
		var without []string
		for _, symbol := range optional {
			if symbol != "nvmlDeviceGetMemoryInfo" {
				without = append(without, symbol)
			}
		}
		require.NoError(t, nvmltest.Build(lib.File, "", without...))
		free := whole.GPUs[0].Memory
		free.ReservedMB = nil
		seen := snapshot(t, s)
		require.Equal(t, []gpu.GPU{{Memory: free}}, seen.GPUs)
		require.ElementsMatch(t, without, seen.MissingFunctions)
	})
	for _, symbols := range [][]string{
		{"nvmlInit_v2"},
		{"nvmlShutdown"},
		{"nvmlDeviceGetCount_v2"},
		{"nvmlDeviceGetHandleByIndex_v2"},
		{"nvmlDeviceGetMemoryInfo", "nvmlDeviceGetMemoryInfo_v2"},
	} {
		t.Run("required "+symbols[0], func(t *testing.T) {
			require.NoError(t, nvmltest.Build(lib.File, "", symbols...))
			require.Contains(t, refused(t, s, OldLibrary).What, symbols[0])
		})
	}
}

func TestInitErrors(t *testing.T) {
	s, lib := rig(t, card(0))
	for code, cause := range map[int]Cause{4: NoPermission, 9: NotLoaded, 15: GPULost, 16: ResetRequired, 18: VersionMismatch, 999: Other} {
		t.Run(strconv.Itoa(code), func(t *testing.T) {
			s.dismiss()
			set(t, lib, func(st *nvmltest.State) { st.InitCode = int64(code) })
			require.Equal(t, code, refused(t, s, cause).Code)
			set(t, lib, func(st *nvmltest.State) { st.InitCode, st.CountCode = 0, int64(code) })
			require.Equal(t, code, refused(t, s, cause).Code)
			set(t, lib, func(st *nvmltest.State) { st.CountCode = 0 })
			snapshot(t, s)
		})
	}
	s.dismiss()
	set(t, lib, func(st *nvmltest.State) { st.Count = 0 })
	refused(t, s, NoGPU)
	set(t, lib, func(st *nvmltest.State) { st.Count = 1 })
	snapshot(t, s)
}

func TestDiagnosisKnowsWhatTheControlDeviceSays(t *testing.T) {
	for _, c := range []struct {
		code  int
		errno syscall.Errno
		cause Cause
	}{
		{999, syscall.EPERM, DeviceCgroup},
		{4, syscall.EPERM, DeviceCgroup},
		{9, syscall.EPERM, DeviceCgroup},
		{17, syscall.EPERM, DeviceCgroup},
		{18, syscall.EPERM, VersionMismatch},
		{999, syscall.EACCES, NoPermission},
		{4, syscall.EACCES, NoPermission},
		{9, syscall.ENOENT, NotLoaded},
		{999, 0, Other},
		{18, 0, VersionMismatch},
	} {
		err := diagnose(gpu.Failure{Step: gpu.StepInit, Code: c.code, ControlErrno: int(c.errno)}, true)
		require.Contains(t, err.Error(), causes[c.cause].what, "%d %d", c.code, c.errno)
		require.Contains(t, err.Error(), strconv.Itoa(c.code))
	}
}

// Only what is surely a machine without a usable GPU is NotFound: callers may then do without.
func TestWhatMayBeTakenForNoGPU(t *testing.T) {
	missing := gpu.Failure{Step: gpu.StepLoad, Detail: "libnvidia-ml.so.1: cannot open shared object file: No such file or directory"}
	require.Contains(t, diagnose(missing, false).Error(), causes[NoLibrary].what)
	require.Contains(t, diagnose(missing, true).Error(), causes[HiddenLibrary].what)
	for cause, known := range causes {
		none := cause == NoLibrary || cause == NotLoaded || cause == NoGPU
		require.Equal(t, none, known.class == activities.NotFound, cause)
	}
}

func TestOneGPUFails(t *testing.T) {
	s, lib := rig(t, nvmltest.Card(0, 400), nvmltest.Card(1, 400))
	for name, change := range map[string]func(g *nvmltest.GPU, code int64){
		"memory":      func(g *nvmltest.GPU, code int64) { g.MemoryCode = code },
		"utilisation": func(g *nvmltest.GPU, code int64) { g.UtilizationCode = code },
		"temperature": func(g *nvmltest.GPU, code int64) { g.TemperatureCode = code },
		"processes":   func(g *nvmltest.GPU, code int64) { g.ProcessCode = code },
	} {
		for code, kind := range map[int64]gpu.FaultKind{15: gpu.Lost, 28: gpu.Lost, 16: gpu.ResetRequired} {
			t.Run(name+" "+strconv.Itoa(int(code)), func(t *testing.T) {
				set(t, lib, func(st *nvmltest.State) { change(&st.GPUs[1], code) })
				seen := snapshot(t, s)
				require.Nil(t, seen.GPUs[0].Fault)
				require.Equal(t, &gpu.Fault{Kind: kind, Code: int(code)}, seen.GPUs[1].Fault)
				require.Equal(t, "NVIDIA RTX 4090", seen.GPUs[1].Name)
				require.Nil(t, seen.GPUs[1].FreeMB)
				set(t, lib, func(st *nvmltest.State) { change(&st.GPUs[1], 0) })
				require.Nil(t, snapshot(t, s).GPUs[1].Fault)
			})
		}
	}
	set(t, lib, func(st *nvmltest.State) { st.GPUs[1].MemoryCode = 4 })
	require.Equal(t, gpu.NoPermission, snapshot(t, s).GPUs[1].Fault.Kind)
	set(t, lib, func(st *nvmltest.State) { st.GPUs[1].MemoryCode, st.GPUs[1].HandleCode = 0, 15 })
	require.Equal(t, gpu.GPU{Index: 1, Fault: &gpu.Fault{Kind: gpu.Lost, Code: 15}}, snapshot(t, s).GPUs[1], "a fresh probe has no handle of it")
	// As long as a GPU is lost no probe is kept: it would be in the way of a reset.
	eventually(t, "the probe has left", func() bool { return len(children(t)) == 0 })
}

// ofTheRuntime is how many threads Go's own runtime may start meanwhile, for its collector and where a system call
// lasts. A leak of one thread per call makes many more.
const ofTheRuntime = 10

func TestOneGPUHangs(t *testing.T) {
	s, lib := rig(t, nvmltest.Card(0, 400), nvmltest.Card(1, 400), nvmltest.Card(2, 400))
	snapshot(t, s)
	parent, pid := threads(t, "self"), strconv.Itoa(children(t)[0])
	set(t, lib, func(st *nvmltest.State) { st.GPUs[1].Hang = 1 })
	check := func() {
		t.Helper()
		seen := snapshot(t, s)
		require.Equal(t, &gpu.Fault{Kind: gpu.Hung}, seen.GPUs[1].Fault)
		require.Equal(t, "GPU-00000000-0000-0000-0000-000000000001", seen.GPUs[1].UUID)
		require.Nil(t, seen.GPUs[0].Fault)
		require.Nil(t, seen.GPUs[2].Fault)
	}
	check()
	before := threads(t, pid)
	for range 100 {
		check()
	}
	require.LessOrEqual(t, threads(t, pid), before+ofTheRuntime, "a call that hangs costs one thread, however often it is asked")
	require.LessOrEqual(t, threads(t, "self"), parent+ofTheRuntime)
	require.Equal(t, pid, strconv.Itoa(children(t)[0]), "another probe would hang beside it")

	set(t, lib, func(st *nvmltest.State) { st.GPUs[1].Hang, st.GPUs[1].Free = 0, 7*nvmltest.MB })
	eventually(t, "the GPU answers again, with what is true now", func() bool {
		g := snapshot(t, s).GPUs[1]
		return g.Fault == nil && *g.FreeMB == 7
	})
}

func TestInitHangs(t *testing.T) {
	s, lib := rig(t, card(0))
	s.limits.open = 100 * time.Millisecond
	parent := threads(t, "self")
	set(t, lib, func(st *nvmltest.State) { st.InitHang = 1 })
	for range 2 * ofTheRuntime {
		refused(t, s, Hung)
		require.LessOrEqual(t, len(children(t)), 1)
	}
	require.LessOrEqual(t, threads(t, "self"), parent+ofTheRuntime)
	set(t, lib, func(st *nvmltest.State) { st.InitHang = 0 })
	s.limits.open = defaults.open
	snapshot(t, s)
}

func TestLeavingNeverWaitsForAProbeThatHangs(t *testing.T) {
	s, answered := hanging(t)
	began := time.Now()
	s.Close()
	require.Less(t, time.Since(began), defaults.open/2)
	require.ErrorIs(t, <-answered, errClosed)
	require.NotErrorIs(t, errClosed, gpu.ErrReleased)
	_, err := s.Snapshot(t.Context())
	require.ErrorIs(t, err, errClosed)
}

func TestProbeCrashes(t *testing.T) {
	s, lib := rig(t, card(0))
	set(t, lib, func(st *nvmltest.State) { st.Crash = 1 })
	for range 3 {
		require.Contains(t, refused(t, s, Died).What, "SIGSEGV")
	}
	set(t, lib, func(st *nvmltest.State) { st.Crash = 0 })
	snapshot(t, s)
	set(t, lib, func(st *nvmltest.State) { st.Crash = 1 })
	refused(t, s, Died)
	set(t, lib, func(st *nvmltest.State) { st.Crash = 0 })
	snapshot(t, s)
}

func TestProbeIsKilled(t *testing.T) {
	s, _ := rig(t, card(0))
	snapshot(t, s)
	for _, signal := range []syscall.Signal{syscall.SIGKILL, syscall.SIGTERM, syscall.SIGABRT} {
		killed := children(t)
		require.Len(t, killed, 1)
		require.NoError(t, syscall.Kill(killed[0], signal))
		<-s.probe.done
		snapshot(t, s)
		require.NotEqual(t, killed, children(t))
	}
}

func TestDriverIsReplaced(t *testing.T) {
	s, lib := rig(t, card(0))
	require.Equal(t, "590.48.01", snapshot(t, s).DriverVersion)
	require.NoError(t, nvmltest.Build(lib.File, "610.57.02"))
	require.Equal(t, "610.57.02", snapshot(t, s).DriverVersion)

	s.Close()

	// Distributions put a link to the library of the version that is installed.
	link := filepath.Join(t.TempDir(), "libnvidia-ml.so.1")
	other, err := nvmltest.New(t.TempDir(), card(1))
	require.NoError(t, err)
	require.NoError(t, nvmltest.Build(other.File, "575.01"))
	require.NoError(t, os.Symlink(lib.File, link))
	require.NoError(t, os.Link(lib.File+".page", link+".page"))
	linked := supervise(t, link)
	require.Equal(t, "610.57.02", snapshot(t, linked).DriverVersion)
	require.NoError(t, os.Symlink(other.File, link+".new"))
	require.NoError(t, os.Rename(link+".new", link))
	require.Equal(t, "575.01", snapshot(t, linked).DriverVersion)

	require.NoError(t, os.Remove(link))
	refused(t, linked, NoLibrary)
}

func TestGarbageOnThePipe(t *testing.T) {
	s, lib := rig(t, card(0))
	set(t, lib, func(st *nvmltest.State) { st.Babble = 1 })
	for range 3 {
		require.Contains(t, refused(t, s, Garbage).What, "NVRM: babble")
	}
	set(t, lib, func(st *nvmltest.State) { st.Babble = 0 })
	snapshot(t, s)
	for name, says := range map[string]string{
		"endless":          "exec cat /dev/zero",
		"of another build": `read q; echo '{"protocol":0,"id":1,"library":"/x"}'; read q`,
		"of another time":  `read q; echo '{"protocol":1,"id":7,"library":"/x"}'; read q`,
		"empty":            `read q; echo '{"protocol":1,"id":1,"library":"/x"}'; read q; echo '{"protocol":1,"id":2}'; read q`,
	} {
		t.Run(name, func(t *testing.T) {
			s.dismiss()
			s.options.Probe = filepath.Join(t.TempDir(), "gpuprobe")
			require.NoError(t, os.WriteFile(s.options.Probe, []byte("#!/bin/sh\n"+says+"\n"), 0o700))
			refused(t, s, Garbage)
		})
	}
	s.options.Probe = probe
	snapshot(t, s)
}

// A process that is stopped is to signals what one stuck in a driver is: it does not leave at the end
// of its input nor at SIGTERM.
func TestNeverTwoStuckProbes(t *testing.T) {
	s, _ := rig(t, card(0))
	s.limits.snapshot, s.limits.leave, s.limits.term = 100*time.Millisecond, 50*time.Millisecond, time.Second
	stick := func() int {
		t.Helper()
		s.limits.snapshot = defaults.snapshot
		snapshot(t, s)
		s.limits.snapshot = 100 * time.Millisecond
		pid := children(t)[0]
		require.NoError(t, syscall.Kill(pid, syscall.SIGSTOP))
		refused(t, s, Hung)
		return pid
	}
	stuck := stick()
	for range 5 {
		require.Contains(t, refused(t, s, Hung).What, strconv.Itoa(stuck))
		require.Equal(t, []int{stuck}, children(t))
	}
	eventually(t, "SIGTERM comes first", func() bool { return pending(t, stuck, syscall.SIGTERM) })
	eventually(t, "SIGKILL comes last", func() bool { return len(children(t)) == 0 })

	// A second one is not killed so soon: it leaves when the driver lets go of it.
	stuck = stick()
	time.Sleep(2 * s.limits.term)
	require.Contains(t, refused(t, s, Hung).What, strconv.Itoa(stuck))
	require.Equal(t, []int{stuck}, children(t))
	require.NoError(t, syscall.Kill(stuck, syscall.SIGCONT))
	eventually(t, "it leaves by itself", func() bool { return len(children(t)) == 0 })
	s.limits.snapshot = defaults.snapshot
	snapshot(t, s)
}

// pending says whether a signal waits for a process to take it.
func pending(t *testing.T, pid int, signal syscall.Signal) bool {
	t.Helper()
	status, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	require.NoError(t, err)
	_, after, _ := strings.Cut(string(status), "ShdPnd:")
	line, _, _ := strings.Cut(after, "\n")
	bits, err := strconv.ParseUint(strings.TrimSpace(line), 16, 64)
	require.NoError(t, err)
	return bits&(1<<(signal-1)) != 0
}

func TestRelease(t *testing.T) {
	s, _ := rig(t, card(0))
	snapshot(t, s)
	release(t, s, time.Hour)
	require.Contains(t, refused(t, s, Released).What, "1h0m0s to go")
	require.ErrorIs(t, refused(t, s, Released), gpu.ErrReleased)
	require.Empty(t, children(t), "nothing is started for whoever asks meanwhile")
	require.NoError(t, s.Resume(t.Context()))
	snapshot(t, s)
	require.NoError(t, s.Resume(t.Context()), "again")
	snapshot(t, s)
	release(t, s, time.Millisecond)
	eventually(t, "the time is over", func() bool { _, err := s.Snapshot(t.Context()); return err == nil })
}

// release lets go of the GPUs for d. Nothing holds them when it returns.
func release(t *testing.T, s *Supervisor, d time.Duration) {
	t.Helper()
	earliest := time.Now().Add(d)
	until, err := s.Release(t.Context(), d)
	require.NoError(t, err)
	require.Empty(t, children(t))
	require.False(t, until.Before(earliest))
	require.WithinDuration(t, earliest, until, time.Minute)
}

// A reset is wanted most when a GPU is lost or hangs. The probe leaves all the same.
func TestReleaseOfSickGPUs(t *testing.T) {
	s, lib := rig(t, nvmltest.Card(0, 400), nvmltest.Card(1, 400))
	set(t, lib, func(st *nvmltest.State) { st.GPUs[0].Hang, st.GPUs[1].MemoryCode = 1, 16 })
	seen := snapshot(t, s)
	require.Equal(t, gpu.Hung, seen.GPUs[0].Fault.Kind)
	require.Equal(t, gpu.ResetRequired, seen.GPUs[1].Fault.Kind)
	release(t, s, time.Hour)
	set(t, lib, func(st *nvmltest.State) { st.GPUs[0].Hang, st.GPUs[1].MemoryCode = 0, 0 })
	refused(t, s, Released)
	require.NoError(t, s.Resume(t.Context()))
	for _, g := range snapshot(t, s).GPUs {
		require.Nil(t, g.Fault)
	}
}

// A probe that is stuck in the driver is said to be, and none takes its place when it has left.
func TestReleaseOfAStuckProbe(t *testing.T) {
	s, _ := rig(t, card(0))
	snapshot(t, s)
	s.limits.leave, s.limits.term = 50*time.Millisecond, time.Minute
	stuck := children(t)[0]
	require.NoError(t, syscall.Kill(stuck, syscall.SIGSTOP))
	eventually(t, "it stands still", func() bool { return standsStill(t, stuck) })
	_, err := s.Release(t.Context(), time.Hour)
	require.ErrorContains(t, err, "process "+strconv.Itoa(stuck)+" is stuck in it")
	require.NoError(t, syscall.Kill(stuck, syscall.SIGCONT))
	eventually(t, "it leaves", func() bool { return len(children(t)) == 0 })
	refused(t, s, Released)
	release(t, s, time.Hour)
}

// standsStill says whether every thread of a process has stopped: the signal comes to each in its own time.
func standsStill(t *testing.T, pid int) bool {
	t.Helper()
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
	require.NoError(t, err)
	require.NotEmpty(t, threads)
	for _, thread := range threads {
		text, err := os.ReadFile(thread)
		require.NoError(t, err)
		if !strings.Contains(string(text), ") T ") {
			return false
		}
	}
	return true
}

func TestProbeIsLazilyBound(t *testing.T) {
	t.Setenv("LD_BIND_NOW", "1")
	s, _ := rig(t, card(0))
	snapshot(t, s)

	file, err := elf.Open(probe)
	require.NoError(t, err)
	defer file.Close()
	for tag, now := range map[elf.DynTag]uint64{elf.DT_FLAGS: uint64(elf.DF_BIND_NOW), elf.DT_FLAGS_1: uint64(elf.DF_1_NOW)} {
		values, err := file.DynValue(tag)
		require.NoError(t, err)
		for _, value := range values {
			require.Zero(t, value&now)
		}
	}
}
