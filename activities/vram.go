package activities

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/evenkeel/evenkeel/internal/gpu"
	"github.com/evenkeel/evenkeel/internal/scaling"
	"github.com/evenkeel/evenkeel/internal/vram"
)

// GPUs looks at the GPUs of this host. activities/nvml implements it. A host that has none — no
// driver or no device — is NotFound with the cause; anything else that keeps it from looking is
// Unavailable.
type GPUs interface {
	Snapshot(ctx context.Context) (gpu.Snapshot, error)
	// Release lets go of all GPUs and reads none until then or until Resume.
	Release(ctx context.Context, d time.Duration) (until time.Time, err error)
	Resume(ctx context.Context) error
}

// Books is the one ledger of the host's VRAM, which outlives this worker.
type Books interface {
	// Change makes one change, whole or not at all. The same id again returns the first answer.
	Change(ctx context.Context, id string, change VRAMChange) (VRAMAnswer, error)
	// Ledger returns the books as they are; empty ones when nothing was ever promised.
	Ledger(ctx context.Context) (vram.Ledger, error)
}

// VRAMChange is one change of the books. The lists are carried out in this order.
type VRAMChange struct {
	// Observation is a fresh look at the host; nil leaves the last one.
	Observation *vram.Observation `json:"observation,omitempty"`
	// HeadroomRatio is the share of each GPU that stays free, 0 to 1.
	HeadroomRatio float64        `json:"headroom_ratio"`
	Reserve       []vram.Request `json:"reserve,omitempty"`
	Commit        []string       `json:"commit,omitempty"`
	Ready         []string       `json:"ready,omitempty"`
	Release       []string       `json:"release,omitempty"`
}

// VRAMAnswer holds a decision per reservation up to the first that was refused. When one was, none
// is kept.
type VRAMAnswer struct {
	Decisions []vram.Decision `json:"decisions,omitempty"`
}

// VRAM promises the memory of the host's GPUs and takes it back.
type VRAM struct {
	Projects      Projects
	Engine        Engine
	GPUs          GPUs
	Books         Books
	HeadroomRatio float64
}

// ReserveVRAM promises each new replica of a change its memory on one GPU, after a fresh look at
// the host. It is the last gate before the replicas start: a refusal is PreconditionFailed and names
// GPU, need and shortfall. On a host without a GPU a change whose policy allows that gets none.
func (v *VRAM) ReserveVRAM(ctx context.Context, req ReserveRequest) ([]scaling.Assignment, error) {
	defer Heartbeat(ctx)()
	assignments, err := v.reserve(ctx, req.Project, req.Change)
	return assignments, Classify(ctx, err)
}

// ReserveRequest asks for the memory of a change's new replicas.
type ReserveRequest struct {
	Approved
	Project string         `json:"project"`
	Change  scaling.Change `json:"change"`
}

func (v *VRAM) reserve(ctx context.Context, project string, c scaling.Change) ([]scaling.Assignment, error) {
	look, noGPU, err := v.look(ctx)
	if err != nil {
		return nil, err
	}
	if noGPU != "" {
		c.Refusals = nil
		if c, _ = scaling.Gate(project, c, vram.Ledger{}, noGPU, time.Now()); len(c.Refusals) > 0 {
			return nil, Refused(c.Refusals[0])
		}
		return nil, nil
	}
	requests := scaling.Reservations(project, c, vram.Ledger{}.Observe(look))
	answer, err := v.Books.Change(ctx, updateID(ctx), VRAMChange{Observation: &look, HeadroomRatio: v.HeadroomRatio, Reserve: requests})
	if err != nil {
		return nil, err
	}
	var out []scaling.Assignment
	for i, d := range answer.Decisions {
		if !d.Granted {
			return nil, Refused(scaling.Refusal{Code: scaling.VRAMHeadroom, Message: fmt.Sprintf("%s #%d: %s", c.Service, c.Add[i], d.Refusal())})
		}
		out = append(out, scaling.Assignment{Number: c.Add[i], GPU: d.GPU.UUID, Index: d.GPU.Index, Claim: requests[i].ID})
	}
	return out, nil
}

// SettleVRAM tells the ledger of the host's VRAM what became of promises. It is idempotent. A ledger that does not
// answer is Unavailable.
func (v *VRAM) SettleVRAM(ctx context.Context, change VRAMChange) error {
	defer Heartbeat(ctx)()
	change.HeadroomRatio = v.HeadroomRatio
	_, err := v.Books.Change(ctx, updateID(ctx), change)
	return Classify(ctx, err)
}

// look is a fresh observation of the host; noGPU is why there is nothing to look at.
func (v *VRAM) look(ctx context.Context) (look vram.Observation, noGPU string, err error) {
	snapshot, err := v.GPUs.Snapshot(ctx)
	var class *Error
	if errors.As(err, &class) && class.Class == NotFound {
		return look, err.Error(), nil
	}
	if err != nil {
		return look, "", err
	}
	if len(snapshot.GPUs) == 0 {
		return look, "the driver knows no GPU", nil
	}
	claims := map[string]string{}
	for _, project := range v.Projects.Names() {
		inventory, err := v.Engine.Inventory(ctx, project)
		if err != nil {
			return look, "", err
		}
		for _, r := range inventory.Replicas {
			claims[r.ID] = scaling.ClaimID(project, r.Service, r.Number)
		}
	}
	known, _ := vram.Known(snapshot) // nobody may count on the others
	look = vram.Observation{At: snapshot.At, GPUs: known, ClaimsMB: map[string]int64{}}
	for _, g := range snapshot.GPUs {
		for _, p := range g.Processes {
			if id, ok := claims[p.Container]; ok && p.UsedMB != nil {
				look.ClaimsMB[id] += *p.UsedMB
			}
		}
	}
	return look, "", nil
}

// gate holds the changes of a plan against the books as they are, and promises nothing. What cannot
// be looked at is a refusal: the gate fails closed.
func (v *VRAM) gate(ctx context.Context, project string, changes []scaling.Change) {
	if !slices.ContainsFunc(changes, scaling.Change.Claims) {
		return
	}
	look, noGPU, err := v.look(ctx)
	ledger := vram.Ledger{}
	if err == nil && noGPU == "" {
		ledger, err = v.Books.Ledger(ctx)
	}
	ledger.HeadroomRatio = v.HeadroomRatio
	ledger = ledger.Observe(look)
	for i, c := range changes {
		if err != nil && c.Claims() {
			changes[i].Refusals = append(c.Refusals, scaling.Refusal{Code: scaling.VRAMHeadroom, Message: "the VRAM headroom is not known: " + err.Error()})
			continue
		}
		changes[i], ledger = scaling.Gate(project, c, ledger, noGPU, time.Now())
	}
}

// updateID names a change after the activity that makes it: a retry gets the first answer.
func updateID(ctx context.Context) string {
	info := activity.GetInfo(ctx)
	return info.WorkflowExecution.RunID + "/" + info.ActivityID
}
