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
	People     *People
}

// Register adds them to the worker of the host's task queue. Every exported method is an activity.
func (h Host) Register(r worker.ActivityRegistry) {
	r.RegisterActivity(h.Docker)
	r.RegisterActivity(h.Replicas)
	r.RegisterActivity(h.Router)
	r.RegisterActivity(h.VRAM)
	r.RegisterActivity(h.Operations)
	r.RegisterActivity(h.People)
	r.RegisterActivity(h.Runbooks)
}

// Shared are the activities that any worker can run.
type Shared struct {
	Visibility *Visibility
	Records    *Records
	Runbooks   *Runbooks
	Messages   *Messages
}

// Register adds them to the worker of the shared task queue.
func (s Shared) Register(r worker.ActivityRegistry) {
	r.RegisterActivity(s.Visibility)
	r.RegisterActivity(s.Records)
	r.RegisterActivity(s.Messages)
	r.RegisterActivity(s.Runbooks)
}
