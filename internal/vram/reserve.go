package vram

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/evenkeel/evenkeel/internal/gpu"
)

// Request asks for memory of one GPU.
type Request struct {
	// ID names the reservation; asking again with it does not reserve twice.
	ID string `json:"id"`
	// MB is how much, more than 0.
	MB int64 `json:"mb"`
	// GPUs are the UUIDs that will do; see MayUse.
	GPUs []string `json:"gpus"`
	// TTL is how long the reservation lasts unless it is committed, more than 0.
	TTL time.Duration `json:"ttl"`
}

// Decision is the answer: granted, with GPU, or refused, with Shortfalls.
type Decision struct {
	Granted bool `json:"granted"`
	// GPU is the one that was granted.
	GPU GPU `json:"gpu,omitzero"`
	// ExpiresAt is when a granted reservation ends unless it is committed; zero when it already is.
	ExpiresAt time.Time `json:"expires_at,omitzero"`
	// Shortfalls say for each GPU why not, the nearest to enough first.
	Shortfalls []Shortfall `json:"shortfalls,omitempty"`
	// HeadroomRatio is the share that has to stay free.
	HeadroomRatio float64 `json:"headroom_ratio"`
}

// Shortfall is why a GPU cannot take a request.
type Shortfall struct {
	UUID string `json:"uuid"`
	// NeedMB is what was asked for.
	NeedMB int64 `json:"need_mb"`
	// Known is false for a GPU whose memory is not known; what follows is then 0.
	Known bool `json:"known"`
	Index int  `json:"index"`
	// ShortMB is how much of it is missing, more than 0.
	ShortMB int64 `json:"short_mb"`
	TotalMB int64 `json:"total_mb"`
	// FreeRatioAfter is the share that would be left with every promise used; it may be negative.
	FreeRatioAfter float64 `json:"free_ratio_after"`
}

// Reserve promises memory of that GPU of the request which keeps the largest share free, so that the
// headroom stays free after the claim; of equals the one of the lowest index. The same ID with the same
// MB gets the same answer until it expires or is released, also after Commit. The error says that the
// request cannot be: no ID, no size, no lifetime, or the ID of another request.
func (l Ledger) Reserve(r Request, now time.Time) (Ledger, Decision, error) {
	if r.ID == "" || r.MB <= 0 || r.TTL <= 0 {
		return l, Decision{}, fmt.Errorf("reservation %q of %d MB for %s: it needs an id, a size and a lifetime", r.ID, r.MB, r.TTL)
	}
	l = l.Expire(now)
	decision := Decision{HeadroomRatio: l.HeadroomRatio}
	if held, ok := l.Claim(r.ID); ok {
		if held.DeclaredMB != r.MB {
			return l, decision, fmt.Errorf("reservation %s is one of %d MB already; release it before it becomes one of %d MB", r.ID, held.DeclaredMB, r.MB)
		}
		g, _ := l.watched(held.GPU)
		decision.Granted, decision.GPU, decision.ExpiresAt = true, g.GPU, held.ExpiresAt
		return l, decision, nil
	}
	best := -1.0
	for _, g := range l.GPUs {
		if !slices.Contains(r.GPUs, g.UUID) {
			continue
		}
		room, _ := l.RoomMB(g.UUID)
		if room < r.MB {
			decision.Shortfalls = append(decision.Shortfalls, l.shortfall(g.UUID, r.MB, room))
		} else if left := l.freeRatio(g.GPU, room-r.MB); left > best {
			best, decision.Granted, decision.GPU = left, true, g.GPU
		}
	}
	if decision.Granted {
		decision.Shortfalls, decision.ExpiresAt = nil, now.Add(r.TTL)
		l.Claims = append(l.Claims, Claim{
			ID: r.ID, GPU: decision.GPU.UUID, DeclaredMB: r.MB, State: Reserved, Since: now, ExpiresAt: decision.ExpiresAt,
		})
		return l, decision, nil
	}
	slices.SortStableFunc(decision.Shortfalls, func(a, b Shortfall) int { return int(a.ShortMB - b.ShortMB) })
	for _, uuid := range r.GPUs {
		if _, known := l.watched(uuid); !known {
			decision.Shortfalls = append(decision.Shortfalls, l.shortfall(uuid, r.MB, 0))
		}
	}
	return l, decision, nil
}

// shortfall says why a GPU with that much room cannot take what is needed.
func (l Ledger) shortfall(uuid string, needMB, room int64) Shortfall {
	g, known := l.watched(uuid)
	if !known {
		return Shortfall{UUID: uuid, NeedMB: needMB}
	}
	return Shortfall{
		UUID: uuid, Known: true, Index: g.Index, NeedMB: needMB, ShortMB: needMB - room, TotalMB: g.TotalMB,
		FreeRatioAfter: l.freeRatio(g.GPU, room-needMB),
	}
}

// freeRatio is the share of a GPU that is free when roomMB more could be promised.
func (l Ledger) freeRatio(g GPU, roomMB int64) float64 {
	return gpu.FreeRatio(roomMB+gpu.HeadroomMB(g.TotalMB, l.HeadroomRatio), g.TotalMB)
}

// Refusal says in one line which GPU lacks how much; empty when the request is granted.
func (d Decision) Refusal() string {
	if d.Granted {
		return ""
	}
	if len(d.Shortfalls) == 0 {
		return "there is no GPU to use"
	}
	parts := make([]string, len(d.Shortfalls))
	for i, s := range d.Shortfalls {
		parts[i] = s.text(d.HeadroomRatio)
	}
	return strings.Join(parts, "; ")
}

func (s Shortfall) text(ratio float64) string {
	if !s.Known {
		return fmt.Sprintf("the memory of GPU %s is not known", s.UUID)
	}
	return fmt.Sprintf("GPU %d (%s) needs %d MB and is %d MB short: %.1f%% of %d MB would stay free, %.4g%% has to",
		s.Index, s.UUID, s.NeedMB, s.ShortMB, 100*floor(s.FreeRatioAfter), s.TotalMB, 100*ratio)
}

// floor rounds down to a tenth of a percent, so that too little never reads as enough.
func floor(ratio float64) float64 {
	tenths := int64(ratio * 1000)
	if float64(tenths) > ratio*1000 {
		tenths--
	}
	return float64(tenths) / 1000
}
