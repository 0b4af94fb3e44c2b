package nvml

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"regexp"

	"github.com/evenkeel/evenkeel/internal/gpu"
)

// complete adds what the kernel knows and NVML does not: the container of each process, and the
// memory of GPUs that use the host's.
func complete(s *gpu.Snapshot) {
	for i := range s.GPUs {
		g := &s.GPUs[i]
		for j := range g.Processes {
			cgroup, err := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", g.Processes[j].PID))
			if err == nil { // else it has ended, or is not to be seen from here
				g.Processes[j].Container = container(cgroup)
			}
		}
		if g.Unified {
			if info, err := os.ReadFile("/proc/meminfo"); err == nil {
				g.Memory = hostMemory(info)
			}
		}
	}
}

var containerID = regexp.MustCompile(`[0-9a-f]{64}`)

// container is the id of the innermost container in a process's list of control groups: Docker,
// containerd and Podman all put the 64 digits of the id into the name of its group.
func container(cgroup []byte) string {
	ids := containerID.FindAll(cgroup, -1)
	if len(ids) == 0 {
		return ""
	}
	return string(ids[len(ids)-1])
}

// hostMemory reads the host's memory; free is what can be taken without swapping.
func hostMemory(meminfo []byte) gpu.Memory {
	var m gpu.Memory
	lines := bufio.NewScanner(bytes.NewReader(meminfo))
	for lines.Scan() {
		var name string
		var kilobytes int64
		if _, err := fmt.Sscanf(lines.Text(), "%s %d kB", &name, &kilobytes); err != nil {
			continue // some lines are plain counts
		}
		mb := kilobytes >> 10
		switch name {
		case "MemTotal:":
			m.TotalMB = &mb
		case "MemAvailable:":
			m.FreeMB = &mb
		}
	}
	if m.TotalMB == nil || m.FreeMB == nil {
		return gpu.Memory{}
	}
	used := *m.TotalMB - *m.FreeMB
	m.UsedMB = &used
	return m
}
