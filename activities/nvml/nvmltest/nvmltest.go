// Package nvmltest is a stand-in for NVML, so that everything about GPUs can be tried on a machine
// that has none: a C library that the real probe loads the real way, controlled while it runs.
package nvmltest

import (
	"bytes"
	_ "embed" // the library's source
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

//go:embed standin/nvml.c
var source string

// MaxGPUs is how many GPUs the stand-in can have.
const MaxGPUs = 8

// MB is 2^20 bytes.
const MB = 1 << 20

// State is what the stand-in does; it reads it at every call. A code is an error of NVML, 0 is none.
// A field that is a flag is 0 or 1.
type State struct {
	// InitCode is what opening the driver returns; while InitHang is set it does not return.
	InitCode, InitHang, CountCode int64
	// Crash makes the next call end the process, Babble makes each one write to every pipe.
	Crash, Babble int64
	// Count is the number of GPUs that are there.
	Count int64
	GPUs  [MaxGPUs]GPU
}

// GPU is one GPU of the stand-in. Amounts are bytes; -1 is NVML's word for not available.
type GPU struct {
	Total, Free, Reserved    int64
	Utilization, Temperature int64 // percent and °C
	// Processes is how many hold memory, with rising ids from FirstPID on and ProcessUsed each.
	Processes, FirstPID, ProcessUsed int64
	// MIG is 1 for on, 0 for off and -1 for a GPU that has no such mode.
	MIG, Instances, InstanceTotal, InstanceFree int64
	// AddressingMode is 2 for a GPU that shares the host's address space.
	AddressingMode                                                        int64
	HandleCode, MemoryCode, UtilizationCode, TemperatureCode, ProcessCode int64
	// While Hang is set, reading the memory does not return.
	Hang       int64
	Name, UUID [64]byte
}

// Card is a healthy GPU of 24576 MB with used MB of it taken, 300 of them by the driver.
func Card(index int, used int64) GPU {
	g := GPU{Total: 24576 * MB, Free: (24576 - used) * MB, Reserved: 300 * MB, Utilization: 61, Temperature: 64, MIG: -1, FirstPID: 1 << 30}
	copy(g.Name[:], "NVIDIA RTX 4090")
	copy(g.UUID[:], fmt.Sprintf("GPU-00000000-0000-0000-0000-%012d", index))
	return g
}

// Build compiles the stand-in to file. The functions named in without are left out; driver is the
// version that the driver says it has, "" for a default. It needs gcc.
func Build(file, driver string, without ...string) error {
	args := []string{"-shared", "-fPIC", "-O1", "-w", "-Wl,-soname,libnvidia-ml.so.1", "-x", "c", "-", "-ldl"}
	if driver != "" {
		args = append(args, fmt.Sprintf("-DDRIVER_VERSION=%q", driver))
	}
	for _, symbol := range without {
		args = append(args, "-D"+symbol+"=absent_"+symbol)
	}
	// A library is never written over while somebody has it loaded: it takes the old one's place.
	made := file + ".new"
	cmd := exec.Command("gcc", append(args, "-o", made)...)
	cmd.Stdin = bytes.NewBufferString(source)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("compile the stand-in of NVML: %w: %s", err, out)
	}
	return os.Rename(made, file)
}

// Library is a compiled stand-in and its page.
type Library struct {
	// File is what EVENKEEL_NVML_LIBRARY has to name.
	File string
	page *os.File
	// State is what was set last.
	State State
}

// New compiles a stand-in into dir with these GPUs.
func New(dir string, gpus ...GPU) (*Library, error) {
	l := &Library{File: filepath.Join(dir, "libnvidia-ml.so.1")}
	if err := Build(l.File, ""); err != nil {
		return nil, err
	}
	page, err := os.Create(l.File + ".page")
	if err != nil {
		return nil, err
	}
	l.page = page
	return l, l.Set(func(s *State) {
		s.Count = int64(len(gpus))
		copy(s.GPUs[:], gpus)
	})
}

// Set changes the state; a stand-in that is loaded sees it at once.
func (l *Library) Set(change func(*State)) error {
	change(&l.State)
	var page bytes.Buffer
	if err := binary.Write(&page, binary.NativeEndian, l.State); err != nil {
		return err
	}
	_, err := l.page.WriteAt(page.Bytes(), 0)
	return err
}

// Close lets go of the page; what hangs is freed first.
func (l *Library) Close() error {
	_ = l.Set(func(s *State) { // a page that cannot be written is about to be removed
		s.InitHang = 0
		for i := range s.GPUs {
			s.GPUs[i].Hang = 0
		}
	})
	return l.page.Close()
}

// BuildProbe compiles the real probe from the module's source into dir and returns its path.
func BuildProbe(dir string) (string, error) {
	file := filepath.Join(dir, "gpuprobe")
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w -extldflags=-Wl,-z,lazy", "-o", file, "github.com/evenkeel/evenkeel/worker/gpuprobe")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build gpuprobe: %w: %s", err, out)
	}
	return file, nil
}
