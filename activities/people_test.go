package activities

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/config"
	"github.com/evenkeel/evenkeel/internal/identity"
	"github.com/evenkeel/evenkeel/internal/request"
)

func TestWhoIs(t *testing.T) {
	people := &People{
		Asked:   Since,
		Persons: identity.People{"eve": {Host: []string{"eve@gpu-1", "ops@gpu-4"}}},
		Groups: map[string][]string{
			"oncall": {"anna@gpu-1", "eve"}, "sre": {"*@gpu-2"}, "root": {"root@*"}, "all": {"*@*"},
		},
		Approvals: config.Approvals{Operators: []string{"oncall", "root"}, AuthenticatedFrom: "destructive"},
	}
	for name, c := range map[string]struct {
		who      Person
		groups   []string
		operator bool
	}{
		"named":                    {Person{Name: "anna@gpu-1", Via: ViaCLI}, []string{"all", "oncall"}, true},
		"the same name elsewhere":  {Person{Name: "anna@gpu-3", Via: ViaCLI}, []string{"all"}, false},
		"any user of a host":       {Person{Name: "ben@gpu-2", Via: ViaCLI}, []string{"all", "sre"}, false},
		"a user on any host":       {Person{Name: "root@gpu-2", Via: ViaCLI}, []string{"all", "root", "sre"}, true},
		"letters count":            {Person{Name: "Anna@gpu-1", Via: ViaCLI}, []string{"all"}, false},
		"a name with an @":         {Person{Name: "anna@gpu-1@gpu-3", Via: ViaCLI}, []string{"all"}, false},
		"no host":                  {Person{Name: "anna", Via: ViaCLI}, nil, false},
		"nobody":                   {Person{Name: "@gpu-2", Via: ViaCLI}, nil, false},
		"no name":                  {Person{Name: "", Via: ViaCLI}, nil, false},
		"a person":                 {Person{Name: "ops@gpu-4", Via: ViaCLI}, []string{"all", "oncall"}, true},
		"an account like a person": {Person{Name: "eve@gpu-3", Via: ViaCLI}, []string{"all"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := people.WhoIs(t.Context(), c.who)
			require.NoError(t, err)
			require.Equal(t, request.Standing{
				Groups: c.groups, Operator: c.operator, AuthenticatedFrom: request.Destructive, Person: people.Persons.Counts(identity.Host, c.who.Name),
			}, got.Standing)
		})
	}
	for via, want := range map[string]string{"mail": InvalidInput, "slack": PermissionDenied} { // anybody may claim it
		_, err := people.WhoIs(t.Context(), Person{Name: "slack:T1/U07ANNA", Via: via})
		require.Equal(t, want, class(t, err))
	}
	eve, err := people.WhoIs(t.Context(), Person{Name: "eve@gpu-1", Via: ViaCLI, Others: []string{"ops@gpu-4", "EVE@gpu-2", "eve@GPU-2", "anna@gpu-1", "alert", ""}})
	require.NoError(t, err)
	require.Equal(t, []string{"ops@gpu-4", "eve@GPU-2"}, eve.Same)
}
