package app

import (
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/worker"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/activities/operations"
)

// registered is one activity: its name, who may run it, and what does it.
type registered struct {
	name  string
	class class
	do    any
}

// HostActivities are what needs one host's Docker, nginx, GPUs and programs.
type HostActivities struct {
	Docker     *activities.Docker
	Replicas   *activities.Replicas
	Router     *activities.Router
	VRAM       *activities.VRAM
	Operations *operations.Operations
	Runbooks   *activities.Runbooks
	People     *activities.People
}

func (h HostActivities) list() []registered {
	return []registered{
		{activities.ActOperation, effect, h.Operations.Act},
		{activities.ReadProbes, step, h.Operations.ReadProbes},
		{activities.WatchCondition, step, h.Operations.Watch},
		{activities.LoadRunbook, step, h.Runbooks.LoadRunbook},
		{activities.PlanRunbook, read, h.Runbooks.PlanRunbook},
		{activities.WhoIs, read, h.People.WhoIs},
		{activities.UseStart, effect, h.People.UseStart},
		{activities.ConfiguredWith, read, h.Docker.ConfiguredWith},
		{activities.ListServices, read, h.Docker.ListServices},
		{activities.ServiceStats, read, h.Docker.ServiceStats},
		{activities.PlanScale, read, h.Docker.PlanScale},
		{activities.PlanRestart, read, h.Docker.PlanRestart},
		{activities.StartReplicas, effect, h.Docker.StartReplicas},
		{activities.UndoStart, effect, h.Docker.UndoStart},
		{activities.StopReplicas, effect, h.Docker.StopReplicas},
		{activities.StartAgain, effect, h.Docker.StartAgain},
		{activities.RemoveReplicas, effect, h.Docker.RemoveReplicas},
		{activities.AwaitReady, step, h.Replicas.AwaitReady},
		{activities.CheckHealthy, step, h.Replicas.CheckHealthy},
		{activities.ObserveReplicas, step, h.Replicas.ObserveReplicas},
		{activities.MissingReplicas, step, h.Replicas.MissingReplicas},
		{activities.DrainReplicas, effect, h.Replicas.DrainReplicas},
		{activities.ResumeReplicas, effect, h.Replicas.ResumeReplicas},
		{activities.RouteReplicas, effect, h.Router.RouteReplicas},
		{activities.ReserveVRAM, effect, h.VRAM.ReserveVRAM},
		{activities.SettleVRAM, effect, h.VRAM.SettleVRAM},
		{activities.ReleaseGPUs, order, h.VRAM.ReleaseGPUs},
		{activities.ResumeGPUs, order, h.VRAM.ResumeGPUs},
	}
}

// Register adds them to the worker of the host's task queue, which must have a Guard.
func (h HostActivities) Register(r worker.ActivityRegistry) { register(r, h.list()) }

// SharedActivities are what any worker can run.
type SharedActivities struct {
	Visibility *activities.Visibility
	Records    *activities.Records
	Runbooks   *activities.Runbooks
	Messages   *activities.Messages
	Whispers   *activities.Whispers
}

func (s SharedActivities) list() []registered {
	list := []registered{
		{activities.KnownSearchAttributes, local, s.Visibility.KnownSearchAttributes},
		{activities.Evaluate, local, s.Records.Keep},
		{activities.ActedSince, local, s.Runbooks.PastActs},
		{activities.ActedSinceLater, step, s.Runbooks.PastActs},
		{activities.Notify, effect, s.Messages.Notify},
		{activities.PageNotice, effect, s.Messages.PageNotice},
		{activities.PostNotice, effect, s.Messages.PostNotice},
		{activities.Whisper, effect, s.Whispers.Whisper},
		{activities.KeepLater, effect, s.Records.Keep},
		{activities.KeepServiceAsk, effect, s.Records.KeepServiceAsk},
		{activities.KeepServiceRun, effect, s.Records.KeepServiceRun},
		{activities.ReadEntries, read, s.Records.ReadEntries},
		{activities.VerifyLedger, read, s.Records.VerifyLedger},
	}
	// The Web UI shows a local activity by its name, so what keeps an entry has the name of its kind.
	for _, kind := range activities.KeptKinds {
		list = append(list, registered{kind, local, s.Records.Keep})
	}
	return list
}

// Register adds them to the worker of the shared task queue, which must have a Guard.
func (s SharedActivities) Register(r worker.ActivityRegistry) { register(r, s.list()) }

// register adds activities by name: no method becomes one because it is exported.
func register(r worker.ActivityRegistry, list []registered) {
	for _, a := range list {
		r.RegisterActivityWithOptions(a.do, activity.RegisterOptions{Name: a.name})
	}
}
