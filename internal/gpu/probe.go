package gpu

import "errors"

// ErrReleased is in the error of a look that was not taken because the GPUs are let go of on request.
var ErrReleased = errors.New("the GPUs are let go of")

// Protocol is the version of the lines that the worker and the probe process exchange. Each line is
// one JSON document: a Question on the probe's standard input, an Answer with the same ID on its
// standard output. The probe leaves when its standard input ends.
const Protocol = 1

// What a probe can be asked.
const (
	AskOpen     = "open"     // load the library and open the driver
	AskSnapshot = "snapshot" // read all GPUs; only after AskOpen
)

// Question is one line to the probe.
type Question struct {
	ID  int    `json:"id"`
	Ask string `json:"ask"`
	// GPUDeadlineMS is how long one GPU may take, in milliseconds.
	GPUDeadlineMS int `json:"gpu_deadline_ms,omitempty"`
}

// Answer is one line from the probe: Library after AskOpen, Snapshot after AskSnapshot, or Failure.
type Answer struct {
	Protocol int `json:"protocol"`
	ID       int `json:"id"`
	// Library is the path of the file of NVML that is loaded.
	Library  string    `json:"library,omitempty"`
	Snapshot *Snapshot `json:"snapshot,omitempty"`
	Failure  *Failure  `json:"failure,omitempty"`
}

// Failure is why the probe cannot use the driver at all.
type Failure struct {
	Step Step `json:"step"`
	// Code is what NVML returned; 0 when the library could not be used.
	Code int `json:"nvml_code,omitempty"`
	// Detail is what the dynamic loader said, or the name of the symbol that is missing.
	Detail string `json:"detail,omitempty"`
	// ControlErrno is the errno of opening the driver's control device; 0 when it can be opened.
	// EPERM there is what the device rules of a container say.
	ControlErrno int `json:"control_errno,omitempty"`
}

// Step is what a probe was doing when it failed.
type Step string

// The steps of opening a driver.
const (
	StepLoad   Step = "load"   // the dynamic loader opens the library
	StepSymbol Step = "symbol" // a function that every NVML has is looked up
	StepInit   Step = "init"   // NVML opens the driver
	StepCount  Step = "count"  // the GPUs are counted
)
