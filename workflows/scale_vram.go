package workflows

import (
	"strconv"

	"go.temporal.io/sdk/workflow"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/scaling"
)

// reserve is the last gate before the start: each new replica is promised its VRAM after a fresh look
// at the GPUs, whatever the plan saw.
func (r *serviceRun) reserve(ctx workflow.Context) error {
	if !r.change.Claims() {
		return nil
	}
	promised := true // as far as is known
	r.saga.push("VRAM of the new replicas released", func(ctx workflow.Context) (string, error) {
		if r.serving {
			return "", errServing
		}
		err := r.settle(ctx, "undo: release the VRAM of the new replicas", activities.VRAMChange{Release: r.ids(r.change.Add)})
		if err != nil || !promised {
			return "", err
		}
		return "VRAM of the new replicas released", nil
	})
	detail := strconv.FormatInt(r.change.Policy.ClaimMB, 10) + " MB each"
	return r.phase(ctx, "gate", detail, func() error {
		var a *activities.VRAM
		r.change.GPUs = nil
		err := r.do(ctx, "gate: reserve "+detail+" of VRAM", changeLimit, changeTotal, a.ReserveVRAM,
			activities.ReserveRequest{Approved: r.approved, Project: r.project, Change: r.change}, &r.change.GPUs)
		if err == nil {
			promised = len(r.change.GPUs) > 0 // a host without a GPU promises nothing
		} else if _, refused := activities.RefusalOf(err); refused {
			r.saga.pop() // nothing is promised, so nothing is to be released
		}
		return err
	})
}

// settle tells the books what became of promises; without a claim there is nothing to tell.
func (r *serviceRun) settle(ctx workflow.Context, summary string, change activities.VRAMChange) error {
	if len(change.Commit)+len(change.Ready)+len(change.Release) == 0 {
		return nil
	}
	var a *activities.VRAM
	return r.do(ctx, summary, changeLimit, undoTotal, a.SettleVRAM, change, nil)
}

// claims are the ids of what replicas were promised; none on a host without a GPU.
func (r *serviceRun) claims(numbers []int) []string {
	if r.change.Policy.ClaimMB == 0 || r.change.Claims() && len(r.change.GPUs) == 0 {
		return nil
	}
	return r.ids(numbers)
}

func (r *serviceRun) ids(numbers []int) []string {
	var ids []string
	for _, n := range numbers {
		ids = append(ids, scaling.ClaimID(r.project, r.service, n))
	}
	return ids
}
