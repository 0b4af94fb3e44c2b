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
	// Health is what the container's own health check says: starting, healthy or unhealthy; empty when there is
	// none.
	Health string `json:"health,omitempty"`
	// HealthFails says that the health path of its service's Endpoint did not answer 200 when a plan asked it.
	HealthFails bool `json:"health_fails,omitempty"`
	// Address is where this host reaches the replica: the address on its first network by name, or
	// 127.0.0.1 in the host's network; empty when it does not run. A router may need another one, see
	// Networks.
	Address string `json:"address,omitempty"`
	// Networks are where the replica is attached, by name; for one in another container's network
	// namespace they are that container's. Empty when it does not run.
	Networks []Attachment `json:"networks,omitempty"`
	// ImageID is the id of the image the container was made from.
	ImageID string `json:"image_id,omitempty"`
	// ConfigHash is the Compose configuration hash at the time the container was made.
	ConfigHash string `json:"config_hash,omitempty"`
	// ComposeVersion is the version of Compose that made the container or its sibling.
	ComposeVersion string `json:"compose_version,omitempty"`
	// AnonymousVolumes are where its volumes without a name are mounted, sorted: they go with the container.
	AnonymousVolumes []string `json:"anonymous_volumes,omitempty"`
	// MadeBy is the id of the workflow run that cloned the container; empty when Compose made it.
	MadeBy string `json:"made_by,omitempty"`
}

// Attachment is a container's place on one network.
type Attachment struct {
	// NetworkID is the engine's id: two containers share a network when these are equal.
	NetworkID string `json:"network_id"`
	Network   string `json:"network"`
	// Driver is the network's driver, such as bridge or macvlan; this host does not reach the latter.
	Driver string `json:"driver,omitempty"`
	// Address is the IPv4 address, or the global IPv6 address where there is no IPv4.
	Address string `json:"address"`
}

// Running says whether the engine reports the replica as running.
func (r Replica) Running() bool { return r.State == "running" }

