package activities

import "go.temporal.io/sdk/worker"

// Host are the activities that need one host's Docker, nginx and disk.
type Host struct {
	Docker     *Docker
	Replicas   *Replicas
	Router     *Router
	VRAM       *VRAM
	Operations *Operations
	Runbooks   *Runbooks
}

// Register adds them to the worker of the host's task queue. Every exported method is an activity.
func (h Host) Register(r worker.ActivityRegistry) {
	r.RegisterActivity(h.Docker)
	r.RegisterActivity(h.Replicas)
	r.RegisterActivity(h.Router)
	r.RegisterActivity(h.VRAM)
	r.RegisterActivity(h.Operations)
	r.RegisterActivity(h.Runbooks)
}

// Shared are the activities that any worker can run.
type Shared struct {
	Visibility *Visibility
	People     *People
	Records    *Records
	Runbooks   *Runbooks
}

// Register adds them to the worker of the shared task queue.
func (s Shared) Register(r worker.ActivityRegistry) {
	r.RegisterActivity(s.Visibility)
	r.RegisterActivity(s.People)
	r.RegisterActivity(s.Records)
	r.RegisterActivity(s.Runbooks)
}
