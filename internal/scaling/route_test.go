package scaling

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// at is a replica's or the router's place on a network.
func at(network, address string) Attachment {
	return Attachment{NetworkID: "id-" + network, Network: network, Driver: "bridge", Address: address}
}

func placed(number int, attachments ...Attachment) Replica {
	r := replica(number, "running", "")
	r.Networks = attachments
	return r
}

func TestMembers(t *testing.T) {
	front := Place{Networks: []Attachment{at("front", "10.1.0.9")}}
	both := Place{Networks: []Attachment{at("front", "10.1.0.9"), at("back", "10.2.0.9")}}
	host := Place{OnHost: true}
	onHost := replica(1, "running", "")
	onHost.Address = "127.0.0.1"
	macvlan := at("back", "10.2.0.2")
	macvlan.Driver = "macvlan"
	namesake := at("front", "10.1.0.2")
	namesake.NetworkID = "another"
	for name, c := range map[string]struct {
		place    Place
		replicas []Replica
		present  []string
		want     []string
		network  string
		err      string
	}{
		"nobody": {place: front},
		"not the first by name, but the shared": {
			place: front, replicas: []Replica{placed(1, at("back", "10.2.0.2"), at("front", "10.1.0.2")), placed(2, at("back", "10.2.0.3"), at("front", "10.1.0.3"))},
			want: []string{"10.1.0.2:80", "10.1.0.3:80"}, network: "front",
		},
		"the first of two": {
			place: both, replicas: []Replica{placed(1, at("front", "10.1.0.2"), at("back", "10.2.0.2"))},
			want: []string{"10.2.0.2:80"}, network: "back",
		},
		"the one that the upstream has": {
			place: both, replicas: []Replica{placed(1, at("front", "10.1.0.2"), at("back", "10.2.0.2")), placed(2, at("front", "10.1.0.3"), at("back", "10.2.0.3"))},
			present: []string{"10.1.0.3:80", "10.9.0.1:80"}, want: []string{"10.1.0.2:80", "10.1.0.3:80"}, network: "front",
		},
		"one for all": {
			place: both, replicas: []Replica{placed(1, at("front", "10.1.0.2"), at("back", "10.2.0.2")), placed(2, at("front", "10.1.0.3"))},
			present: []string{"10.2.0.2:80"}, want: []string{"10.1.0.2:80", "10.1.0.3:80"}, network: "front",
		},
		"no network for all": {
			place: both, replicas: []Replica{placed(1, at("back", "10.2.0.2")), placed(2, at("front", "10.1.0.3"))},
			err: "the router is on back, front and no network has the router and all replicas (shop-app-1 on back, shop-app-2 on front); put all on one network",
		},
		"IPv6": {place: front, replicas: []Replica{placed(1, at("front", "fd00::2"))}, want: []string{"[fd00::2]:80"}, network: "front"},
		"none shared": {
			place: front, replicas: []Replica{placed(1, at("front", "10.1.0.2")), placed(2, at("back", "10.2.0.2"), at("data", "10.3.0.2"))},
			err: "the router is on front and shop-app-2 is on back, data: they share none; put both on one network",
		},
		"the same name is not the same network": {
			place: front, replicas: []Replica{placed(1, namesake)},
			err: "the router is on front and shop-app-1 is on front: they share none; put both on one network",
		},
		"a router on the host": {
			place: host, replicas: []Replica{placed(1, macvlan, at("front", "10.1.0.2"))},
			want: []string{"10.1.0.2:80"}, network: "front",
		},
		"a router on the host, no bridge": {
			place: host, replicas: []Replica{placed(1, macvlan)},
			err: "the router is on the host, which reaches bridges only, and shop-app-1 is on back: put it on a bridge",
		},
		"both on the host": {place: host, replicas: []Replica{onHost}, want: []string{"127.0.0.1:80"}},
		"only the replica on the host": {
			place: front, replicas: []Replica{onHost},
			err: "shop-app-1 is in the host's network, which the router in its own container does not reach; put app on a network of the router",
		},
		"some on the host": {
			place: host, replicas: []Replica{onHost, placed(2, at("front", "10.1.0.3"))},
			err: "some replicas are in the host's network and some are not; all have to be on one network",
		},
		"no address yet": {
			place: front, replicas: []Replica{placed(1, at("front", ""))},
			err: "the router is on front and shop-app-1 is on front: they share none; put both on one network",
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, network, err := Members(c.place, c.replicas, 80, c.present)
			if c.err != "" {
				require.EqualError(t, err, c.err)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.want, got)
			require.Equal(t, c.network, network)
		})
	}
}
