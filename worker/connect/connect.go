// Package connect makes the Temporal client of every evenkeel program.
package connect

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"
	"go.temporal.io/sdk/log"
)

// dialTimeout bounds the first contact, so that a wrong address is an answer and not a wait.
const dialTimeout = 10 * time.Second

// Options are what a program adds to the environment's connection settings.
type Options struct {
	Logger *slog.Logger
	// Metrics receives the SDK's own metrics; nil keeps none.
	Metrics client.MetricsHandler
}

// ClientOptions reads Temporal's own configuration: the profile named by TEMPORAL_PROFILE in the file
// TEMPORAL_CONFIG_FILE, then TEMPORAL_ADDRESS, _NAMESPACE, _API_KEY, _TLS and the other variables of
// Temporal's environment configuration. Without any it is localhost:7233, namespace default.
func ClientOptions(o Options) (client.Options, error) {
	opts, err := envconfig.LoadClientOptions(envconfig.LoadClientOptionsRequest{})
	if err != nil {
		return client.Options{}, fmt.Errorf("environment configuration of Temporal: %w", err)
	}
	if opts.HostPort == "" {
		opts.HostPort = client.DefaultHostPort
	}
	if fault := badAddress(opts.HostPort); fault != "" {
		return client.Options{}, fmt.Errorf("the address of Temporal, %q, %s", opts.HostPort, fault)
	}
	if opts.Namespace == "" {
		opts.Namespace = client.DefaultNamespace
	}
	opts.Logger = log.NewStructuredLogger(o.Logger)
	opts.MetricsHandler = o.Metrics
	opts.Identity = Identity()
	return opts, nil
}

// Connection is a client and the namespace it speaks for.
type Connection struct {
	client.Client
	Namespace string
	HostPort  string
}

// Dial connects and makes sure that a Temporal server answers.
func Dial(ctx context.Context, o Options) (*Connection, error) {
	opts, err := ClientOptions(o)
	if err != nil {
		return nil, err
	}
	within, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	c, err := client.DialContext(within, opts)
	if err != nil {
		if unknown := lookUp(ctx, opts.HostPort); unknown != nil {
			err = unknown
		}
		return nil, fmt.Errorf("no Temporal server answers at %s (namespace %s): %w", opts.HostPort, opts.Namespace, err)
	}
	return &Connection{Client: c, Namespace: opts.Namespace, HostPort: opts.HostPort}, nil
}

// Identity is how this process is shown in histories and in the list of pollers.
func Identity() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown-host"
	}
	return fmt.Sprintf("%s@%s/%d", filepath.Base(os.Args[0]), host, os.Getpid())
}
