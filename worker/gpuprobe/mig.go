//go:build linux && cgo

package main

import (
	"github.com/NVIDIA/go-nvml/pkg/nvml"

	"github.com/evenkeel/evenkeel/internal/gpu"
)

// mig tells the multi-instance mode and its instances; nil when the GPU has no such mode.
func (d *device) mig() *gpu.MIG {
	if !d.driver.has["nvmlDeviceGetMigMode"] {
		return nil
	}
	mode, _, ret := d.handle.GetMigMode()
	if ret != nvml.SUCCESS {
		return nil
	}
	m := &gpu.MIG{Enabled: mode == nvml.DEVICE_MIG_ENABLE}
	if !m.Enabled || !d.driver.has["nvmlDeviceGetMaxMigDeviceCount"] || !d.driver.has["nvmlDeviceGetMigDeviceHandleByIndex"] {
		return m
	}
	places, ret := d.handle.GetMaxMigDeviceCount()
	if ret != nvml.SUCCESS {
		return m
	}
	for i := range places {
		handle, ret := d.handle.GetMigDeviceHandleByIndex(i)
		if ret != nvml.SUCCESS {
			continue // an empty place
		}
		m.Instances = append(m.Instances, d.driver.instance(handle))
	}
	return m
}

func (d *driver) instance(handle nvml.Device) gpu.Instance {
	var i gpu.Instance
	if d.has[uuidOf] {
		if uuid, ret := handle.GetUUID(); ret == nvml.SUCCESS {
			i.UUID = uuid
		}
	}
	if d.has["nvmlDeviceGetGpuInstanceId"] {
		if id, ret := handle.GetGpuInstanceId(); ret == nvml.SUCCESS {
			i.GPUInstance = &id
		}
	}
	if memory, ret := d.memory(handle); ret == nvml.SUCCESS {
		i.Memory = memory
	}
	return i
}
