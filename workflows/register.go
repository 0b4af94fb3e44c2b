package workflows

import "go.temporal.io/sdk/worker"

// Register adds every workflow of this package. Worker and replay tests share this one list.
func Register(r worker.WorkflowRegistry) {
	r.RegisterWorkflow(ScaleService)
	r.RegisterWorkflow(RestartService)
	r.RegisterWorkflow(GuardVRAM)
	r.RegisterWorkflow(RunRunbook)
	r.RegisterWorkflow(Tell)
	r.RegisterWorkflow(SlackTest)
}
