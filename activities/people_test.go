package activities

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/config"
	"github.com/evenkeel/evenkeel/internal/request"
)

func TestWhoIs(t *testing.T) {
	people := &People{
		Groups: map[string][]string{
			"oncall": {"anna@gpu-1", "slack:U07ANNA"}, "sre": {"*@gpu-2"}, "root": {"root@*"}, "all": {"*@*"},
		},
		Approvals: config.Approvals{Operators: []string{"oncall", "root"}, AuthenticatedFrom: "destructive"},
	}
	for name, c := range map[string]struct {
		who      Person
		groups   []string
		operator bool
	}{
		"named":                    {Person{"anna@gpu-1", ViaCLI}, []string{"all", "oncall"}, true},
		"the same name elsewhere":  {Person{"anna@gpu-3", ViaCLI}, []string{"all"}, false},
		"any user of a host":       {Person{"ben@gpu-2", ViaCLI}, []string{"all", "sre"}, false},
		"a user on any host":       {Person{"root@gpu-2", ViaCLI}, []string{"all", "root", "sre"}, true},
		"letters count":            {Person{"Anna@gpu-1", ViaCLI}, []string{"all"}, false},
		"a name with an @":         {Person{"anna@gpu-1@gpu-3", ViaCLI}, []string{"all"}, false},
		"no host":                  {Person{"anna", ViaCLI}, nil, false},
		"nobody":                   {Person{"@gpu-2", ViaCLI}, nil, false},
		"no name":                  {Person{"", ViaCLI}, nil, false},
		"a user called like one":   {Person{"slack:U07ANNA", ViaCLI}, nil, false},
		"a user called like an id": {Person{"U07ANNA", ViaCLI}, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := people.WhoIs(t.Context(), c.who)
			require.NoError(t, err)
			require.Equal(t, request.Standing{
				Groups: c.groups, Operator: c.operator, AuthenticatedFrom: request.Destructive,
			}, got.Standing)
		})
	}
	for _, via := range []string{"mail", ViaSlack} { // of what is said in Slack nothing is received, so anybody may claim it
		_, err := people.WhoIs(t.Context(), Person{"U07ANNA", via})
		require.Equal(t, InvalidInput, class(t, err))
	}
}
