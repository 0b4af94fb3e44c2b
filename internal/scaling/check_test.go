package scaling

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// said is one case of a rule: what is edited in a request that nothing speaks against, and all that the
// plan says then.
type said struct {
	to       int
	have     []Replica
	edit     func(*Request, *Service)
	refusals []Refusal
	warnings []string
}

func check(t *testing.T, cases map[string]said) {
	t.Helper()
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			request := wellFormed(c.to, c.have...)
			c.edit(&request, &request.Services[0])
			got := MakePlan(request).Changes[0]
			require.Equal(t, c.refusals, got.Refusals)
			require.Equal(t, c.warnings, got.Warnings)
		})
	}
}

func running(n int) (out []Replica) {
	for i := range n {
		out = append(out, replica(i+1, "running", ""))
	}
	return out
}
