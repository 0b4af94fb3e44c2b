package app

import (
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/workflow"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/workflows"
)

// names writes down what is registered.
type names []string

func (n *names) RegisterActivity(any) { panic("an activity is registered by its name") }

func (n *names) RegisterActivityWithOptions(_ any, o activity.RegisterOptions) {
	*n = append(*n, o.Name)
}

func (n *names) RegisterDynamicActivity(any, activity.DynamicRegisterOptions) {
	panic("no activity takes any name")
}

func (n *names) RegisterWorkflow(w any) { *n = append(*n, function(w)) }

func (n *names) RegisterWorkflowWithOptions(_ any, o workflow.RegisterOptions) {
	*n = append(*n, o.Name)
}

func (n *names) RegisterDynamicWorkflow(any, workflow.DynamicRegisterOptions) {
	panic("no workflow takes any name")
}

func function(f any) string {
	full := runtime.FuncForPC(reflect.ValueOf(f).Pointer()).Name()
	return strings.TrimSuffix(full[strings.LastIndex(full, ".")+1:], "-fm")
}

// Names are in histories, and in the rules of who may call what: they do not change by accident.
func TestRegisteredNames(t *testing.T) {
	var host, shared, runs names
	HostActivities{}.Register(&host)
	SharedActivities{}.Register(&shared)
	workflows.Register(&runs)
	slices.Sort(host)
	slices.Sort(shared)
	slices.Sort(runs)
	require.Equal(t, names{
		"Act", "AwaitReady", "CheckHealthy", "ConfiguredWith", "DrainReplicas", "ListServices", "LoadRunbook", "MissingReplicas", "ObserveReplicas", "PlanRestart",
		"PlanRunbook", "PlanScale", "ReadProbes", "ReleaseGPUs", "RemoveReplicas", "ReserveVRAM", "ResumeGPUs", "ResumeReplicas", "RouteReplicas",
		"ServiceStats", "SettleVRAM", "StartAgain", "StartReplicas", "StopReplicas", "UndoStart", "UseStart", "Watch", "WhoIs",
	}, host)
	require.Equal(t, names{
		"ActedSince", "ActedSinceLater", "Evaluate", "KeepLater", "KeepServiceAsk", "KeepServiceRun", "KnownSearchAttributes", "Notify", "PageNotice", "PostNotice", "ReadEntries", "VerifyLedger", "Whisper",
	}, slices.DeleteFunc(shared, func(name string) bool { return slices.Contains(activities.KeptKinds, name) }))
	require.Equal(t, names{"GuardVRAM", "RestartService", "RunRunbook", "ScaleService", "SlackTest", "Tell"}, runs)
}

// Every activity has a class, and the list of those that starter runs without a workflow is this one.
func TestWhatNeedsNoRun(t *testing.T) {
	var asked []string
	all := append(HostActivities{}.list(), SharedActivities{}.list()...)
	named := map[string][]string{}
	for _, a := range all {
		named[function(a.do)] = append(named[function(a.do)], a.name)
	}
	for _, a := range all {
		require.Contains(t, []class{read, step, effect, local, order}, a.class, a.name)
		if method := function(a.do); len(named[method]) > 1 {
			require.NotContains(t, named[method], method, "a call by this name would be kept in the history under the last of them")
		} else {
			require.Equal(t, method, a.name, "workflows call it by its method")
		}
		if a.class == read || a.class == order {
			asked = append(asked, string(a.class)+" "+a.name)
		}
	}
	slices.Sort(asked)
	require.Equal(t, []string{
		// starter gpu release and resume: a person at the host's cards. They touch no container, and end by themselves.
		"order ReleaseGPUs", "order ResumeGPUs",
		"read ConfiguredWith", "read ListServices", "read PlanRestart", "read PlanRunbook", "read PlanScale", "read ReadEntries", "read ServiceStats",
		"read VerifyLedger",
		"read WhoIs", // starter gate list --mine
	}, asked)
}