// Inventory is what one host's engine holds: the machine and every replica of one Compose project,
// running or not, sorted by service and number. One-off containers are left out.
type Inventory struct {
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
	// Fault is why the service cannot be resolved, such as an env_file that is not there; the other
	// services can be used all the same. Empty when it can.
	Fault string `json:"fault,omitempty"`
	// Provider is the type of a service that is no container (`provider:`); empty for all others.
	Provider string `json:"provider,omitempty"`
	// NetworkMode is `network_mode` as it is written, such as host, none or service:b; empty for a
	// service on networks.
	NetworkMode string `json:"network_mode,omitempty"`
	// References are the services whose namespaces or volumes this one uses (network_mode, ipc, pid,
	// volumes_from), and UsedBy those that use this one's. Both sorted.
	References []string `json:"references,omitempty"`
	UsedBy     []string `json:"used_by,omitempty"`
	// PortRanges are the published ranges of host ports, such as "8080-8083": each replica takes one
	// port of every range.
	PortRanges []PortRange `json:"port_ranges,omitempty"`
	// Ports are the TCP ports inside the container that `expose` and `ports` name, sorted.
	Ports []int `json:"ports,omitempty"`
	// SharedVolumes are the named volumes and host folders that every replica mounts writable, each as
	// "SOURCE at TARGET".
	SharedVolumes []string `json:"shared_volumes,omitempty"`
	// Database says which database it is and what shows that, as Database has it; empty for any other service.
	Database string `json:"database,omitempty"`
	// AwaitedBy are the services that wait until this one has completed successfully, sorted: it is a job then.
	AwaitedBy []string `json:"awaited_by,omitempty"`
	// LinkLocal are the fixed link-local addresses, such as "back 169.254.8.8".
	LinkLocal []string `json:"link_local,omitempty"`
	// StopGraceSeconds is stop_grace_period, rounded up; 0 when the file has none.
	StopGraceSeconds int `json:"stop_grace_seconds,omitempty"`
	// HealthCheck says whether the file switches a container health check on; HealthIntervalSeconds is
	// its interval, that of its start where it has a start_period and a start_interval, rounded up, 0 when the file has
	// none (the engine's default is 30 s). HealthPort and
	// HealthPath are what the check asks over HTTP, where its command says so.
	HealthCheck           bool   `json:"health_check,omitempty"`
	HealthIntervalSeconds int    `json:"health_interval_seconds,omitempty"`
	HealthPort            int    `json:"health_port,omitempty"`
	HealthPath            string `json:"health_path,omitempty"`
	// Unset are the variables without a value and without a default that the service's text uses.
	Unset []string `json:"unset,omitempty"`
	// Passed are the variables that its environment takes from Compose's by name, and that are not set there.
	Passed []string `json:"passed,omitempty"`
	// EmptyFiles are configs and secrets whose content is empty, such as "config c": Compose mounts the
	// whole project folder in their place. WrittenFiles are the targets that Compose itself writes into a container.
	EmptyFiles   []string `json:"empty_files,omitempty"`
	WrittenFiles []string `json:"written_files,omitempty"`
	// PreStart, PostStart and PreStop say whether there are such hooks.
	PreStart  bool `json:"pre_start,omitempty"`
	PostStart bool `json:"post_start,omitempty"`
	PreStop   bool `json:"pre_stop,omitempty"`
	// Router is the kind of router that the image is: nginx, traefik, caddy, haproxy or envoy; empty
	// for everything else. RoutedBy is the kind that the service's own labels speak to; for either also
	// nginx-proxy, which makes its configuration itself.
	Router   string `json:"router,omitempty"`
	RoutedBy string `json:"routed_by,omitempty"`
	// Scale is the number of replicas that the file gives (scale, deploy.replicas), else 1.
	Scale int `json:"scale"`
	// Links says that it has links, which name containers.
	Links bool `json:"links,omitempty"`
	// Off says that none of its profiles is on, so that an `up` without its name does not touch it.
	Off bool `json:"off,omitempty"`
	// Profiles are the profiles of the service.
	Profiles []string `json:"profiles,omitempty"`
	// Hash is what Compose would write into the label of a container that it made now.
	Hash string `json:"hash,omitempty"`
	// Differences are the options by which the first live replica of another hash, else the first stopped
	// one, differs from the file, by name and without values, such as "environment DBPASS"; filled in
	// where the hashes differ.
	Differences []string `json:"differences,omitempty"`
	// ByHand are the options, by name, that a person changed in the replica that new ones would be copies of.
	ByHand []string `json:"by_hand,omitempty"`
	// ImageID is the id of the image that the reference names now; empty when the engine has none.
	ImageID string `json:"image_id,omitempty"`
	// Missing are the external networks and volumes of the service that the engine does not have, each as
	// "network NAME" or "volume NAME".
	Missing []string `json:"missing,omitempty"`
	// Edited are its networks and volumes whose definition has changed since they were made, written as
	// in Missing.
	Edited []string `json:"edited,omitempty"`
}

// PortRange is a published range of host ports, both ends included.
type PortRange struct {
	HostIP   string `json:"host_ip,omitempty"`
	First    int    `json:"first"`
	Last     int    `json:"last"`
	Protocol string `json:"protocol,omitempty"`
}

// Resource is a network or a volume, as a Compose file or the engine knows it.
type Resource struct {
	// Kind is network or volume.
	Kind string `json:"kind"`
	// Name is the engine's name of it.
	Name string `json:"name"`
	// Hash is Compose's hash of the definition, in the engine the label that says it; empty where
	// there is none.
	Hash string `json:"hash,omitempty"`
	// External says that Compose does not make it.
	External bool `json:"external,omitempty"`
}

// Shape is what can be compared of a service's definition and of a container: option → digest of its
// value. Keys are names for people, such as "image", "command" or "environment DBPASS". A value never
// stands in it.
type Shape map[string]string

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
	// StopSeconds is how long the engine waits between SIGTERM and SIGKILL. A change takes the longer
	// one of this and the service's own stop_grace_period.
	StopSeconds int `json:"stop_seconds"`
	// ObserveSeconds is how long a new replica is watched for restarts and exits before it counts; nil
	// leaves it to the service: 10 s where neither a health check nor a ready path says anything, else 0.
	ObserveSeconds *int `json:"observe_seconds,omitempty"`
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
