package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/evenkeel/evenkeel/internal/scaling"
)

// facts are what is known of a service beside its Compose file.
type facts struct {
	// image is what the image declares.
	image imageFacts
	// listens leaves of some ports those of a running replica at which somebody may listen; nil where no replica
	// can be asked.
	listens func(ports []int) []int
	// answers returns the status that a running replica gives to a plain GET, 0 for none; nil as above.
	answers func(port int, path string) int
}

// portOf returns the port of a service and where that is from, 0 where it is not known; several are then those
// that it may be.
func portOf(s scaling.Service, known facts, way route) (port int, from string, several []int) {
	declared, where := s.Ports, "expose or ports"
	if len(declared) == 0 {
		declared, where = known.image.ports, "the image"
	}
	// What nginx asks of a host without a port: where that is answered, it is what the site works by.
	sentTo80 := way.upstream != "" && known.listens != nil && len(known.listens([]int{80})) == 1
	switch {
	case way.port > 0:
		return way.port, way.from, nil
	case sentTo80:
		return 80, "the router; a replica listens there", nil
	case s.HealthPort > 0:
		return s.HealthPort, "the health check", nil
	case known.image.healthPort > 0:
		return known.image.healthPort, "the image's health check", nil
	case way.upstream != "" && slices.Contains(declared, 80):
		return 80, "the router, and " + where, nil
	case len(declared) == 1:
		return declared[0], where, nil
	}
	candidates := declared
	if way.upstream != "" && len(declared) == 0 {
		candidates, where = []int{80}, "the router" // what nginx asks of a host without a port
	}
	if known.listens == nil || len(candidates) == 0 {
		return 0, "", declared
	}
	if open := known.listens(candidates); len(open) == 1 {
		return open[0], where + "; a replica listens there", nil
	} else if len(declared) > 0 && len(open) > 0 {
		return 0, "", open
	}
	return 0, "", declared
}

func portList(ports []int) string {
	var out []string
	for _, p := range ports {
		out = append(out, strconv.Itoa(p))
	}
	return strings.Join(out, ", ")
}

// dialLimitOfPort is how long a connection to a replica may take.
const dialLimitOfPort = time.Second

// runningAt returns the address of a running replica; empty where none runs that this host reaches.
func (e *engine) runningAt(all map[string]details, replicas []container) string {
	if !strings.HasPrefix(e.address, "unix:") {
		return "" // the engine may be elsewhere, where the addresses mean other machines
	}
	for _, c := range replicas {
		d, ok := all[c.ID]
		if !ok || !d.State.Running {
			continue
		}
		networks := d.NetworkSettings.Networks
		for _, name := range slices.Sorted(maps.Keys(networks)) {
			if host := cmp.Or(networks[name].IPAddress, networks[name].GlobalIPv6Address); host != "" {
				return host
			}
		}
	}
	return ""
}

// askedReplica are the facts that a replica at an address gives of itself.
func askedReplica(ctx context.Context, host string, image imageFacts) facts {
	if host == "" {
		return facts{image: image}
	}
	return facts{
		image:   image,
		listens: func(ports []int) []int { return notRefused(ctx, host, ports) },
		answers: func(port int, path string) int {
			return statusOf(ctx, "http://"+net.JoinHostPort(host, strconv.Itoa(port))+path)
		},
	}
}

// statusOf is the status of a plain GET, which follows no redirect; 0 for no answer.
func statusOf(ctx context.Context, url string) int {
	client := http.Client{Timeout: 2 * dialLimitOfPort, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0
	}
	response, err := client.Do(request)
	if err != nil {
		return 0
	}
	_ = response.Body.Close()
	return response.StatusCode
}

// notRefused leaves out the ports at which a connection is refused: only that proves that nobody listens there.
func notRefused(ctx context.Context, host string, ports []int) []int {
	refused := make([]bool, len(ports))
	var wait sync.WaitGroup
	for i, port := range ports {
		wait.Go(func() {
			dialer := net.Dialer{Timeout: dialLimitOfPort}
			connection, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(host, strconv.Itoa(port)))
			if err == nil {
				_ = connection.Close()
			}
			refused[i] = errors.Is(err, syscall.ECONNREFUSED)
		})
	}
	wait.Wait()
	var out []int
	for i, port := range ports {
		if !refused[i] {
			out = append(out, port)
		}
	}
	return out
}

// unknownPort says what a person has to do about a port that is not known.
func unknownPort(several []int) string {
	if len(several) > 1 {
		return fmt.Sprintf("its port is not known, it may be one of %s: set port", portList(several))
	}
	return "its port is not known: set port"
}
