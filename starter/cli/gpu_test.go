package cli

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/evenkeel/evenkeel/activities/nvml/nvmltest"
	"github.com/evenkeel/evenkeel/internal/config"
	"github.com/evenkeel/evenkeel/internal/gpu"
)

// Every file in testdata/gpu is a person's session on a machine whose NVML is the stand-in. The
// command `standin CARD…` makes it: an amount of MB that is used of 24576, `hung`, `lost` or
// `init CODE`.
func TestGPUScripts(t *testing.T) {
	starter, err := exec.LookPath("starter")
	require.NoError(t, err)
	bin := t.TempDir()
	_, err = nvmltest.BuildProbe(bin)
	require.NoError(t, err)
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/gpu",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("PATH", filepath.Dir(starter)+":"+bin)
			env.Setenv("TZ", "Europe/Vienna")
			env.Setenv("EVENKEEL_NVML_LIBRARY", filepath.Join(env.WorkDir, "none.so"))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "standin": standin},
	})
}

func standin(ts *testscript.TestScript, neg bool, args []string) {
	var cards []nvmltest.GPU
	var code int64
	for i := 0; i < len(args); i++ {
		card := nvmltest.Card(len(cards), 0)
		switch args[i] {
		case "hung":
			card.Hang = 1
		case "lost":
			card.MemoryCode = 15
		case "init":
			i++
			n, err := strconv.Atoi(args[i])
			ts.Check(err)
			code = int64(n)
			continue
		default:
			used, err := strconv.ParseInt(args[i], 10, 64)
			ts.Check(err)
			card = nvmltest.Card(len(cards), used)
		}
		cards = append(cards, card)
	}
	if neg {
		ts.Fatalf("standin cannot fail")
	}
	dir := ts.MkAbs(".lib")
	ts.Check(os.MkdirAll(dir, 0o700))
	lib, err := nvmltest.New(dir, cards...)
	ts.Check(err)
	ts.Check(lib.Set(func(s *nvmltest.State) { s.InitCode = code }))
	ts.Defer(func() { lib.Close() })
	ts.Setenv("EVENKEEL_NVML_LIBRARY", lib.File)
}

// looks are snapshots that come one after the other.
type looks []func() (gpu.Snapshot, error)

func (l *looks) Snapshot(context.Context) (gpu.Snapshot, error) {
	next := (*l)[0]
	if len(*l) > 1 {
		*l = (*l)[1:]
	}
	return next()
}

func free(mb int64) func() (gpu.Snapshot, error) {
	return func() (gpu.Snapshot, error) {
		return gpu.Snapshot{At: time.Unix(0, 0), GPUs: []gpu.GPU{{
			UUID: "GPU-1", Name: "card", Memory: gpu.Memory{TotalMB: new(int64(10000)), UsedMB: new(10000 - mb), FreeMB: &mb},
			Processes: []gpu.Process{{PID: 4711, UsedMB: new(int64(77)), Container: "0123456789abcdef"}},
		}}}, nil
	}
}

func broken() (gpu.Snapshot, error) { return gpu.Snapshot{}, errors.New("the driver is gone") }

func TestMonitorRemembersTheWorst(t *testing.T) {
	for name, c := range map[string]struct {
		looks looks
		want  error
	}{
		"well":               {looks{free(9000)}, nil},
		"too little once":    {looks{free(9000), free(100), free(9000)}, answered(exitNo)},
		"not answering once": {looks{free(9000), broken, free(9000)}, answered(exitNo)},
	} {
		t.Run(name, func(t *testing.T) {
			var out, faults bytes.Buffer
			s := newStarter(Streams{Out: &out, Err: &faults})
			err := s.gpuStatus(t.Context(), config.Default(), &c.looks, monitor{every: 10 * time.Millisecond, lasts: 300 * time.Millisecond})
			require.Equal(t, c.want, err)
			require.Greater(t, bytes.Count(out.Bytes(), []byte("GPU 0: card\n  Total VRAM")), 2)
		})
	}
	s := newStarter(Streams{Out: &bytes.Buffer{}, Err: &bytes.Buffer{}})
	require.Equal(t, exitMissing, s.report(s.gpuStatus(t.Context(), config.Default(), &looks{broken}, monitor{every: time.Hour})))
}

func TestMonitorIsStopped(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := newStarter(Streams{Out: &bytes.Buffer{}, Err: &bytes.Buffer{}})
	seen := &looks{func() (gpu.Snapshot, error) { cancel(); return free(9000)() }}
	require.Equal(t, exitDetached, s.report(s.gpuStatus(ctx, config.Default(), seen, monitor{every: time.Hour})))
}

// On a terminal the report changes in place, and the last one stays when it is given back.
func TestLiveView(t *testing.T) {
	t.Setenv("TERM", "xterm")
	t.Setenv("TZ", "UTC")
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	require.NoError(t, err)
	defer master.Close()
	require.NoError(t, unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0))
	n, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	require.NoError(t, err)
	terminal, err := os.OpenFile("/dev/pts/"+strconv.Itoa(n), os.O_RDWR|unix.O_NOCTTY, 0)
	require.NoError(t, err)
	defer terminal.Close()
	shown := make(chan []byte)
	go func() {
		var all []byte
		for buffer := make([]byte, 4096); ; {
			n, err := master.Read(buffer)
			if all = append(all, buffer[:n]...); err != nil || bytes.Contains(all, []byte(formerScreen)) && bytes.HasSuffix(all, []byte("\r\n")) {
				shown <- all
				return
			}
		}
	}()
	s := newStarter(Streams{Out: terminal, Err: terminal})
	err = s.gpuStatus(t.Context(), config.Default(), &looks{free(9000), broken, free(8000)}, monitor{every: 20 * time.Millisecond, lasts: 500 * time.Millisecond})
	require.Equal(t, answered(exitNo), err)
	screen := string(<-shown)
	require.Contains(t, screen, ownScreen+cleared)
	require.Contains(t, screen, "Free: 9000 MB (90.0%)")
	require.Contains(t, screen, "4711  77 MB  0123456789ab")
	require.Contains(t, screen, "the driver is gone")
	before, after, _ := bytes.Cut([]byte(screen), []byte(formerScreen))
	require.Contains(t, string(before), "Free: 8000 MB")
	require.Contains(t, string(after), "[PASS] Sufficient VRAM headroom (80.0% >= 20%)")
	require.NotContains(t, string(after), "\x1b")
}

// A number without a unit is seconds; anything else is a duration as everywhere.
func TestHowLongToLook(t *testing.T) {
	for _, c := range []struct {
		interval, duration string
		every, lasts       time.Duration
		fault              string
	}{
		{"10s", "", 10 * time.Second, 0, ""},
		{"10", "600", 10 * time.Second, 10 * time.Minute, ""},
		{"1m30s", "2h", 90 * time.Second, 2 * time.Hour, ""},
		{"0", "", 0, 0, "--interval: 0s is too short; write 1s or more"},
		{"10s", "0", 0, 0, "--duration: 0s is too short; write 1s or more"},
		{"1.5", "", 0, 0, "--interval: "},
		{"-1", "", 0, 0, "--interval: "},
		{"10s", "10 m", 0, 0, "--duration: "},
		{"10s", "9223372036854775807", 0, 0, "is longer than 292 years"},
	} {
		m := monitor{interval: c.interval, duration: c.duration}
		err := m.check(true)
		if c.fault != "" {
			require.ErrorContains(t, err, c.fault, "%v", c)
			continue
		}
		require.NoError(t, err, "%v", c)
		require.Equal(t, c.every, m.every)
		require.Equal(t, c.lasts, m.lasts)
	}
}
