package nvml

import (
	"fmt"
	"strings"
	"syscall"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/gpu"
)

// Cause is a known reason why the GPUs of a host cannot be read.
type Cause string

// The known causes.
const (
	NoProbe         Cause = "no_probe"          // gpuprobe is not installed or cannot be run
	NoLibrary       Cause = "no_library"        // NVML is not there
	HiddenLibrary   Cause = "hidden_library"    // NVML is not here, but the kernel has the driver
	BadLibrary      Cause = "bad_library"       // the file of NVML cannot be loaded
	OldLibrary      Cause = "old_library"       // NVML lacks a function that is always needed
	NotLoaded       Cause = "driver_not_loaded" // the kernel's driver is not loaded
	VersionMismatch Cause = "version_mismatch"  // the kernel's driver is of another version than NVML
	DeviceCgroup    Cause = "device_cgroup"     // the container lost its right to the devices
	NoPermission    Cause = "no_permission"     // this user may not open the devices
	NoGPU           Cause = "no_gpu"            // the driver answers and knows no GPU
	GPULost         Cause = "gpu_lost"          // a GPU fell off the bus
	ResetRequired   Cause = "reset_required"    // a GPU answers again after a reset
	Hung            Cause = "hung"              // the driver does not answer
	Died            Cause = "probe_died"        // the probe ended while it was asked
	Garbage         Cause = "garbage"           // what the probe answers makes no sense
	Released        Cause = "released"          // the GPUs were let go of on request
	Leaving         Cause = "leaving"           // the program ends
	Other           Cause = "unknown"           // any other error of NVML
)

// Error is why GPUs cannot be read. It comes wrapped in an activities.Error.
type Error struct {
	Cause Cause
	// What is the cause for people, Hint what to do about it; both on one line.
	What, Hint string
	// Code is what NVML returned; 0 when it returned nothing.
	Code int
}

// Error returns the cause for people.
func (e *Error) Error() string { return e.What }

// Is makes Released known to those who do not know this package.
func (e *Error) Is(target error) bool { return target == gpu.ErrReleased && e.Cause == Released }

// A class of NotFound says that there is nothing to look at, which a caller may take for a machine
// without a GPU. fail makes the error of a cause. Detail, where there is any, follows the cause.
func fail(cause Cause, code int, detail string) error {
	known := causes[cause]
	what := known.what
	if detail = strings.TrimSpace(detail); detail != "" {
		what += ": " + detail
	}
	return activities.Fail(known.class, &Error{Cause: cause, What: what, Hint: known.hint, Code: code})
}

// kernelDriver is there as long as the kernel has the driver, in every container too.
const kernelDriver = "/proc/driver/nvidia/version"

// diagnose turns the failure of a probe into the error of its cause. A machine whose kernel has the
// driver has GPUs, even where their library cannot be seen.
func diagnose(f gpu.Failure, inKernel bool) error {
	switch f.Step {
	case gpu.StepLoad:
		switch {
		case !strings.Contains(f.Detail, "No such file or directory"):
			return fail(BadLibrary, 0, f.Detail)
		case inKernel:
			return fail(HiddenLibrary, 0, f.Detail)
		default:
			return fail(NoLibrary, 0, f.Detail)
		}
	case gpu.StepSymbol:
		return fail(OldLibrary, 0, "it lacks "+f.Detail)
	case gpu.StepInit, gpu.StepCount:
	}
	detail := fmt.Sprintf("NVML error %d", f.Code)
	switch cause := initCauses[f.Code]; {
	case cause == VersionMismatch:
		return fail(cause, f.Code, detail)
	case f.ControlErrno == int(syscall.EPERM):
		// Whatever NVML makes of it: only the device rules of a container refuse like this.
		return fail(DeviceCgroup, f.Code, detail)
	case cause != "":
		return fail(cause, f.Code, detail)
	case f.ControlErrno == int(syscall.EACCES):
		return fail(NoPermission, f.Code, detail)
	default:
		return fail(Other, f.Code, detail)
	}
}

var initCauses = map[int]Cause{4: NoPermission, 9: NotLoaded, 15: GPULost, 16: ResetRequired, 18: VersionMismatch, 28: GPULost}

var causes = map[Cause]struct{ class, what, hint string }{
	NoProbe: {
		activities.PreconditionFailed, "gpuprobe cannot be run",
		"put gpuprobe beside this program or on PATH",
	},
	NoLibrary: {
		activities.NotFound, "the NVIDIA driver's library NVML is not here",
		"install the NVIDIA driver, or name its library in EVENKEEL_NVML_LIBRARY",
	},
	HiddenLibrary: {
		activities.PreconditionFailed, "this machine has the NVIDIA driver, but its library NVML is not here",
		"run the container with the NVIDIA runtime, or name the library in EVENKEEL_NVML_LIBRARY",
	},
	BadLibrary: {
		activities.PreconditionFailed, "the NVIDIA driver's library NVML cannot be loaded",
		"install the driver's library again, or name another in EVENKEEL_NVML_LIBRARY",
	},
	OldLibrary: {
		activities.PreconditionFailed, "the NVIDIA driver's library NVML is too old",
		"install a current NVIDIA driver",
	},
	NotLoaded: {
		activities.NotFound, "the NVIDIA driver is not loaded",
		"load it with modprobe nvidia, or boot the kernel it was built for",
	},
	VersionMismatch: {
		activities.PreconditionFailed, "driver and library of NVIDIA are of different versions",
		"the driver was upgraded while loaded: reboot, or stop what uses the GPUs and reload it",
	},
	DeviceCgroup: {
		activities.PermissionDenied, "this container has lost its right to the GPU devices",
		"restart the container; name the devices in its definition so that systemctl daemon-reload does not take them away",
	},
	NoPermission: {
		activities.PermissionDenied, "no permission to use the GPUs",
		"run as a user who may open /dev/nvidiactl and /dev/nvidia0",
	},
	NoGPU: {
		activities.NotFound, "the NVIDIA driver works but shows no GPU",
		"see whether nvidia-smi -L lists one; in a container set NVIDIA_VISIBLE_DEVICES",
	},
	GPULost: {
		activities.Unavailable, "a GPU is lost",
		"see the kernel's log for Xid; reset the GPU or reboot",
	},
	ResetRequired: {
		activities.Unavailable, "a GPU needs a reset",
		"stop what uses it, then nvidia-smi --gpu-reset",
	},
	Hung: {
		activities.Unavailable, "the NVIDIA driver does not answer",
		"see the kernel's log for NVRM and Xid",
	},
	Died: {
		activities.Unavailable, "gpuprobe died",
		"ask again; see the kernel's log if it happens again",
	},
	Garbage: {
		activities.Unavailable, "gpuprobe gives no sensible answer",
		"ask again; install gpuprobe and this program from one release",
	},
	Released: {
		activities.Unavailable, "the worker has let go of the GPUs, as starter gpu release asked",
		"wait until that is over, or end it with starter gpu resume",
	},
	Leaving: {
		activities.Unavailable, "this program is leaving",
		"ask again once it is back",
	},
	Other: {
		activities.Unavailable, "the NVIDIA driver cannot be opened",
		"see whether nvidia-smi works and what the kernel's log says of NVRM",
	},
}
