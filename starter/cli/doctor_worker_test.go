package cli

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/config"
	"github.com/evenkeel/evenkeel/worker/connect"
)

func TestWorkerConfiguration(t *testing.T) {
	d := &doctor{hostName: "gpu-1", config: &config.Config{Path: "/etc/e.yaml", SHA256: "abc"}}
	require.Equal(t, well("the worker of gpu-1 has read the same file"), d.compared("abc", nil))
	require.Equal(t, noted("the worker of gpu-1 was started with another text than /etc/e.yaml has now", "restart `evenkeel` (or `worker`) on gpu-1 with that file"), d.compared("def", nil))
	require.Equal(t, notAsked("the worker does not say: it has no such activity"), d.compared("", errors.New("it has no such activity")))
	require.Equal(t, statusNotAsked, d.compared("", nil).Status, "one of an earlier version")

	d.temporal = func() (*connect.Connection, error) { return nil, errors.New("down") }
	require.Equal(t, notAsked("needs the Temporal server"), d.workerConfiguration(t.Context()))
	require.Equal(t, notAsked("needs the configuration of a host"), (&doctor{configFault: errors.New("x")}).workerConfiguration(t.Context()))
}
