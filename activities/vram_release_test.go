package activities

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
)

func TestReleaseGPUs(t *testing.T) {
	d := &driver{}
	v := d.vram()
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestActivityEnvironment()
	env.RegisterActivity(v)

	value, err := env.ExecuteActivity(v.ReleaseGPUs, GPURelease{ForSeconds: 120})
	require.NoError(t, err)
	var until time.Time
	require.NoError(t, value.Get(&until))
	require.Equal(t, time.Unix(120, 0).UTC(), until)
	require.Equal(t, 2*time.Minute, d.released)

	for _, seconds := range []int{0, -1, 24*3600 + 1} {
		_, err := env.ExecuteActivity(v.ReleaseGPUs, GPURelease{ForSeconds: seconds})
		app, ok := errors.AsType[*temporal.ApplicationError](err)
		require.True(t, ok, "%v", err)
		require.Equal(t, InvalidInput, app.Type())
		require.Equal(t, 2*time.Minute, d.released, "nothing was changed")
	}

	_, err = env.ExecuteActivity(v.ResumeGPUs)
	require.NoError(t, err)
	require.Zero(t, d.released)
}
