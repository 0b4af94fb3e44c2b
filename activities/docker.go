package activities

import (
	"context"
	"time"

	"github.com/evenkeel/evenkeel/internal/scaling"
)

// Engine is what scaling and runbooks need of one host's Docker engine. dockerd implements it. Every
// method is idempotent.
type Engine interface {
	// Inventory returns the host and the replicas of a Compose project. An engine that cannot be
	// reached is Unavailable.
	Inventory(ctx context.Context, project string) (scaling.Inventory, error)
	// Replicas returns those of one service, in the order of their numbers. It asks for little and may be
	// called many times a second.
	Replicas(ctx context.Context, project, service string) ([]scaling.Replica, error)
	// ImageID returns the id of the image that a reference names, "" when the engine has none.
	ImageID(ctx context.Context, image string) (string, error)
	// Resources returns the networks and volumes that the engine has.
	Resources(ctx context.Context) ([]scaling.Resource, error)
	// Shape returns a container as digests, without what comes from its image.
	Shape(ctx context.Context, id string) (scaling.Shape, error)
	// Life returns how a container has lived; with the end of its log where words is true.
	Life(ctx context.Context, id string, words bool) (scaling.Life, error)
	// CheckFiles says which of files would be copied from the sibling although the Compose file now
	// says something else, as warnings. A file whose bytes are known from nowhere is PreconditionFailed
	// by its name.
	CheckFiles(ctx context.Context, sibling string, files []ContainerFile) (warnings []string, err error)
	// Clone makes one more replica as a copy of a sibling, with the files that Compose would write into
	// it, compares it with the sibling, starts it and runs its post_start hooks. The same spec again
	// returns the same replica, started if it was not; hooks may then run again. A name or number that
	// something else holds is Conflict. A clone that has never run and cannot be started is removed before
	// the error returns; one that has run before stays.
	Clone(ctx context.Context, spec CloneSpec) (scaling.Replica, error)
	// Start starts a stopped replica and runs its post_start hooks. One that runs is left alone, except
	// where again says that an earlier attempt may have started it and not come to its hooks: then they
	// run, perhaps for the second time. One that is gone is NotFound.
	Start(ctx context.Context, id string, postStart []Hook, again bool) error
	// Stop runs the pre_stop hooks, sends SIGTERM, waits for grace and then sends SIGKILL. One that is
	// gone or stopped is success, and runs no hook. A paused one is let go on first.
	Stop(ctx context.Context, id string, grace time.Duration, preStop []Hook) error
	// Remove deletes a replica with its anonymous volumes, whatever its state. One that is gone is
	// success.
	Remove(ctx context.Context, id string) error
	// Stats returns the use of one running replica over about one second.
	Stats(ctx context.Context, id string) (Usage, error)
}

// CloneSpec says which replica to make.
type CloneSpec struct {
	Project string
	Service string
	// Number is the Compose container number of the new replica.
	Number int
	// Sibling is the id of the replica to copy.
	Sibling string
	// GPU is the UUID of the one GPU that the replica may use; empty leaves it as the sibling has it.
	GPU string
	// MadeBy is the id of the workflow run; it is kept in a label, so that a retry finds its work.
	MadeBy string
	// Files are what Compose would write into the replica, and PostStart what it would run in it.
	Files     []ContainerFile
	PostStart []Hook
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

// ContainerFile is a config or a secret that Compose itself writes into a container before it starts
// it: one that comes from `content` or from a variable. It never enters a result, an error or a history.
type ContainerFile struct {
	// What names it for people, such as "config c" or "secret tok".
	What string
	// Target is the absolute path inside the container.
	Target string
	// Mode is the file mode.
	Mode int64
	// UID and GID are as the file gives them; empty where it does not.
	UID, GID string
	// Known says whether Bytes are what the file says now: not where its variable is not set.
	Known bool
	Bytes []byte
}

// Hook is a command that Compose runs in a container behind its start or before its stop.
type Hook struct {
	Command     []string
	User        string
	Privileged  bool
	Environment []string
	WorkingDir  string
	TTY         bool
}

// Hooks are those of one service.
type Hooks struct{ PostStart, PreStop []Hook }

// Compose is what scaling needs of one project's Compose files and of the person's own `docker compose`.
type Compose interface {
	// Services returns every service of the project, by name, without what only the engine knows: Hash,
	// Differences, ImageID, Missing and Edited.
	Services(ctx context.Context) ([]scaling.Service, error)
	// Hash returns what Compose would write into the config-hash label of a container of the service
	// that it made now. ids are the ids of the containers of each service that it references, in the
	// order of their names, stopped ones included.
	Hash(ctx context.Context, service string, ids map[string][]string) (string, error)
	// Shape returns the service's definition as digests, to be compared with a container's.
	Shape(ctx context.Context, service string) (scaling.Shape, error)
	// Resources returns the networks and volumes of a service.
	Resources(ctx context.Context, service string) ([]scaling.Resource, error)
	// Files returns what Compose would write into a container of the service.
	Files(ctx context.Context, service string) ([]ContainerFile, error)
	// Hooks returns the service's hooks.
	Hooks(ctx context.Context, service string) (Hooks, error)
	// Version returns the version of the person's `docker compose`; where it cannot be run it is an error.
	Version(ctx context.Context) (string, error)
	// Up brings a service from no replica to one without touching anything else: Compose's own dry run
	// has to show nothing but the container of that number being made and started. Anything else is
	// PreconditionFailed with the line that is too much.
	Up(ctx context.Context, service string, number int) error
}

// Docker carries out and plans changes of the Compose projects of one host. All its activities are
// idempotent and run on the host's task queue.
type Docker struct {
	Host     string
	Engine   Engine
	Projects Projects
	// Replicas says which replicas are well.
	Replicas *Replicas
	// VRAM gates what claims GPU memory.
	VRAM *VRAM
	// Configuration is the SHA-256 of the configuration file that the worker has read, in hexadecimal digits.
	Configuration string
	// Definitions is the SHA-256 of the files of templates_dir as the worker has read them; empty without such a folder.
	Definitions string
	// Key is the public key of this host, as a line of authorized_keys.
	Key string
	// People say whether persons allow what takes a service below its minimum.
	People *People

	leaving leaving
}
