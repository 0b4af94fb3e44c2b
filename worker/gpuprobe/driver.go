//go:build linux && cgo

package main

import (
	"context"
	"errors"
	"syscall"
	"time"

	"github.com/NVIDIA/go-nvml/pkg/dl"
	"github.com/NVIDIA/go-nvml/pkg/nvml"

	"github.com/evenkeel/evenkeel/internal/gpu"
)

const (
	defaultLibrary = "libnvidia-ml.so.1"
	controlDevice  = "/dev/nvidiactl"
)

// required are the functions without which nothing can be said. A call of a function that the
// library lacks ends the process, so each one is looked up first.
var required = []string{"nvmlInit_v2", "nvmlShutdown", "nvmlDeviceGetCount_v2", "nvmlDeviceGetHandleByIndex_v2"}

// optional are the other functions that are called.
var optional = []string{
	"nvmlSystemGetDriverVersion", "nvmlSystemGetNVMLVersion",
	"nvmlDeviceGetUUID", "nvmlDeviceGetName",
	memoryV2, memoryV1,
	"nvmlDeviceGetUtilizationRates", temperatureV, temperatureV1,
	"nvmlDeviceGetComputeRunningProcesses_v3", "nvmlDeviceGetComputeRunningProcesses_v2", "nvmlDeviceGetComputeRunningProcesses",
	"nvmlDeviceGetGraphicsRunningProcesses_v3", "nvmlDeviceGetGraphicsRunningProcesses_v2", "nvmlDeviceGetGraphicsRunningProcesses",
	"nvmlDeviceGetMigMode", "nvmlDeviceGetMaxMigDeviceCount", "nvmlDeviceGetMigDeviceHandleByIndex", "nvmlDeviceGetGpuInstanceId",
	"nvmlDeviceGetAddressingMode",
}

// driver is NVML, loaded once: glibc never lets go of a library whose functions were called.
type driver struct {
	path    string // what to load; after open the file that is loaded
	nvml    nvml.Interface
	has     map[string]bool
	devices []*device

	driverVersion, nvmlVersion string
	missing                    []string
}

// open loads the library and opens the driver.
func (d *driver) open() *gpu.Failure {
	if d.path == "" {
		d.path = defaultLibrary
	}
	// The binding hides what the loader says, so the library is opened here first and stays open.
	library := dl.New(d.path, dl.RTLD_LAZY|dl.RTLD_GLOBAL)
	if err := library.Open(); err != nil {
		return &gpu.Failure{Step: gpu.StepLoad, Detail: err.Error(), ControlErrno: controlErrno()}
	}
	d.has = map[string]bool{}
	for _, symbol := range required {
		if library.Lookup(symbol) != nil {
			return &gpu.Failure{Step: gpu.StepSymbol, Detail: symbol}
		}
	}
	for _, symbol := range optional {
		if d.has[symbol] = library.Lookup(symbol) == nil; !d.has[symbol] {
			d.missing = append(d.missing, symbol)
		}
	}
	if !d.has[memoryV2] && !d.has[memoryV1] {
		return &gpu.Failure{Step: gpu.StepSymbol, Detail: memoryV1}
	}
	if file, err := library.Path(); err == nil {
		d.path = file
	}
	d.nvml = nvml.New(nvml.WithLibraryPath(d.path))
	if ret := d.nvml.Init(); ret != nvml.SUCCESS {
		return &gpu.Failure{Step: gpu.StepInit, Code: int(ret), ControlErrno: controlErrno()}
	}
	count, ret := d.nvml.DeviceGetCount()
	if ret != nvml.SUCCESS {
		return &gpu.Failure{Step: gpu.StepCount, Code: int(ret), ControlErrno: controlErrno()}
	}
	d.driverVersion = d.version("nvmlSystemGetDriverVersion", d.nvml.SystemGetDriverVersion)
	d.nvmlVersion = d.version("nvmlSystemGetNVMLVersion", d.nvml.SystemGetNVMLVersion)
	for i := range count {
		d.devices = append(d.devices, &device{driver: d, index: i})
	}
	return nil
}

func (d *driver) version(symbol string, get func() (string, nvml.Return)) string {
	if !d.has[symbol] {
		return ""
	}
	version, ret := get()
	if ret != nvml.SUCCESS {
		return ""
	}
	return version
}

// snapshot reads all GPUs at once. One that takes longer than the deadline is reported as hung and
// is not asked again until it has come back: a call into the driver cannot be cancelled, and each
// more would cost a thread.
func (d *driver) snapshot(deadline time.Duration) *gpu.Snapshot {
	s := &gpu.Snapshot{
		At: time.Now().UTC(), DriverVersion: d.driverVersion, NVMLVersion: d.nvmlVersion,
		MissingFunctions: d.missing, GPUs: make([]gpu.GPU, len(d.devices)),
	}
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	for _, device := range d.devices {
		device.start()
	}
	for i, device := range d.devices {
		s.GPUs[i] = device.finish(ctx)
	}
	return s
}

// controlErrno is the errno of opening the driver's control device; 0 when it can be opened.
func controlErrno() int {
	fd, err := syscall.Open(controlDevice, syscall.O_RDWR|syscall.O_CLOEXEC, 0)
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		return int(errno)
	}
	_ = syscall.Close(fd) // it was opened only to see whether that works
	return 0
}
