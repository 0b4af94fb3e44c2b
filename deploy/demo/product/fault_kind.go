package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
)

var faultKinds = []string{"latency", "errors", "unhealthy", "notready", "crash", "hang", "memory"}

// errFault is what work meets under the fault "errors".
var errFault = errors.New("fault: errors")

// fault is something that goes wrong on purpose. One of each kind can be on at a time.
type fault struct {
	// Kind is latency (work takes MS longer), errors (work fails), unhealthy (/health is 503),
	// notready (/ready and work are 503), crash (the process exits after MS), hang (nothing is
	// answered) or memory (MB are taken).
	Kind string `json:"kind"`
	// Ratio is the share of work that latency and errors hit; absent is all of it.
	Ratio *float64 `json:"ratio,omitempty"`
	MS    int      `json:"ms,omitempty"`
	MB    int      `json:"mb,omitempty"`
	// ForSeconds ends the fault by itself; 0 lasts until DELETE /fault.
	ForSeconds float64 `json:"for_seconds,omitempty"`
}

func (f fault) check() error {
	switch {
	case !slices.Contains(faultKinds, f.Kind):
		return fmt.Errorf("kind %q: want one of %v", f.Kind, faultKinds)
	case f.Ratio != nil && (*f.Ratio < 0 || *f.Ratio > 1):
		return errors.New("ratio: want 0 to 1")
	case f.MS < 0 || f.MB < 0 || f.ForSeconds < 0 || f.MB > 1<<20:
		return errors.New("ms, mb and for_seconds: want 0 or more")
	}
	return nil
}

func (f fault) hits() bool { return f.Ratio == nil || rand.Float64() < *f.Ratio }
