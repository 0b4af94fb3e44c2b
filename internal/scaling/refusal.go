package scaling

import "fmt"

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
	ServiceFault       = "service_fault"
	Provider           = "provider"
	NoPolicy           = "no_policy"
	BelowMin           = "below_min"
	NotProven          = "not_proven"
	AboveMax           = "above_max"
	NothingToRestart   = "nothing_to_restart"
	ComposeV1          = "compose_v1"
	ComposeMissing     = "compose_missing"
	ComposeFileEdited  = "compose_file_edited"
	ResourceEdited     = "resource_edited"
	MissingResource    = "missing_resource"
	UnsetVariable      = "unset_variable"
	PreStartHook       = "pre_start"
	EmptyFile          = "empty_file"
	UnknownFile        = "unknown_file"
	FixedContainerName = "fixed_container_name"
	FixedHostPort      = "fixed_host_port"
	PortRangeUsedUp    = "port_range"
	HostNetwork        = "host_network"
	PortClash          = "port_clash"
	StaticAddress      = "static_address"
	LinkLocalAddress   = "link_local"
	SharedNamespace    = "shared_namespace"
	SingleWriter       = "single_writer"
	Job                = "job"
	AnonymousVolume    = "anonymous_volume"
	HealthTooLate      = "health_too_late"
	ImageAbsent        = "image_absent"
	CPULimit           = "cpu_limit"
	MemoryLimit        = "memory_limit"
	CPUReservation     = "cpu_reservation"
	MemoryReservation  = "memory_reservation"
	VRAMHeadroom       = "vram_headroom"
	NoGPU              = "no_gpu"
	RouterDown         = "router_down"
	NoSharedNetwork    = "no_shared_network"
	StaleUpstream      = "stale_upstream"
	ApprovalEnded      = "approval_ended"
)

// findings collects what a preflight has to say.
type findings struct {
	refusals []Refusal
	warnings []string
}

func (f *findings) refuse(code, format string, args ...any) {
	f.refusals = append(f.refusals, Refusal{Code: code, Message: fmt.Sprintf(format, args...)})
}

func (f *findings) warn(format string, args ...any) {
	f.warnings = append(f.warnings, fmt.Sprintf(format, args...))
}
