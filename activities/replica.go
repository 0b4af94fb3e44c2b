package activities

import "context"

// Prober asks a replica over HTTP. activities/httpprobe implements it; it never follows a redirect,
// reads at most 4 MiB and gives up after 5 seconds.
type Prober interface {
	// Get returns the status of a GET, or an Unavailable error when there was no answer.
	Get(ctx context.Context, url string) (status int, err error)
	// Gauge returns the sum over all series of a metric in the Prometheus text format at url; ok is
	// false when the metric is not there.
	Gauge(ctx context.Context, url, metric string) (value float64, ok bool, err error)
}

// Product is what scaling needs of the product's own HTTP API on one replica. activities/admin
// implements it. Both calls are idempotent.
type Product interface {
	// Drain tells a queue consumer to take no new work. A product without that path is NotFound.
	Drain(ctx context.Context, url string) error
	// Resume lets it take work again.
	Resume(ctx context.Context, url string) error
}

// Replicas watches the replicas of one host's Compose projects and speaks to them.
type Replicas struct {
	Engine   Engine
	Prober   Prober
	Projects Projects
}
