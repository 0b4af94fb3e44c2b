package scaling

import (
	"fmt"
	"time"
)

// Replica is one container of a Compose service as the engine reports it. It never carries the
// container's environment, which holds secrets and must not enter a workflow history.
type Replica struct {
	// ID is the engine's full container id.
	ID   string `json:"id"`
	Name string `json:"name"`
	// Service is the Compose service name.
	Service string `json:"service"`
	// Number is the Compose container number, 1 or more.
	Number int `json:"number"`
	// State is the engine's word: created, running, paused, restarting, removing, exited, dead.
	State string `json:"state"`
	// Health is starting, healthy or unhealthy, and empty when there is no health check.
	Health string `json:"health,omitempty"`
	// Address is the IPv4 address on the replica's first network by name; empty when not running.
	Address string `json:"address,omitempty"`
	// ImageID is the id of the image the container was made from.
	ImageID string `json:"image_id,omitempty"`
	// ConfigHash is the Compose configuration hash at the time the container was made.
	ConfigHash string `json:"config_hash,omitempty"`
	// ComposeVersion is the version of Compose that made the container or its sibling.
	ComposeVersion string `json:"compose_version,omitempty"`
	// MadeBy is the id of the workflow run that cloned the container; empty when Compose made it.
	MadeBy string `json:"made_by,omitempty"`
}

// Running says whether the engine reports the replica as running.
func (r Replica) Running() bool { return r.State == "running" }

// Inventory is what one host's engine holds: the machine and every replica of one Compose project,
// running or not, sorted by service and number. One-off containers are left out.
type Inventory struct {
	EngineVersion string `json:"engine_version"`
	APIVersion    string `json:"api_version"`
	// CPUs is the number of processors of the host.
	CPUs int `json:"cpus"`
	// MemoryMB is the memory of the host in units of 2^20 bytes.
	MemoryMB int64 `json:"memory_mb"`
	// OtherReservedMB is the memory that running containers outside the project reserve.
	OtherReservedMB int64     `json:"other_reserved_mb"`
	Replicas        []Replica `json:"replicas"`
}

// Of returns the replicas of one service in order of their number.
func (i Inventory) Of(service string) []Replica {
	var out []Replica
	for _, r := range i.Replicas {
		if r.Service == service {
			out = append(out, r)
		}
	}
	return out
}

// Service is one service of a Compose file: what decides whether and how far it can be scaled.
type Service struct {
	Name  string `json:"name"`
	Image string `json:"image"`
	// ContainerName is the fixed name, which only one container can have.
	ContainerName string `json:"container_name,omitempty"`
	// FixedPorts are the published host ports that name one port, such as "127.0.0.1:8080".
	FixedPorts []string `json:"fixed_ports,omitempty"`
	// StaticAddresses are the fixed network addresses, such as "back 172.30.0.9".
	StaticAddresses []string `json:"static_addresses,omitempty"`
	// CPULimit and CPUReserve are processors per replica; 0 means that none is set.
	CPULimit   float64 `json:"cpu_limit,omitempty"`
	CPUReserve float64 `json:"cpu_reserve,omitempty"`
	// MemoryLimitMB and MemoryReserveMB are per replica, in units of 2^20 bytes; 0 means none.
	MemoryLimitMB   int64 `json:"memory_limit_mb,omitempty"`
	MemoryReserveMB int64 `json:"memory_reserve_mb,omitempty"`
	// Hash is what `docker compose config --hash` prints now; empty when it could not be asked.
	Hash string `json:"hash,omitempty"`
	// ImagePresent says whether the engine holds the image.
	ImagePresent bool `json:"image_present"`
}

// Policy is how one service may be scaled. Durations are whole seconds.
type Policy struct {
	// Name is the name of the definition the policy was loaded from.
	Name string `json:"name"`
	// Min and Max bound the number of replicas, 0 ≤ Min ≤ Max.
	Min int `json:"min"`
	Max int `json:"max"`
	// WarmUpSeconds is how long a new replica may take until it says that it is ready.
	WarmUpSeconds int `json:"warm_up_seconds"`
	// HealthySeconds is how long a ready replica may take until its health checks pass.
	HealthySeconds int `json:"healthy_seconds"`
	// DrainSeconds is how long a replica that gets no new work may take to finish what it has.
	DrainSeconds int `json:"drain_seconds"`
	// StopSeconds is how long the engine waits between SIGTERM and SIGKILL.
	StopSeconds int `json:"stop_seconds"`
	// ClaimMB is the VRAM that one replica needs, in units of 2^20 bytes; 0 for one without a GPU.
	ClaimMB int64 `json:"claim_mb,omitempty"`
	// GPUOptional says that on a host without any GPU a replica may run without one.
	GPUOptional bool `json:"gpu_optional,omitempty"`
}

// Endpoint is where a replica answers. Paths are empty where an installation has none.
type Endpoint struct {
	// Port is the TCP port inside the container; 0 when the service answers no HTTP.
	Port int `json:"port,omitempty"`
	// Ready answers 200 when the replica may get work.
	Ready string `json:"ready,omitempty"`
	// Health answers 200 while the replica is well.
	Health string `json:"health,omitempty"`
	// Drain is the path a POST to which tells a queue consumer to take no new work; a DELETE to
	// it lets the consumer take work again.
	Drain string `json:"drain,omitempty"`
	// Metrics serves the Prometheus text format.
	Metrics string `json:"metrics,omitempty"`
	// InFlight is the gauge that counts the requests or tasks at work.
	InFlight string `json:"in_flight,omitempty"`
	// Upstream is the nginx upstream that holds the replicas; empty for a queue consumer.
	Upstream string `json:"upstream,omitempty"`
}

// Routed says whether a router sends the service its work.
func (e Endpoint) Routed() bool { return e.Upstream != "" }

// Target is the number of replicas that a service should have.
type Target struct {
	Service  string `json:"service"`
	Replicas int    `json:"replicas"`
}

// String returns the target as it is written on the command line.
func (t Target) String() string { return fmt.Sprintf("%s=%d", t.Service, t.Replicas) }

// WarmUp is how long a new replica may take until it says that it is ready.
func (p Policy) WarmUp() time.Duration { return time.Duration(p.WarmUpSeconds) * time.Second }

// Healthy is how long a ready replica may take until its health checks pass.
func (p Policy) Healthy() time.Duration { return time.Duration(p.HealthySeconds) * time.Second }

// Drain is how long a replica that gets no new work may take to finish what it has.
func (p Policy) Drain() time.Duration { return time.Duration(p.DrainSeconds) * time.Second }

// Stop is how long the engine waits between SIGTERM and SIGKILL.
func (p Policy) Stop() time.Duration { return time.Duration(p.StopSeconds) * time.Second }
