//go:build linux && cgo

package main

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/NVIDIA/go-nvml/pkg/nvml"

	"github.com/evenkeel/evenkeel/internal/gpu"
)

// The functions that have more than one form, or more than one user.
const (
	uuidOf        = "nvmlDeviceGetUUID"
	memoryV1      = "nvmlDeviceGetMemoryInfo"
	memoryV2      = "nvmlDeviceGetMemoryInfo_v2"
	temperatureV1 = "nvmlDeviceGetTemperature"
	temperatureV  = "nvmlDeviceGetTemperatureV"
	compute       = "nvmlDeviceGetComputeRunningProcesses"
	graphics      = "nvmlDeviceGetGraphicsRunningProcesses"
)

// memory reads a GPU or a MIG instance. The second form of the call splits off what the driver
// reserves; older drivers know only the first.
func (d *driver) memory(handle nvml.Device) (gpu.Memory, nvml.Return) {
	if d.has[memoryV2] {
		m, ret := handle.GetMemoryInfo_v2()
		if ret == nvml.SUCCESS {
			return amounts(m.Total, m.Free, &m.Reserved), ret
		}
		if !absent(ret) || !d.has[memoryV1] {
			return gpu.Memory{}, ret
		}
	}
	m, ret := handle.GetMemoryInfo()
	if ret != nvml.SUCCESS {
		return gpu.Memory{}, ret
	}
	return amounts(m.Total, m.Free, nil), ret
}

// amounts turns bytes into MB. What cannot be is not available.
func amounts(total, free uint64, reserved *uint64) gpu.Memory {
	m := gpu.Memory{TotalMB: megabytes(total), FreeMB: megabytes(free)}
	if m.TotalMB == nil || m.FreeMB == nil || free > total {
		return gpu.Memory{TotalMB: m.TotalMB}
	}
	used := *m.TotalMB - *m.FreeMB
	m.UsedMB = &used
	if reserved != nil {
		m.ReservedMB = megabytes(*reserved)
	}
	return m
}

// megabytes is an amount in units of 2^20 bytes; all ones is NVML's word for not available.
func megabytes(bytes uint64) *int64 {
	if bytes == math.MaxUint64 {
		return nil
	}
	mb := int64(bytes >> 20)
	return &mb
}

// integrated are the parts of a name that only GPUs without memory of their own have.
var integrated = []string{"GB10", "Thor", "Orin", "Xavier", "Tegra"}

// unified says whether a GPU whose memory NVML does not support uses the host's. A GPU that merely
// does not answer never gets here.
func (d *device) unified(name string) bool {
	if d.driver.has["nvmlDeviceGetAddressingMode"] {
		mode, ret := d.handle.GetAddressingMode()
		if ret == nvml.SUCCESS && mode.Value == uint32(nvml.DEVICE_ADDRESSING_MODE_ATS) {
			return true
		}
	}
	return slices.ContainsFunc(integrated, func(part string) bool { return strings.Contains(name, part) })
}

func (d *device) temperature() (int, nvml.Return) {
	if d.driver.has[temperatureV] {
		sensor, ret := d.handle.GetTemperatureV().V1()
		if !absent(ret) {
			return int(sensor.Temperature), ret
		}
	}
	if !d.driver.has[temperatureV1] {
		return 0, nvml.ERROR_FUNCTION_NOT_FOUND
	}
	celsius, ret := d.handle.GetTemperature(nvml.TEMPERATURE_GPU) // the only form that older drivers have
	return int(celsius), ret
}

// processes lists who holds memory; nil when the driver does not say. One that both computes and
// draws is in both lists of the driver with the same amount.
func (d *device) processes() ([]gpu.Process, nvml.Return) {
	if !d.hasAny(compute) {
		return nil, nvml.ERROR_FUNCTION_NOT_FOUND
	}
	infos, ret := d.handle.GetComputeRunningProcesses()
	if ret != nvml.SUCCESS {
		return nil, ret
	}
	if d.hasAny(graphics) {
		drawing, ret := d.handle.GetGraphicsRunningProcesses()
		if gone(ret) {
			return nil, ret
		}
		infos = append(infos, drawing...)
	}
	found := []gpu.Process{}
	for _, info := range infos {
		found = append(found, gpu.Process{PID: int(info.Pid), UsedMB: megabytes(info.UsedGpuMemory), GPUInstance: instanceID(info.GpuInstanceId)})
	}
	slices.SortFunc(found, func(a, b gpu.Process) int {
		return cmp.Or(cmp.Compare(a.PID, b.PID), cmp.Compare(orMinus(a.GPUInstance), orMinus(b.GPUInstance)))
	})
	return slices.CompactFunc(found, func(a, b gpu.Process) bool {
		return a.PID == b.PID && orMinus(a.GPUInstance) == orMinus(b.GPUInstance)
	}), nvml.SUCCESS
}

func (d *device) hasAny(symbol string) bool {
	has := d.driver.has
	return has[symbol] || has[symbol+"_v2"] || has[symbol+"_v3"]
}

// instanceID is the id of a MIG instance; all ones is none.
func instanceID(id uint32) *int {
	if id == math.MaxUint32 {
		return nil
	}
	n := int(id)
	return &n
}

func orMinus(id *int) int {
	if id == nil {
		return -1
	}
	return *id
}
