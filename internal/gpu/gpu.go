// Package gpu is what one look at a host's GPUs shows, the rule of VRAM headroom and the text report.
// It touches no driver. MB is 2^20 bytes; a figure that the driver does not give is nil, never 0.
package gpu

import (
	"fmt"
	"time"
)

// Snapshot is one look at all GPUs of a host.
type Snapshot struct {
	At time.Time `json:"at"`
	// DriverVersion and NVMLVersion are empty when the driver does not say.
	DriverVersion string `json:"driver_version,omitempty"`
	NVMLVersion   string `json:"nvml_version,omitempty"`
	// MissingFunctions are the functions of NVML that this driver lacks; what they would tell is
	// not available.
	MissingFunctions []string `json:"missing_functions,omitempty"`
	// GPUs are sorted by index. A GPU that did not answer is among them, with its fault.
	GPUs []GPU `json:"gpus"`
}

// GPU is one GPU. When Fault is set only Index is sure; UUID and Name are there when they were known.
type GPU struct {
	// Index is for people; UUID is the key.
	Index int    `json:"index"`
	UUID  string `json:"uuid,omitempty"`
	Name  string `json:"name,omitempty"`
	// Memory is the host's own when Unified is set.
	Memory
	// UtilizationRatio is 0 to 1.
	UtilizationRatio   *float64 `json:"utilization_ratio"`
	TemperatureCelsius *int     `json:"temperature_celsius"`
	// Processes is nil when the driver does not say, and empty when there are none.
	Processes []Process `json:"processes"`
	// MIG is nil when the GPU has no multi-instance mode or the driver does not say.
	MIG *MIG `json:"mig,omitempty"`
	// Unified says that the GPU has no memory of its own and uses the host's.
	Unified bool `json:"unified,omitempty"`
	// Fault is nil when the GPU answered.
	Fault *Fault `json:"fault,omitempty"`
}

// Memory is the memory of a GPU or of one MIG instance.
type Memory struct {
	TotalMB *int64 `json:"total_mb"`
	// UsedMB is what is not free: used and free add up to the total. It includes ReservedMB.
	UsedMB *int64 `json:"used_mb"`
	FreeMB *int64 `json:"free_mb"`
	// ReservedMB is what the driver keeps for itself.
	ReservedMB *int64 `json:"reserved_mb"`
}

// FreeRatio is the share of the total that is free; ok is false when it is not available.
func (m Memory) FreeRatio() (ratio float64, ok bool) {
	if m.TotalMB == nil || m.FreeMB == nil || *m.TotalMB <= 0 {
		return 0, false
	}
	return FreeRatio(*m.FreeMB, *m.TotalMB), true
}

// Process is a process that holds memory of a GPU.
type Process struct {
	PID    int    `json:"pid"`
	UsedMB *int64 `json:"used_mb"`
	// GPUInstance is the MIG instance that the process runs on; nil on a whole GPU.
	GPUInstance *int `json:"gpu_instance,omitempty"`
	// Container is the id of the container that the process runs in; empty when it runs in none or
	// the process cannot be seen from here.
	Container string `json:"container,omitempty"`
}

// MIG is the multi-instance mode of a GPU.
type MIG struct {
	Enabled bool `json:"enabled"`
	// Instances are the MIG devices; nil when the driver does not say.
	Instances []Instance `json:"instances,omitempty"`
}

// Instance is one MIG device.
type Instance struct {
	UUID string `json:"uuid,omitempty"`
	// GPUInstance is nil when the driver does not say.
	GPUInstance *int `json:"gpu_instance,omitempty"`
	Memory
}

// Fault says why a GPU gave no figures.
type Fault struct {
	Kind FaultKind `json:"kind"`
	// Code is what NVML returned; 0 when it returned nothing.
	Code int `json:"nvml_code,omitempty"`
}

// FaultKind is a known cause why a GPU gives no figures.
type FaultKind string

// The known causes.
const (
	Hung          FaultKind = "hung"           // no answer within the deadline
	Lost          FaultKind = "lost"           // it fell off the bus or is gone
	ResetRequired FaultKind = "reset_required" // it answers again after a reset
	NoPermission  FaultKind = "no_permission"  // this process may not open it
	Failed        FaultKind = "failed"         // any other error of NVML
)

// FaultOf is the fault that an error code of NVML stands for.
func FaultOf(code int) *Fault {
	kind := Failed
	switch code {
	case 15, 28:
		kind = Lost
	case 16:
		kind = ResetRequired
	case 4:
		kind = NoPermission
	}
	return &Fault{Kind: kind, Code: code}
}

// String is the cause in words for people.
func (f Fault) String() string {
	switch f.Kind {
	case Hung:
		return "no answer in time"
	case Lost:
		return "the GPU is lost; it fell off the bus"
	case ResetRequired:
		return "the GPU needs a reset"
	case NoPermission:
		return "no permission"
	default:
		return fmt.Sprintf("NVML error %d", f.Code)
	}
}
