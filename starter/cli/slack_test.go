package cli

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/request"
	"github.com/evenkeel/evenkeel/workflows"
)

// What became of a test is told whole, and the exit code says whether anybody has pressed.
func TestSlackTestIsTold(t *testing.T) {
	for _, c := range []struct {
		result workflows.SlackTestResult
		want   string
		err    error
	}{
		{workflows.SlackTestResult{Outcome: request.Granted, By: "slack:T0/U0ANNA", Via: "slack"}, "slack:T0/U0ANNA has pressed (granted, by slack)\n", nil},
		{
			workflows.SlackTestResult{Outcome: request.Rejected, By: "slack:T0/U0ANNA", Via: "slack", Refused: []string{"slack:T0/U0EVE: slack:T0/U0EVE is in none of the groups sre\x1b[2J"}},
			"slack:T0/U0EVE: slack:T0/U0EVE is in none of the groups sre\\u001b[2J\nslack:T0/U0ANNA has pressed (rejected, by slack)\n", nil,
		},
		{
			workflows.SlackTestResult{Outcome: request.Expired, Untold: []string{"the operators could not be told of press: Slack says not_in_channel"}},
			"the operators could not be told of press: Slack says not_in_channel\nnobody has pressed; see the log of the worker, and starter doctor\n", answered(exitNo),
		},
	} {
		var out bytes.Buffer
		s := newStarter(Streams{Out: &out, Err: &bytes.Buffer{}})
		s.output = "text"
		require.Equal(t, c.err, s.printSlackTest(c.result))
		require.Equal(t, c.want, out.String())
	}
}
