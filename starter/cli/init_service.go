package cli

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/evenkeel/evenkeel/internal/config"
	"github.com/evenkeel/evenkeel/internal/nginxconf"
	"github.com/evenkeel/evenkeel/internal/scaling"
)

// describe says what is written about a service. names are all services of the project; r is its router, nil where
// there is none.
func describe(s scaling.Service, known facts, r *router, names []string) config.FoundService {
	found := config.FoundService{Name: s.Name, Doubtful: len(s.SharedVolumes) > 0 || s.Off, From: map[string]string{}}
	var way route
	if r != nil {
		way = r.route(s.Name, names)
	}
	port, from, several := portOf(s, known, way)
	// A plan takes the first port that is declared for one that every replica listens on.
	found.CannotScale = cannotScale(s, cmp.Or(slices.Concat([]int{port}, s.Ports, known.image.ports)...), r)
	routed := nginxconf.IsUpstreamName(way.upstream)
	if found.CannotScale == "" && port == 0 && routed {
		found.CannotScale = unknownPort(several)
	}
	if found.CannotScale == "" {
		found.CannotScale = healthTooLate(s)
	}
	found.Remarks = remarksOn(s, found.CannotScale == "", way)
	if found.CannotScale == "" && port == 0 && len(several) > 1 {
		found.Remarks = append(found.Remarks, "Which of its ports answers requests is not known, "+portList(several)+": set port.")
	}
	describePolicy(&found)
	if routed {
		found.Service.Upstream, found.From["upstream"] = way.upstream, r.service+" passes requests to it"
	}
	if port == 0 {
		return found
	}
	found.Service.Port, found.From["port"] = port, from
	switch {
	case s.HealthPort == port && config.IsPath(s.HealthPath):
		found.Service.Ready, found.From["ready"] = s.HealthPath, "the health check"
	case s.HealthPort == 0 && known.image.healthPort == port && config.IsPath(known.image.healthPath):
		found.Service.Ready, found.From["ready"] = known.image.healthPath, "the image's health check"
	}
	if path := found.Service.Ready; path != "" && known.answers != nil {
		if status := known.answers(port, path); status != http.StatusOK {
			found.Service.Ready = ""
			delete(found.From, "ready")
			found.Remarks = append(found.Remarks, fmt.Sprintf("Its health check asks %s, to which a running replica answers %s: a path under ready has to answer 200.", path, statusText(status)))
		}
	}
	return found
}

func statusText(status int) string {
	if status == 0 {
		return "nothing"
	}
	return strconv.Itoa(status)
}

// cannotScale returns why there can be one replica of a service at most, in the words of its Compose file;
// empty when nothing speaks against more.
func cannotScale(s scaling.Service, port int, r *router) string {
	switch {
	case s.Fault != "":
		return s.Fault
	case s.Provider != "":
		return fmt.Sprintf("it is a provider (%s), no container", s.Provider)
	case r != nil && r.service == s.Name:
		return "it is the router"
	case len(s.AwaitedBy) > 0:
		return fmt.Sprintf("it is a job that ends: %s for it to complete", waiting(s.AwaitedBy))
	case s.ContainerName != "":
		return fmt.Sprintf("container_name %s, which one container only can have", s.ContainerName)
	case len(s.FixedPorts) > 0:
		return fmt.Sprintf("it publishes the host port %s, which one container only can have", s.FixedPorts[0])
	case len(s.StaticAddresses) > 0:
		return fmt.Sprintf("its static address %s, which one container only can have", s.StaticAddresses[0])
	case len(s.LinkLocal) > 0:
		return fmt.Sprintf("its link-local address %s, which one container only can have", s.LinkLocal[0])
	case sharesNetwork(s.NetworkMode) && port > 0:
		return fmt.Sprintf("network_mode: %s, where one process only can have port %d", s.NetworkMode, port)
	case len(s.EmptyFiles) > 0:
		return fmt.Sprintf("the content of %s is empty, and Compose mounts the whole project folder in its place", s.EmptyFiles[0])
	case len(s.SharedVolumes) > 0 && s.Database != "":
		return fmt.Sprintf("it is %s, and all replicas would write to %s", s.Database, s.SharedVolumes[0])
	}
	return ""
}

// sharesNetwork says whether all replicas are in one network namespace.
func sharesNetwork(mode string) bool {
	return mode == "host" || strings.HasPrefix(mode, "service:") || strings.HasPrefix(mode, "container:")
}

func waiting(services []string) string {
	if len(services) == 1 {
		return services[0] + " waits"
	}
	return strings.Join(services, ", ") + " wait"
}

// remarksOn says what a person should know of a service before it is scaled.
func remarksOn(s scaling.Service, scales bool, way route) []string {
	var remarks []string
	add := func(format string, args ...any) { remarks = append(remarks, fmt.Sprintf(format, args...)) }
	if way.remark != "" {
		add("%s.", way.remark)
	}
	if s.Router != "" || s.Provider != "" || s.Fault != "" {
		return remarks
	}
	if s.RoutedBy != "" {
		add("Its labels speak to %s, which evenkeel does not steer: replicas are in use as soon as it sees them.", s.RoutedBy)
	}
	if !scales {
		return remarks
	}
	if limits := missingLimits(s); limits != "" {
		add("It has no %s: one replica may take the whole machine.", limits)
	}
	for _, r := range s.PortRanges {
		add("It publishes the host ports %d to %d, so there can be %d replicas at most.", r.First, r.Last, r.Last-r.First+1)
	}
	if len(s.SharedVolumes) > 0 {
		add("All replicas write to %s.", strings.Join(s.SharedVolumes, ", "))
	}
	if len(s.Unset) > 0 {
		add("It uses variables that are not set here: %s.", strings.Join(s.Unset, ", "))
	}
	return remarks
}

// missingLimits names the limits that a service does not have in its Compose file; empty when it has both.
func missingLimits(s scaling.Service) string {
	switch {
	case s.CPULimit == 0 && s.MemoryLimitMB == 0:
		return "limits for CPU and memory"
	case s.CPULimit == 0:
		return "limit for CPU"
	case s.MemoryLimitMB == 0:
		return "limit for memory"
	}
	return ""
}
