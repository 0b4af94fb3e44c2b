// Command bench measures bin/evenkeel on this machine: its size, how long it takes to start and to
// stop, and what it uses while it has nothing to do. It needs no Docker.
//
//	go run ./bench --binary ../../bin/evenkeel
package main

import (
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const starts = 5

func main() {
	binary := flag.String("binary", "bin/evenkeel", "the program to measure")
	idle := flag.Duration("idle", time.Minute, "how long to watch it do nothing")
	flag.Parse()
	if err := bench(*binary, *idle); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func bench(binary string, idle time.Duration) error {
	info, err := os.Stat(binary)
	if err != nil {
		return err
	}
	fmt.Printf("binary          %d MB\n", info.Size()/1e6)
	dir, err := os.MkdirTemp("", "evenkeel-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := writeConfig(dir); err != nil {
		return err
	}
	var up, down []time.Duration
	for i := range starts + 1 {
		p, took, err := start(binary, dir)
		if err != nil {
			return err
		}
		if i == 0 {
			fmt.Printf("first start     %s\n", took.Round(time.Millisecond))
		} else {
			up = append(up, took)
		}
		if i == starts {
			if err := watch(p.Process.Pid, idle); err != nil {
				return stop(p, err)
			}
		}
		begun := time.Now()
		if err := stop(p, nil); err != nil {
			return err
		}
		down = append(down, time.Since(begun))
	}
	fmt.Printf("start again     %s (median of %d)\n", median(up), len(up))
	fmt.Printf("stop            %s (median of %d)\n", median(down), len(down))
	return nil
}

func writeConfig(dir string) error {
	config := "apiVersion: evenkeel/v1\ntime_zone: UTC\nhosts:\n  bench:\n    compose: {project: evenkeel-bench, file: compose.yaml}\nservices: {}\n"
	if err := os.WriteFile(filepath.Join(dir, "evenkeel.yaml"), []byte(config), 0o600); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "compose.yaml"), []byte("services:\n  app:\n    image: none\n"), 0o600)
}

// start returns the process and the time from its start until its worker polls.
func start(binary, dir string) (*exec.Cmd, time.Duration, error) {
	var ports []string
	for range 3 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, 0, err
		}
		defer func() { _ = l.Close() }()
		_, port, _ := net.SplitHostPort(l.Addr().String())
		ports = append(ports, port)
		_ = l.Close()
	}
	p := exec.Command(binary, "--config", filepath.Join(dir, "evenkeel.yaml"),
		"--port", ports[0], "--ui-port", ports[1], "--http", "127.0.0.1:"+ports[2])
	p.Env = append(os.Environ(), "EVENKEEL_STATE="+filepath.Join(dir, "state"))
	begun := time.Now()
	if err := p.Start(); err != nil {
		return nil, 0, err
	}
	for time.Since(begun) < time.Minute {
		if resp, err := http.Get("http://127.0.0.1:" + ports[2] + "/readyz"); err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return p, time.Since(begun), nil
			}
		}
		time.Sleep(5 * time.Millisecond)
	}
	return nil, 0, stop(p, fmt.Errorf("%s was not ready after a minute", binary))
}

// stop ends the process and returns err, or what went wrong when err is nil.
func stop(p *exec.Cmd, err error) error {
	_ = p.Process.Signal(syscall.SIGTERM)
	if waited := p.Wait(); err == nil {
		err = waited
	}
	return err
}

// watch prints what the process uses in idle, after half a minute to settle.
func watch(pid int, idle time.Duration) error {
	time.Sleep(30 * time.Second)
	before, err := ticks(pid)
	if err != nil {
		return err
	}
	time.Sleep(idle)
	after, err := ticks(pid)
	if err != nil {
		return err
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return err
	}
	const perSecond = 100 // USER_HZ, the same on every Linux
	fmt.Printf("idle processor  %.2f %% of one, over %s\n", float64(after-before)/perSecond/idle.Seconds()*100, idle)
	for line := range strings.Lines(string(status)) {
		if strings.HasPrefix(line, "VmRSS") || strings.HasPrefix(line, "RssAnon") {
			name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
			fmt.Printf("%-15s %s\n", name, strings.TrimSpace(value))
		}
	}
	return nil
}

// ticks returns the processor time that a process has used.
func ticks(pid int) (int, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(stat), ") ") // the name before it may hold spaces
	fields := strings.Fields(rest)
	user, err := strconv.Atoi(fields[11])
	if err != nil {
		return 0, err
	}
	system, err := strconv.Atoi(fields[12])
	return user + system, err
}

func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2].Round(time.Millisecond)
}
