package activities

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/testsuite"

	"github.com/evenkeel/evenkeel/internal/gpu"
	"github.com/evenkeel/evenkeel/internal/scaling"
	"github.com/evenkeel/evenkeel/internal/vram"
)

// driver is a host's GPUs and books in memory.
type driver struct {
	snapshot gpu.Snapshot
	err      error
	released time.Duration
	books    vram.Ledger
	booksErr error
	changes  []VRAMChange
	ids      []string
}

func (d *driver) Snapshot(context.Context) (gpu.Snapshot, error) { return d.snapshot, d.err }

func (d *driver) Release(_ context.Context, lasts time.Duration) (time.Time, error) {
	d.released = lasts
	return time.Unix(0, 0).Add(lasts), d.err
}

func (d *driver) Resume(context.Context) error { d.released = 0; return d.err }

func (d *driver) Ledger(context.Context) (vram.Ledger, error) { return d.books, d.booksErr }

func (d *driver) Change(_ context.Context, id string, change VRAMChange) (VRAMAnswer, error) {
	d.changes, d.ids = append(d.changes, change), append(d.ids, id)
	ledger := d.books
	ledger.HeadroomRatio = change.HeadroomRatio
	if change.Observation != nil {
		ledger = ledger.Observe(*change.Observation)
	}
	var answer VRAMAnswer
	for _, request := range change.Reserve {
		next, decision, err := ledger.Reserve(request, time.Now())
		if err != nil {
			return answer, err
		}
		answer.Decisions, ledger = append(answer.Decisions, decision), next
	}
	return answer, d.booksErr
}

func (d *driver) vram(replicas ...scaling.Replica) *VRAM {
	return &VRAM{Projects: Projects{"shop": {Name: "shop"}}, Engine: &site{replicas: replicas}, GPUs: d, Books: d, HeadroomRatio: 0.2}
}

func card(freeMB int64, processes ...gpu.Process) gpu.Snapshot {
	return gpu.Snapshot{At: time.Now(), GPUs: []gpu.GPU{{
		UUID: "GPU-a", Memory: gpu.Memory{TotalMB: new(int64(24576)), FreeMB: new(freeMB)}, Processes: processes,
	}}}
}

func claiming(optional bool) scaling.Change {
	return scaling.Change{Service: "worker", Add: []int{2}, Policy: scaling.Policy{Name: "worker", ClaimMB: 2000, GPUOptional: optional}}
}

func TestGateFailsClosed(t *testing.T) {
	noDriver := Fail(NotFound, errors.New("no NVIDIA driver"))
	for name, c := range map[string]struct {
		driver  *driver
		change  scaling.Change
		refused string
	}{
		"enough":                        {&driver{snapshot: card(8000)}, claiming(false), ""},
		"too little":                    {&driver{snapshot: card(6000)}, claiming(true), "GPU 0 (GPU-a) needs 2000 MB and is 916 MB short"},
		"no GPU, optional":              {&driver{err: noDriver}, claiming(true), ""},
		"no GPU":                        {&driver{err: noDriver}, claiming(false), "this host has no GPU: no NVIDIA driver"},
		"a driver that knows no GPU":    {&driver{}, claiming(false), "the driver knows no GPU"},
		"the driver hangs, optional":    {&driver{err: errors.New("no answer")}, claiming(true), "the VRAM headroom is not known: no answer"},
		"the books do not answer":       {&driver{snapshot: card(8000), booksErr: errors.New("no server")}, claiming(true), "not known: no server"},
		"the one GPU does not answer":   {&driver{snapshot: gpu.Snapshot{GPUs: []gpu.GPU{{UUID: "GPU-a", Fault: gpu.FaultOf(15)}}}}, claiming(true), "there is no GPU to use"},
		"a service without a claim":     {&driver{err: errors.New("no answer")}, scaling.Change{Add: []int{2}}, ""},
		"what another was promised":     {&driver{snapshot: card(8000), books: promised(2000)}, claiming(false), "is 916 MB short"},
		"the host cannot be asked, but": {&driver{err: errors.New("no answer")}, scaling.Change{Policy: scaling.Policy{ClaimMB: 1}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			changes := []scaling.Change{c.change}
			c.driver.vram().gate(t.Context(), "shop", changes)
			require.Empty(t, c.driver.changes, "a plan promises nothing")
			if c.refused == "" {
				require.Empty(t, changes[0].Refusals)
				return
			}
			require.Len(t, changes[0].Refusals, 1)
			require.Contains(t, changes[0].Refusals[0].Message, c.refused)
		})
	}
}

