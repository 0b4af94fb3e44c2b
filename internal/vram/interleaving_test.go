package vram

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/gpu"
)

// world is a host with processes that really use memory, and several parties that act on one ledger
// without waiting for each other: every answer may come twice, looks arrive late and out of order,
// parties die and leave their reservations behind.
type world struct {
	*rand.Rand
	ledger  Ledger
	now     time.Time
	gpus    []GPU            // FreeMB is unused
	foreign map[string]int64 // by GPU: what others use, the driver's own included
	uses    map[string]int64 // by claim: what its process uses
	late    []Observation
	prompt  bool // looks arrive at once
	blind   bool // the driver does not say what a process uses
	asked   int
	granted int
}

func newWorld(seed uint64) *world {
	w := &world{Rand: rand.New(rand.NewPCG(seed, 1)), now: start, foreign: map[string]int64{}, uses: map[string]int64{}}
	w.ledger.HeadroomRatio = float64(w.IntN(31)) / 100
	w.blind, w.prompt = w.IntN(3) == 0, w.IntN(3) == 0
	for i := range 1 + w.IntN(3) {
		g := card(i, 0)
		g.TotalMB = int64(8000 + w.IntN(40000))
		w.gpus = append(w.gpus, g)
		w.foreign[g.UUID] = w.Int64N(g.TotalMB * 6 / 10)
	}
	return w
}

func (w *world) look() Observation {
	o := Observation{At: w.now, ClaimsMB: map[string]int64{}}
	for _, g := range w.gpus {
		if !w.prompt && w.IntN(10) == 0 {
			continue // this GPU did not answer
		}
		g.FreeMB = g.TotalMB - w.foreign[g.UUID]
		for _, c := range w.ledger.Claims {
			if c.GPU == g.UUID {
				g.FreeMB -= w.uses[c.ID]
			}
		}
		o.GPUs = append(o.GPUs, g)
	}
	for _, c := range w.ledger.Claims {
		// A driver that says what processes use still misses one now and then while it starts.
		if !w.blind && (c.State != Loading || w.IntN(5) > 0) {
			o.ClaimsMB[c.ID] = w.uses[c.ID]
		}
	}
	return o
}

func (w *world) step(t *testing.T) {
	w.now = w.now.Add(time.Duration(w.IntN(8000)) * time.Millisecond)
	var c Claim
	if n := len(w.ledger.Claims); n > 0 {
		c = w.ledger.Claims[w.IntN(n)]
	}
	switch w.IntN(7) {
	case 0:
		w.late = append(w.late, w.look())
	case 1:
		if n := len(w.late); w.prompt {
			w.ledger = w.ledger.Observe(w.look())
		} else if n > 0 {
			i := w.IntN(n)
			w.ledger = w.ledger.Observe(w.late[i])
		}
	case 2:
		w.reserve(t)
	case 3:
		if next, err := w.ledger.Commit(c.ID, w.now); err == nil {
			w.ledger = next
		}
	case 4:
		if c.State == Loading || c.State == Ready { // its process grows, or shrinks
			w.uses[c.ID] = w.Int64N(c.DeclaredMB + 1)
		}
	case 5:
		w.advance(t, c)
	case 6:
		if w.uses[c.ID] == 0 && (c.State == Unloading || c.State == Reserved) {
			w.ledger = w.ledger.Release(c.ID, w.now)
		}
	}
}

func (w *world) reserve(t *testing.T) {
	if w.asked == 0 || w.IntN(4) > 0 {
		w.asked++
	}
	id := fmt.Sprintf("r%d", w.asked) // sometimes the last one again
	r := Request{ID: id, MB: int64(1 + w.IntN(12000)), TTL: time.Duration(1+w.IntN(60)) * time.Second}
	if held, ok := w.ledger.Claim(id); ok {
		r.MB = held.DeclaredMB
	}
	for _, g := range MayUse(w.gpus, w.IntN(7)) {
		r.GPUs = append(r.GPUs, g.UUID)
	}
	next, d, err := w.ledger.Reserve(r, w.now)
	require.NoError(t, err)
	again, same, err := next.Reserve(r, w.now)
	require.NoError(t, err)
	require.Equal(t, d, same, "an answer that comes twice")
	require.Equal(t, next, again)
	w.ledger = next
	if d.Granted {
		w.granted++
	} else {
		require.NotEmpty(t, d.Refusal())
	}
}

func (w *world) advance(t *testing.T, c Claim) {
	if c.State != Loading && c.State != Ready {
		return
	}
	state := Ready
	if c.State == Ready {
		state = Unloading
	}
	next, err := w.ledger.Advance(c.ID, state, w.now)
	require.NoError(t, err)
	w.ledger = next
	if state == Unloading {
		w.uses[c.ID] = 0 // the release comes later
	}
}

// Under any interleaving, what is promised and what others use leave the headroom free, and so does
// what is really used; what expired is gone.
func TestNeverMoreIsPromisedThanThereIs(t *testing.T) {
	granted := 0
	for seed := range uint64(1500) {
		w := newWorld(seed)
		for range 150 {
			w.step(t)
			w.ledger = w.ledger.Expire(w.now)
			for _, c := range w.ledger.Claims {
				require.True(t, c.State != Reserved || w.now.Before(c.ExpiresAt))
			}
			for _, g := range w.gpus {
				if room, ok := w.ledger.RoomMB(g.UUID); ok && w.prompt {
					require.Equal(t, g.TotalMB-w.foreign[g.UUID]-w.ledger.PromisedMB(g.UUID)-gpu.HeadroomMB(g.TotalMB, w.ledger.HeadroomRatio), room)
				}
				limit := g.TotalMB - gpu.HeadroomMB(g.TotalMB, w.ledger.HeadroomRatio)
				promised := w.ledger.PromisedMB(g.UUID)
				if promised == 0 {
					continue // others may have broken it before
				}
				require.LessOrEqual(t, promised+w.foreign[g.UUID], limit, "seed %d", seed)
			}
		}
		granted += w.granted
	}
	require.Greater(t, granted, 10000, "the test has to have decided something")
}

// When everybody is gone, all of it is there again.
func TestEverythingComesBack(t *testing.T) {
	for seed := range uint64(200) {
		w := newWorld(seed)
		for range 100 {
			w.step(t)
		}
		clear(w.uses)
		for _, c := range w.ledger.Claims {
			if c.State != Reserved {
				w.ledger = w.ledger.Release(c.ID, w.now)
			}
		}
		w.now, w.prompt = w.now.Add(time.Hour), true
		w.ledger = w.ledger.Expire(w.now).Observe(w.look())
		require.Empty(t, w.ledger.Claims)
		for _, g := range w.gpus {
			room, ok := w.ledger.RoomMB(g.UUID)
			require.True(t, ok)
			require.Equal(t, g.TotalMB-w.foreign[g.UUID]-gpu.HeadroomMB(g.TotalMB, w.ledger.HeadroomRatio), room)
		}
	}
}
