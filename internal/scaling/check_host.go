package scaling

// checkHost holds the limits against the host, and the sum of all reservations that would stand
// after the whole plan: two services scaled at once must fit together.
func checkHost(req Request, c Change, s Service, f *findings) {
	host := req.Inventory
	if s.CPULimit > float64(host.CPUs) {
		f.refuse(CPULimit, "%s has a limit of %g CPUs and %s has %d", c.Service, s.CPULimit, req.Host, host.CPUs)
	}
	if s.MemoryLimitMB > host.MemoryMB {
		f.refuse(MemoryLimit, "%s has a limit of %d MB of memory and %s has %d MB", c.Service, s.MemoryLimitMB, req.Host, host.MemoryMB)
	}
	cpus, memory := 0.0, host.OtherReservedMB
	for _, other := range req.Services {
		n := float64(replicasAfter(req, other.Name))
		cpus += n * other.CPUReserve
		memory += int64(n) * other.MemoryReserveMB
	}
	if s.CPUReserve > 0 && cpus > float64(host.CPUs) {
		f.refuse(CPUReservation, "with %s=%d the reservations on %s add up to %.2f CPUs and it has %d", c.Service, c.To, req.Host, cpus, host.CPUs)
	}
	if s.MemoryReserveMB > 0 && memory > host.MemoryMB {
		f.refuse(MemoryReservation, "with %s=%d the reservations on %s add up to %d MB of memory and it has %d MB", c.Service, c.To, req.Host, memory, host.MemoryMB)
	}
}

func replicasAfter(req Request, service string) int {
	for _, t := range req.Targets {
		if t.Service == service {
			return t.Replicas
		}
	}
	n := 0
	for _, r := range req.Inventory.Of(service) {
		if r.Live() {
			n++
		}
	}
	return n
}