func promised(mb int64) vram.Ledger {
	l := vram.Ledger{HeadroomRatio: 0.2}.Observe(vram.Observation{At: time.Now().Add(-time.Minute), GPUs: []vram.GPU{{UUID: "GPU-a", TotalMB: 24576, FreeMB: 20000}}})
	l, _, err := l.Reserve(vram.Request{ID: "another", MB: mb, GPUs: []string{"GPU-a"}, TTL: time.Hour}, time.Now())
	if err != nil {
		panic(err)
	}
	return l
}

// What a replica's processes hold is counted to its claim, by the container they run in.
func TestReserveVRAMLooksFirst(t *testing.T) {
	d := &driver{snapshot: card(9000, gpu.Process{PID: 1, UsedMB: new(int64(1500)), Container: "a"}, gpu.Process{PID: 2, UsedMB: new(int64(9)), Container: "stranger"}, gpu.Process{PID: 3, Container: "a"})}
	v := d.vram(scaling.Replica{ID: "a", Service: "worker", Number: 1})
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestActivityEnvironment()
	env.RegisterActivity(v)
	value, err := env.ExecuteActivity(v.ReserveVRAM, ReserveRequest{Project: "shop", Change: claiming(false)})
	require.NoError(t, err)
	var got []scaling.Assignment
	require.NoError(t, value.Get(&got))
	require.Equal(t, []scaling.Assignment{{Number: 2, GPU: "GPU-a", Claim: "shop/worker/2"}}, got)
	require.Equal(t, map[string]int64{"shop/worker/1": 1500}, d.changes[0].Observation.ClaimsMB)
	require.NotEmpty(t, d.ids[0], "a retry must get the first answer")

	d.snapshot = card(6000)
	_, err = env.ExecuteActivity(v.ReserveVRAM, ReserveRequest{Project: "shop", Change: claiming(false)})
	require.ErrorContains(t, err, "worker #2: GPU 0 (GPU-a) needs 2000 MB and is 916 MB short")
}

// A driver or a ledger that is slow must not look like a worker that died.
func TestVRAMActivitiesAreAlive(t *testing.T) {
	for name, do := range map[string]func(*VRAM) (any, any){
		"ReserveVRAM": func(v *VRAM) (any, any) {
			return v.ReserveVRAM, ReserveRequest{Project: "shop", Change: claiming(false)}
		},
		"SettleVRAM": func(v *VRAM) (any, any) { return v.SettleVRAM, VRAMChange{Ready: []string{"shop/worker/2"}} },
	} {
		t.Run(name, func(t *testing.T) {
			beat := make(chan struct{})
			var once sync.Once
			var suite testsuite.WorkflowTestSuite
			env := suite.NewTestActivityEnvironment()
			env.SetOnActivityHeartbeatListener(func(*activity.Info, converter.EncodedValues) { once.Do(func() { close(beat) }) })
			v := (&driver{snapshot: card(9000)}).vram()
			v.Books = slowBooks{v.Books, beat}
			env.RegisterActivity(v)
			activity, request := do(v)
			_, err := env.ExecuteActivity(activity, request)
			require.NoError(t, err)
		})
	}
}

// slowBooks answers when the activity has said that it is alive.
type slowBooks struct {
	Books
	beat <-chan struct{}
}

func (b slowBooks) Change(ctx context.Context, id string, change VRAMChange) (VRAMAnswer, error) {
	select {
	case <-b.beat:
		return b.Books.Change(ctx, id, change)
	case <-time.After(2 * time.Second):
		return VRAMAnswer{}, Fail(PreconditionFailed, errors.New("no heartbeat came"))
	}
}
