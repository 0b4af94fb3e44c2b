package templates

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/config"
	"github.com/evenkeel/evenkeel/internal/identity"
)

func TestLintAgainstTheConfiguration(t *testing.T) {
	c := &config.Config{
		Groups: map[string][]string{"oncall": {"a@b"}},
		Commands: map[string]config.Command{
			"wipe": {Risk: "destructive", Idempotent: true, Args: []config.CommandArg{{Name: "disk", Pattern: "sd[a-z]"}}},
			"warm": {Risk: "write"},
		},
		Hosts: map[string]config.Host{"gpu-1": {Projects: map[string]config.Project{"shop": {Services: map[string]config.Service{"app": {}, "worker": {Metrics: "/metrics"}}}}}},
	}
	dir := tree(t, map[string]string{"mine.yaml": begin("mine", "") + `probes:
  queue: {uses: service.metric, with: {service: app, metric: q}, unit: tasks, max_age: 10s}
steps:
  - {id: long, kind: check, require: probes.queue.value > 1.0}
  - {id: wipe, kind: action, uses: command.run, with: {command: wipe, disk: "${{ 'nvme' + '0' }}"}, risk: write, idempotent: true}
  - {id: warm, kind: action, uses: command.run, with: {command: wrm}, risk: write, idempotent: false}
  - id: more
    kind: action
    uses: service.scale
    with: {service: ap, replicas: 2}
    risk: write
    idempotent: true
    undo: {uses: command.run, with: {command: warm}}
  - id: back
    kind: action
    uses: command.run
    with: {command: warm}
    risk: write
    idempotent: false
    undo: {uses: command.run, with: {command: wipe, disk: sda}}
  - id: which
    kind: switch
    cases:
      - steps:
          - {id: tell, kind: notify, groups: [oncall, onkall], message: "!"}
`})
	const warnings = `warning: mine.yaml:8:5: steps[1]: wipe writes and has no undo; write how it is put back, if it can be
warning: mine.yaml:9:5: steps[2]: warm writes and has no undo; write how it is put back, if it can be
`
	require.Equal(t, warnings, lint(t, dir, LintOptions{}, "mine.yaml"), "without a configuration")
	require.Equal(t, `mine.yaml:5:49: probes.queue.with.service: no project of the configuration has a service "app" with metrics; write its metrics under services
mine.yaml:8:5: steps[1]: the command wipe is destructive, and the step declares "write"; the command wipe takes no "nvme0" for disk; it must match sd[a-z] and not begin with -
mine.yaml:9:5: steps[2]: the configuration has no command "wrm"; did you mean "warm"?
mine.yaml:13:21: steps[3].with.service: no project of the configuration has a service "ap" to scale; write it under services
mine.yaml:16:5: steps[3].undo: the configuration does not call the command warm idempotent, and here it may be run more than once
mine.yaml:23:5: steps[4].undo: an undo runs as write, whatever its step declares, and the command wipe is destructive; write a command of risk write
mine.yaml:28:55: steps[5].cases[0].steps[0].groups[1]: the configuration has no group "onkall"; did you mean "oncall"?
`+warnings, lint(t, dir, LintOptions{Config: c}, "mine.yaml"))

	// What is built in is there whether it is wanted or not.
	found, err := Lint(nil, LintOptions{Config: &config.Config{}, Today: today})
	require.NoError(t, err)
	require.Empty(t, found.Errors)
	require.Contains(t, found.Warnings[len(found.Warnings)-1].Problem, "the configuration has no group ")
}

// A gate that needs more persons than there are is told before anybody waits for it.
func TestLintCountsPersons(t *testing.T) {
	c := &config.Config{
		People: identity.People{"anna": {Host: []string{"anna@gpu-1", "ops@gpu-2"}}},
		Groups: map[string][]string{"one": {"anna", "anna@gpu-1", "anna@gpu-2", "ops@gpu-2"}, "two": {"ops@*"}, "other": {"ben@gpu-1"}, "all": {"*@gpu-1"}},
	}
	for gate, want := range map[string]string{
		"groups: [one], min: 1":        "",
		"groups: [one], min: 2":        "2 persons must approve, and one count as 1 at most, so it never passes; add members or write less",
		"groups: [two], min: 2":        "",
		"groups: [two], min: 3":        "3 persons must approve, and two count as 2 at most",
		"groups: [one, other], min: 2": "",
		"groups: [one], min: 2, on_timeout: escalate, escalate_to: [other]": "",
		"groups: [one], min: 3, on_timeout: escalate, escalate_to: [other]": "3 persons must approve, and one, other count as 2 at most",
		"groups: [all], min: 20": "",
	} {
		dir := tree(t, map[string]string{"mine.yaml": begin("mine", "") + `steps:
  - {id: ask, kind: gate, approves: [go], timeout: 5m, message: m, ` + gate + `}
  - {id: go, kind: action, uses: service.scale, with: {service: app, replicas: 2}, risk: write, idempotent: true, undo: {uses: product.cache_warm}}
`})
		got := lint(t, dir, LintOptions{Config: c}, "mine.yaml")
		if want == "" {
			require.NotContains(t, got, "persons", gate)
			continue
		}
		require.Contains(t, got, "steps[0].min: "+want, gate)
	}
}
