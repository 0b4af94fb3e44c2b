package runbook

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// A program is told as one line a node: its path, where it goes on below itself and behind, its branches.
func TestLay(t *testing.T) {
	inner := steps(action("in"), action("out"))
	empty := steps()
	d := steps(
		action("a"),
		Step{ID: "pick", Kind: Switch, Cases: []Case{
			{When: holds("x"), Steps: []Step{action("one"), {ID: "sub", Kind: Call, Called: &inner}}},
			{When: holds("y")},
			{Steps: []Step{action("other")}},
		}},
		Step{ID: "none", Kind: Call, Called: &empty},
		action("last"),
	)
	d.OnFailure = []Step{action("tidy"), action("tell")}
	p := Lay(d)
	type node struct {
		path, scope string
		into, after int
		branches    []int
		size        int
		failing     bool
	}
	var got []node
	for _, n := range p.Nodes {
		got = append(got, node{n.Path, n.Scope, n.Into, n.After, n.Branches, n.Size, n.Failing})
	}
	require.Equal(t, []node{
		{"a", "", 1, 1, nil, 0, false},
		{"pick", "", 7, 7, []int{2, 7, 6}, 5, false},
		{"one", "", 3, 3, nil, 0, false},
		{"sub", "", 4, 7, nil, 2, false},
		{"sub/in", "sub/", 5, 5, nil, 0, false},
		{"sub/out", "sub/", 7, 7, nil, 0, false},
		{"other", "", 7, 7, nil, 0, false},
		{"none", "", 8, 8, nil, 0, false},
		{"last", "", Nowhere, Nowhere, nil, 0, false},
		{"tidy", "", 10, 10, nil, 0, true},
		{"tell", "", Nowhere, Nowhere, nil, 0, true},
	}, got)
	require.Equal(t, 0, p.Start)
	require.Equal(t, 9, p.Failure)
	require.Equal(t, 4, p.Find("sub/in"))
	require.Equal(t, Nowhere, p.Find("in"))
	require.Equal(t, []string{"", "sub/"}, p.Nodes[4].Scopes)
	require.Same(t, &inner, p.Nodes[4].Definition)
}

func TestLayNothing(t *testing.T) {
	p := Lay(Definition{})
	require.Equal(t, Nowhere, p.Start)
	require.Equal(t, Nowhere, p.Failure)
	newWorld(t, Definition{}).begin().ends(Succeeded)
}

// Each scope has its gates: one of the caller is not for a step of the same name that is called.
func TestGateOf(t *testing.T) {
	inner := steps(gateFor("restart"), action("restart", destructive))
	p := Lay(steps(gateFor("restart"), Step{ID: "sub", Kind: Call, Called: &inner}, action("restart", destructive)))
	require.Equal(t, p.Find("gate"), p.gateOf("restart"))
	require.Equal(t, p.Find("sub/gate"), p.gateOf("sub/restart"))
	require.Equal(t, Nowhere, p.gateOf("sub"))
}
