//go:build linux && cgo

package main

import (
	"context"
	"sync/atomic"

	"github.com/NVIDIA/go-nvml/pkg/nvml"

	"github.com/evenkeel/evenkeel/internal/gpu"
)

// device is one GPU. At most one reading of it is under way.
type device struct {
	driver *driver
	index  int
	// pending gets what the reading under way finds; nil when none is.
	pending chan gpu.GPU
	stuck   bool
	// handle belongs to the reading under way.
	handle nvml.Device
	// identity is set as soon as it is known, so that a GPU that hangs has a name.
	identity atomic.Pointer[gpu.GPU]
}

// start begins a reading, unless the last one has not come back.
func (d *device) start() {
	if d.pending != nil {
		select {
		case <-d.pending: // it came back; what it read is old
		default:
			d.stuck = true
			return
		}
	}
	d.stuck = false
	d.pending = make(chan gpu.GPU, 1)
	go func(done chan<- gpu.GPU) { done <- d.read() }(d.pending)
}

// finish waits for the reading until ctx is done.
func (d *device) finish(ctx context.Context) gpu.GPU {
	if d.stuck {
		return d.faulty(&gpu.Fault{Kind: gpu.Hung})
	}
	select {
	case g := <-d.pending:
		d.pending = nil
		return g
	case <-ctx.Done():
	}
	select {
	case g := <-d.pending: // both were ready: an answer counts
		d.pending = nil
		return g
	default:
		return d.faulty(&gpu.Fault{Kind: gpu.Hung})
	}
}

// faulty is the GPU with nothing but its identity, as far as that is known.
func (d *device) faulty(fault *gpu.Fault) gpu.GPU {
	g := gpu.GPU{Index: d.index}
	if known := d.identity.Load(); known != nil {
		g = *known
	}
	g.Fault = fault
	return g
}

// read asks the driver for everything.
func (d *device) read() gpu.GPU {
	if ret := d.identify(); ret != nvml.SUCCESS {
		return d.faulty(gpu.FaultOf(int(ret)))
	}
	g := *d.identity.Load()
	g.MIG = d.mig()
	memory, ret := d.driver.memory(d.handle)
	switch {
	case ret == nvml.SUCCESS:
		g.Memory = memory
	case !absent(ret) && (ret != nvml.ERROR_NO_PERMISSION || g.MIG == nil || !g.MIG.Enabled):
		// Whoever was given one MIG instance may not read the whole GPU.
		return d.faulty(gpu.FaultOf(int(ret)))
	case ret == nvml.ERROR_NOT_SUPPORTED:
		g.Unified = d.unified(g.Name)
	}
	if d.driver.has["nvmlDeviceGetUtilizationRates"] {
		rates, ret := d.handle.GetUtilizationRates()
		if gone(ret) {
			return d.faulty(gpu.FaultOf(int(ret)))
		}
		if ret == nvml.SUCCESS && rates.Gpu <= 100 {
			ratio := float64(rates.Gpu) / 100
			g.UtilizationRatio = &ratio
		}
	}
	if celsius, ret := d.temperature(); gone(ret) {
		return d.faulty(gpu.FaultOf(int(ret)))
	} else if ret == nvml.SUCCESS {
		g.TemperatureCelsius = &celsius
	}
	if g.Processes, ret = d.processes(); gone(ret) {
		return d.faulty(gpu.FaultOf(int(ret)))
	}
	return g
}

// identify finds the handle, the UUID and the name, once.
func (d *device) identify() nvml.Return {
	if d.identity.Load() != nil {
		return nvml.SUCCESS
	}
	handle, ret := d.driver.nvml.DeviceGetHandleByIndex(d.index)
	if ret != nvml.SUCCESS {
		return ret
	}
	d.handle = handle
	g := &gpu.GPU{Index: d.index}
	if d.driver.has[uuidOf] {
		if g.UUID, ret = handle.GetUUID(); ret != nvml.SUCCESS && !absent(ret) {
			return ret
		}
	}
	if d.driver.has["nvmlDeviceGetName"] {
		if g.Name, ret = handle.GetName(); ret != nvml.SUCCESS && !absent(ret) {
			return ret
		}
	}
	d.identity.Store(g)
	return nvml.SUCCESS
}

// absent says that the driver does not have this figure for this GPU, which is no fault.
func absent(ret nvml.Return) bool {
	switch ret {
	case nvml.ERROR_NOT_SUPPORTED, nvml.ERROR_FUNCTION_NOT_FOUND, nvml.ERROR_NO_DATA, nvml.ERROR_ARGUMENT_VERSION_MISMATCH, nvml.ERROR_DEPRECATED:
		return true
	default:
		return false
	}
}

// gone says that the GPU itself does not answer any more.
func gone(ret nvml.Return) bool {
	switch ret {
	case nvml.ERROR_UNINITIALIZED, nvml.ERROR_GPU_IS_LOST, nvml.ERROR_RESET_REQUIRED, nvml.ERROR_GPU_NOT_FOUND:
		return true
	default:
		return false
	}
}
