package scaling

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
)

// Place is where a router stands, which decides what addresses of a replica it reaches.
type Place struct {
	// OnHost says that it is in the host's own network namespace, from where every bridge is reached.
	OnHost bool `json:"on_host,omitempty"`
	// Networks are those of its container; empty on the host.
	Networks []Attachment `json:"networks,omitempty"`
}

const loopback = "127.0.0.1"

// Members returns where a router at that place reaches the replicas, all of them on one network, in their
// order, each as HOST:PORT. present are the members that the upstream has now: their network is kept
// where it still serves; else the first by name is taken. The network is empty for replicas in the
// host's own network. The error names the networks of both sides when they share none.
func Members(place Place, replicas []Replica, port int, present []string) (addresses []string, network string, err error) {
	if len(replicas) == 0 {
		return nil, "", nil
	}
	if inHost := slices.IndexFunc(replicas, Replica.onHost); inHost >= 0 {
		if !place.OnHost {
			return nil, "", fmt.Errorf("%s is in the host's network, which the router in its own container does not reach; put %s on a network of the router",
				replicas[inHost].Name, replicas[inHost].Service)
		}
		if slices.ContainsFunc(replicas, func(r Replica) bool { return !r.onHost() }) {
			return nil, "", errors.New("some replicas are in the host's network and some are not; all have to be on one network")
		}
		return slices.Repeat([]string{net.JoinHostPort(loopback, strconv.Itoa(port))}, len(replicas)), "", nil
	}
	best, kept := Attachment{}, 0
	for _, candidate := range byName(replicas[0].Networks) {
		if !place.reaches(candidate) {
			continue
		}
		found := on(replicas, candidate.NetworkID, port)
		if len(found) < len(replicas) {
			continue
		}
		stay := 0
		for _, address := range found {
			if slices.Contains(present, address) {
				stay++
			}
		}
		if addresses == nil || stay > kept {
			addresses, best, kept = found, candidate, stay
		}
	}
	if addresses == nil {
		return nil, "", unshared(place, replicas)
	}
	return addresses, best.Network, nil
}

// onHost says whether the replica is in the host's own network namespace.
func (r Replica) onHost() bool {
	return r.Address == loopback || slices.ContainsFunc(r.Networks, func(a Attachment) bool { return a.Driver == "host" })
}

// reaches says whether the router gets at addresses on that network. From the host that is so for
// every bridge, and for none of a macvlan or an overlay.
func (p Place) reaches(a Attachment) bool {
	if p.OnHost {
		return a.Driver == "" || a.Driver == "bridge"
	}
	return slices.ContainsFunc(p.Networks, func(own Attachment) bool { return own.NetworkID == a.NetworkID })
}

// on returns the addresses of those replicas that are on a network.
func on(replicas []Replica, network string, port int) (out []string) {
	for _, r := range replicas {
		i := slices.IndexFunc(r.Networks, func(a Attachment) bool { return a.NetworkID == network && a.Address != "" })
		if i >= 0 {
			out = append(out, net.JoinHostPort(r.Networks[i].Address, strconv.Itoa(port)))
		}
	}
	return out
}

func byName(attachments []Attachment) []Attachment {
	return slices.SortedFunc(slices.Values(attachments), func(a, b Attachment) int {
		return cmp.Or(strings.Compare(a.Network, b.Network), strings.Compare(a.NetworkID, b.NetworkID))
	})
}

// unshared names the first replica that no network joins with the router, else the networks of all.
func unshared(place Place, replicas []Replica) error {
	router, right := "the router is on "+list(networkNames(place.Networks)), "they share none; put both on one network"
	if place.OnHost {
		router, right = "the router is on the host, which reaches bridges only,", "put it on a bridge"
	}
	for _, r := range replicas {
		if !slices.ContainsFunc(r.Networks, func(a Attachment) bool { return place.reaches(a) && a.Address != "" }) {
			return fmt.Errorf("%s and %s is on %s: %s", router, r.Name, list(networkNames(r.Networks)), right)
		}
	}
	var each []string
	for _, r := range replicas {
		each = append(each, r.Name+" on "+strings.Join(networkNames(r.Networks), " and "))
	}
	return fmt.Errorf("%s and no network has the router and all replicas (%s); put all on one network", router, strings.Join(each, ", "))
}

func networkNames(attachments []Attachment) (out []string) {
	for _, a := range byName(attachments) {
		out = append(out, a.Network)
	}
	return out
}
