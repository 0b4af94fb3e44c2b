package activities

import (
	"context"
	"time"

	"github.com/evenkeel/evenkeel/internal/scaling"
)

// Engine is what scaling and runbooks need of one host's Docker engine. dockerd implements it. Every
// method but Restart is idempotent.
type Engine interface {
	// Inventory returns the host and the replicas of a Compose project. An engine that cannot be
	// reached is Unavailable.
	Inventory(ctx context.Context, project string) (scaling.Inventory, error)
	// ImagePresent says whether the engine holds an image of that reference.
	ImagePresent(ctx context.Context, image string) (bool, error)
	// Clone makes and starts one more replica as a copy of a sibling. The same spec again returns
	// the same replica, started if it was not. A name or number that something else holds is
	// Conflict. A clone that was created but cannot be started is removed before the error returns.
	Clone(ctx context.Context, spec CloneSpec) (scaling.Replica, error)
	// Start starts a stopped replica; one that runs is left alone. One that is gone is NotFound.
	Start(ctx context.Context, id string) error
	// Stop sends SIGTERM, waits for grace and then sends SIGKILL. One that is gone or stopped is
	// success.
	Stop(ctx context.Context, id string, grace time.Duration) error
	// Restart stops a replica as Stop does and starts it, or starts one that is stopped. With a grace of
	// 0 the container's own holds. Where the engine never got the call the error is marked with
	// ErrNotSent, where it gave no answer it is Unknown, and what it answered is NotFound, Conflict,
	// InvalidInput or PreconditionFailed.
	Restart(ctx context.Context, id string, grace time.Duration) error
	// Remove deletes a replica with its anonymous volumes, whatever its state. One that is gone is
	// success.
	Remove(ctx context.Context, id string) error
	// Stats returns the use of one running replica over about one second.
	Stats(ctx context.Context, id string) (Usage, error)
}

// CloneSpec says which replica to make.
type CloneSpec struct {
	Project string `json:"project"`
	Service string `json:"service"`
	// Number is the Compose container number of the new replica.
	Number int `json:"number"`
	// Sibling is the id of the replica to copy.
	Sibling string `json:"sibling"`
	// GPU is the UUID of the one GPU that the replica may use; empty leaves it as the sibling has it.
	GPU string `json:"gpu,omitempty"`
	// MadeBy is the id of the workflow run; it is kept in a label, so that a retry finds its work.
	MadeBy string `json:"made_by"`
}

// Usage is what a replica uses.
type Usage struct {
	// CPURatio is used processor time as a share of the replica's limit, or of the host without one.
	CPURatio float64 `json:"cpu_ratio"`
	// MemoryRatio is used memory without page cache as a share of the limit, or of the host.
	MemoryRatio float64 `json:"memory_ratio"`
	// MemoryMB is used memory without page cache, in units of 2^20 bytes.
	MemoryMB int64 `json:"memory_mb"`
}

// Compose is what scaling needs of the Compose file and of the person's own `docker compose`.
type Compose interface {
	// Services returns every service of the Compose file, without Hash and ImagePresent.
	Services(ctx context.Context) ([]scaling.Service, error)
	// Hash returns what `docker compose config --hash SERVICE` prints.
	Hash(ctx context.Context, service string) (string, error)
	// Up brings a service from no replica to one without touching any other service.
	Up(ctx context.Context, service string) error
}

// Docker carries out and plans changes of one Compose project on one host. All its activities are
// idempotent and run on the host's task queue.
type Docker struct {
	Host    string
	Project string
	Engine  Engine
	Compose Compose
	// VRAM gates what claims GPU memory.
	VRAM *VRAM
	// Policies and Endpoints are keyed by service, as the configuration names them.
	Policies  map[string]scaling.Policy
	Endpoints map[string]scaling.Endpoint
}
