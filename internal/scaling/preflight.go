package scaling

import (
	"fmt"
	"slices"
	"strings"
)

// Refusal is one reason why a change must not happen.
type Refusal struct {
	// Code is one of the constants below: for programs and for metric labels.
	Code string `json:"code"`
	// Message says what is wrong and what would be right, in one line.
	Message string `json:"message"`
}

// The closed set of refusal codes.
const (
	EngineUnreachable  = "engine_unreachable"
	NotAComposeService = "not_a_compose_service"
	NoPolicy           = "no_policy"
	BelowMin           = "below_min"
	AboveMax           = "above_max"
	ComposeV1          = "compose_v1"
	ComposeMissing     = "compose_missing"
	ComposeFileEdited  = "compose_file_edited"
	FixedContainerName = "fixed_container_name"
	FixedHostPort      = "fixed_host_port"
	StaticAddress      = "static_address"
	ImageAbsent        = "image_absent"
	CPULimit           = "cpu_limit"
	MemoryLimit        = "memory_limit"
	CPUReservation     = "cpu_reservation"
	MemoryReservation  = "memory_reservation"
	VRAMHeadroom       = "vram_headroom"
	NoGPU              = "no_gpu"
)

// preflight returns all reasons against a change, and what is worth knowing but no reason.
func preflight(req Request, c Change) (refusals []Refusal, warnings []string) {
	refuse := func(code, format string, args ...any) {
		refusals = append(refusals, Refusal{Code: code, Message: fmt.Sprintf(format, args...)})
	}
	service, known := find(req.Services, c.Service)
	if !known {
		refuse(NotAComposeService, "%q is not a service of the Compose project %s; it has %s",
			c.Service, req.Project, names(req.Services))
		return refusals, nil
	}
	if c.Policy.Name == "" {
		refuse(NoPolicy, "%s has no scaling policy; list it under services in the configuration, and add a ScalingPolicy to templates_dir unless one of its name ships", c.Service)
	} else {
		checkBounds(req, c, refuse)
	}
	for _, r := range req.Inventory.Of(c.Service) {
		if strings.HasPrefix(r.ComposeVersion, "1.") {
			refuse(ComposeV1, "%s was made by Compose %s, whose replicas a current Compose would recreate; run `docker compose up -d` with Compose 2 or later once",
				r.Name, r.ComposeVersion)
			break
		}
	}
	if c.To > 1 {
		checkShape(service, refuse)
	}
	if c.To > c.From {
		checkImage(req, c, service, refuse)
		checkHost(req, c, service, refuse)
		if req.NoCompose != "" && !c.Bootstrap {
			warnings = append(warnings, "cannot tell whether the Compose file was edited since the replicas were made: "+req.NoCompose)
		}
	}
	for _, r := range c.Discard {
		warnings = append(warnings, fmt.Sprintf("%s is %s and will be removed", r.Name, r.State))
	}
	return refusals, warnings
}

type refuseFunc func(code, format string, args ...any)

func checkBounds(req Request, c Change, refuse refuseFunc) {
	if c.To < c.Policy.Min && !req.BelowMin {
		refuse(BelowMin, "%s=%d is below the policy's minimum of %d; a person may say --below-min", c.Service, c.To, c.Policy.Min)
	}
	if c.To > c.Policy.Max {
		refuse(AboveMax, "%s=%d is above the policy's maximum of %d", c.Service, c.To, c.Policy.Max)
	}
}

// checkShape finds what only one container can have.
func checkShape(s Service, refuse refuseFunc) {
	if s.ContainerName != "" {
		refuse(FixedContainerName, "%s has container_name %q, which only one replica can have; remove it from the Compose file", s.Name, s.ContainerName)
	}
	for _, port := range s.FixedPorts {
		refuse(FixedHostPort, "%s publishes the fixed host port %s, which only one replica can have; publish it on the load balancer instead", s.Name, port)
	}
	for _, address := range s.StaticAddresses {
		refuse(StaticAddress, "%s has the static address %s, which only one replica can have; remove it from the Compose file", s.Name, address)
	}
}

func checkImage(req Request, c Change, s Service, refuse refuseFunc) {
	if s.ImageID == "" {
		refuse(ImageAbsent, "the engine has no image %s; pull or build it first", s.Image)
	}
	if c.Bootstrap {
		if req.NoCompose != "" {
			refuse(ComposeMissing, "%s has no replica to copy, so `docker compose` must make the first: %s", c.Service, req.NoCompose)
		}
		return
	}
	for _, r := range c.Keep {
		if s.Hash != "" && r.ConfigHash != s.Hash {
			refuse(ComposeFileEdited, "the Compose file was edited since %s was made; run `docker compose up -d %s` first", r.Name, c.Service)
			return
		}
	}
}

// checkHost holds the limits against the host, and the sum of all reservations that would stand
// after the whole plan: two services scaled at once must fit together.
func checkHost(req Request, c Change, s Service, refuse refuseFunc) {
	host := req.Inventory
	if s.CPULimit > float64(host.CPUs) {
		refuse(CPULimit, "%s has a limit of %g CPUs and %s has %d", c.Service, s.CPULimit, req.Host, host.CPUs)
	}
	if s.MemoryLimitMB > host.MemoryMB {
		refuse(MemoryLimit, "%s has a limit of %d MB of memory and %s has %d MB", c.Service, s.MemoryLimitMB, req.Host, host.MemoryMB)
	}
	cpus, memory := 0.0, host.OtherReservedMB
	for _, other := range req.Services {
		n := float64(replicasAfter(req, other.Name))
		cpus += n * other.CPUReserve
		memory += int64(n) * other.MemoryReserveMB
	}
	if s.CPUReserve > 0 && cpus > float64(host.CPUs) {
		refuse(CPUReservation, "with %s=%d the reservations on %s add up to %.2f CPUs and it has %d", c.Service, c.To, req.Host, cpus, host.CPUs)
	}
	if s.MemoryReserveMB > 0 && memory > host.MemoryMB {
		refuse(MemoryReservation, "with %s=%d the reservations on %s add up to %d MB of memory and it has %d MB", c.Service, c.To, req.Host, memory, host.MemoryMB)
	}
}

func replicasAfter(req Request, service string) int {
	for _, t := range req.Targets {
		if t.Service == service {
			return t.Replicas
		}
	}
	n := 0
	for _, r := range req.Inventory.Of(service) {
		if r.Live() {
			n++
		}
	}
	return n
}

func find(services []Service, name string) (Service, bool) {
	i := slices.IndexFunc(services, func(s Service) bool { return s.Name == name })
	if i < 0 {
		return Service{}, false
	}
	return services[i], true
}

func names(services []Service) string {
	var out []string
	for _, s := range services {
		out = append(out, s.Name)
	}
	slices.Sort(out)
	if len(out) == 0 {
		return "none"
	}
	return strings.Join(out, ", ")
}
