package compose

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/compose-spec/compose-go/v2/types"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/scaling"
)

const mb = 1 << 20

// Services returns every service of the project in order of its name, those of profiles that are off
// included, without what only the engine knows. What is wrong with one service is its Fault. A project of which a file
// is not there is NotFound, one that may not be read PermissionDenied, one that is wrong InvalidInput.
func (p *Project) Services(ctx context.Context) ([]scaling.Service, error) {
	m, err := p.load(ctx)
	if err != nil {
		return nil, err
	}
	return inTurn(ctx, p.reading, func(context.Context) ([]scaling.Service, error) { return m.described(), nil })
}

func (m *model) described() (out []scaling.Service) {
	names := slices.Sorted(maps.Keys(m.services))
	usedBy, awaitedBy := map[string][]string{}, map[string][]string{}
	for _, name := range names {
		for _, of := range slices.Sorted(maps.Keys(m.services[name].DependsOn)) {
			if m.services[name].DependsOn[of].Condition == types.ServiceConditionCompletedSuccessfully {
				awaitedBy[of] = append(awaitedBy[of], name)
			}
		}
		for _, of := range referred(m.services[name]) {
			usedBy[of] = append(usedBy[of], name)
		}
	}
	for _, name := range names {
		s, err := m.resolve(name)
		if err == nil {
			err = m.refused(s)
		}
		described := m.describe(s)
		described.UsedBy, described.AwaitedBy = usedBy[name], awaitedBy[name]
		if err != nil {
			described.Fault = activities.Mask(err.Error(), m.Environment.Values())
		}
		out = append(out, described)
	}
	return out
}

// describe keeps what decides whether and how far a service can be scaled.
func (m *model) describe(s types.ServiceConfig) scaling.Service {
	out := scaling.Service{
		Name:            s.Name,
		Image:           m.image(s),
		ContainerName:   s.ContainerName,
		FixedPorts:      fixedPorts(s.Ports),
		PortRanges:      portRanges(s.Ports),
		Ports:           ports(s),
		StaticAddresses: staticAddresses(s.Networks),
		LinkLocal:       linkLocal(s.Networks),
		NetworkMode:     s.NetworkMode,
		References:      referred(s),
		Unset:           m.usesUnset(s),
		Passed:          passed(s),
		Links:           len(s.Links)+len(s.ExternalLinks) > 0,
		PreStart:        len(s.PreStart) > 0,
		PostStart:       len(s.PostStart) > 0,
		PreStop:         len(s.PreStop) > 0,
		RoutedBy:        routedBy(s),
		Scale:           s.GetScale(),
		Profiles:        s.Profiles,
	}
	out.Router = router(out.Image)
	if s.Image == "" {
		// What is built has no name but the service's.
		out.Router = router(s.Name)
	}
	if s.Provider != nil {
		out.Provider, out.Image = s.Provider.Type, ""
	}
	if s.StopGracePeriod != nil {
		out.StopGraceSeconds = seconds(*s.StopGracePeriod)
	}
	for _, ref := range references(s) {
		switch m.source(ref) {
		case fromEmpty:
			out.EmptyFiles = append(out.EmptyFiles, ref.what())
		case fromText, fromNowhere:
			out.WrittenFiles = append(out.WrittenFiles, ref.target())
		case fromFile, fromEmptyVar:
		}
	}
	_, on := m.Services[s.Name]
	out.Off = !on
	volumes(&out, s)
	healthCheck(&out, s.HealthCheck, s.Environment)
	limits(&out, s)
	return out
}

// passed are the variables that a service takes from Compose's environment, which has none of that name.
func passed(s types.ServiceConfig) (names []string) {
	for name, value := range s.Environment {
		if value == nil {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// image is the reference that a container is made from; Compose names what it builds.
func (m *model) image(s types.ServiceConfig) string {
	return cmp.Or(s.Image, m.Name+m.separator()+s.Name)
}

// limits fills in the resources. What stands under deploy wins over the older keys, as in Compose.
func limits(out *scaling.Service, s types.ServiceConfig) {
	out.CPULimit = float(s.CPUS)
	out.MemoryLimitMB = megabytes(s.MemLimit)
	out.MemoryReserveMB = megabytes(s.MemReservation)
	if s.Deploy == nil {
		return
	}
	if l := s.Deploy.Resources.Limits; l != nil {
		out.CPULimit = cmp.Or(float(float32(l.NanoCPUs)), out.CPULimit)
		out.MemoryLimitMB = cmp.Or(megabytes(l.MemoryBytes), out.MemoryLimitMB)
	}
	if r := s.Deploy.Resources.Reservations; r != nil {
		out.CPUReserve = float(float32(r.NanoCPUs))
		out.MemoryReserveMB = cmp.Or(megabytes(r.MemoryBytes), out.MemoryReserveMB)
	}
}

// float returns the shortest number that the reader's 32 bits stand for: 0.1 stays 0.1.
func float(f float32) float64 {
	v, _ := strconv.ParseFloat(strconv.FormatFloat(float64(f), 'g', -1, 32), 64)
	return v
}

// megabytes rounds up, because 0 means that there is no limit.
func megabytes(b types.UnitBytes) int64 { return (int64(b) + mb - 1) / mb }

// seconds rounds up.
func seconds(d types.Duration) int {
	return int((time.Duration(d) + time.Second - 1) / time.Second)
}
