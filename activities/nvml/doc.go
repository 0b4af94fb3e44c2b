// Package nvml reads GPUs through a probe process of its own, which alone loads NVIDIA's library. A
// driver that hangs, crashes or is replaced costs an answer and a probe, never the caller.
package nvml
