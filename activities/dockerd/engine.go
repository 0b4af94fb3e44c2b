package dockerd

import (
	"context"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"

	"github.com/docker/docker/api/types"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/events"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/system"
	"github.com/docker/docker/api/types/volume"
	"github.com/docker/docker/client"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/evenkeel/evenkeel/activities"
)

// api is the part of the engine's client that is in use. It is the only place that has to change
// when github.com/moby/moby/client takes over from the frozen github.com/docker/docker.
type api interface {
	ClientVersion() string
	ServerVersion(ctx context.Context) (types.Version, error)
	Info(ctx context.Context) (system.Info, error)
	ContainerList(ctx context.Context, o container.ListOptions) ([]container.Summary, error)
	ContainerInspect(ctx context.Context, id string) (container.InspectResponse, error)
	ContainerInspectWithRaw(ctx context.Context, id string, size bool) (container.InspectResponse, []byte, error)
	ContainerCreate(ctx context.Context, c *container.Config, h *container.HostConfig, n *network.NetworkingConfig, p *ocispec.Platform, name string) (container.CreateResponse, error)
	ContainerStart(ctx context.Context, id string, o container.StartOptions) error
	ContainerStop(ctx context.Context, id string, o container.StopOptions) error
	ContainerUnpause(ctx context.Context, id string) error
	ContainerKill(ctx context.Context, id, signal string) error
	ContainerRemove(ctx context.Context, id string, o container.RemoveOptions) error
	ContainerStats(ctx context.Context, id string, stream bool) (container.StatsResponseReader, error)
	ContainerLogs(ctx context.Context, id string, o container.LogsOptions) (io.ReadCloser, error)
	ContainerAttach(ctx context.Context, id string, o container.AttachOptions) (types.HijackedResponse, error)
	CopyFromContainer(ctx context.Context, id, path string) (io.ReadCloser, container.PathStat, error)
	CopyToContainer(ctx context.Context, id, path string, content io.Reader, o container.CopyToContainerOptions) error
	ContainerTop(ctx context.Context, id string, args []string) (container.TopResponse, error)
	ContainerExecCreate(ctx context.Context, id string, o container.ExecOptions) (container.ExecCreateResponse, error)
	ContainerExecAttach(ctx context.Context, exec string, o container.ExecAttachOptions) (types.HijackedResponse, error)
	ContainerExecInspect(ctx context.Context, exec string) (container.ExecInspect, error)
	NetworkList(ctx context.Context, o network.ListOptions) ([]network.Summary, error)
	Events(ctx context.Context, o events.ListOptions) (<-chan events.Message, <-chan error)
	NetworkConnect(ctx context.Context, network, id string, s *network.EndpointSettings) error
	VolumeList(ctx context.Context, o volume.ListOptions) (volume.ListResponse, error)
	ImageInspect(ctx context.Context, ref string, o ...client.ImageInspectOption) (image.InspectResponse, error)
	ImageImport(ctx context.Context, source image.ImportSource, ref string, o image.ImportOptions) (io.ReadCloser, error)
	ImageRemove(ctx context.Context, id string, o image.RemoveOptions) ([]image.DeleteResponse, error)
	Close() error
}

// Engine is the Docker engine of one host. It is safe for concurrent use.
type Engine struct {
	api api
	// proc is where the processes of the engine's host may be seen, and executable names this
	// program; tests put others in their place.
	proc       string
	executable func() (string, error)

	// networks guards drivers, which are those of the networks that are known, by the network's id.
	networks sync.Mutex
	drivers  map[string]string
	// host is nil until it is known.
	host atomic.Pointer[machine]
}

var _ activities.Engine = (*Engine)(nil)

// New returns the engine that DOCKER_HOST, DOCKER_TLS_VERIFY, DOCKER_CERT_PATH and
// DOCKER_API_VERSION name, by default the one behind the local socket. It does not connect. A
// malformed variable is InvalidInput.
func New() (*Engine, error) {
	c, err := client.NewClientWithOpts(client.FromEnv, client.WithAPIVersionNegotiation())
	if err != nil {
		return nil, activities.Fail(activities.InvalidInput, fmt.Errorf("docker client: %w", err))
	}
	return &Engine{api: c, proc: "/proc", executable: os.Executable}, nil
}

// Close lets go of the idle connections.
func (e *Engine) Close() error { return e.api.Close() }

// Version asks the engine for its version and returns it with the API version that both sides
// speak. The latter is only known after a real call, which this is.
func (e *Engine) Version(ctx context.Context) (engine, api string, err error) {
	v, err := e.api.ServerVersion(ctx)
	if err != nil {
		return "", "", classed("engine version", err)
	}
	return v.Version, e.api.ClientVersion(), nil
}
