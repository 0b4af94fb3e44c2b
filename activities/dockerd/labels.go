package dockerd

import (
	"strconv"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
)

// The labels that Compose keeps its state in, and ours.
const (
	labelProject = "com.docker.compose.project"
	labelService = "com.docker.compose.service"
	labelNumber  = "com.docker.compose.container-number"
	labelOneOff  = "com.docker.compose.oneoff"
	labelHook    = "com.docker.compose.hook"
	labelReplace = "com.docker.compose.replace"
	labelHash    = "com.docker.compose.config-hash"
	labelVersion = "com.docker.compose.version"
	labelRun     = "dev.evenkeel.run"
)

// isReplica tells a replica of a service from what Compose runs beside it: one-off commands and
// lifecycle hooks carry the service's labels too.
func isReplica(labels map[string]string) bool {
	return labels[labelService] != "" && labels[labelOneOff] != "True" && labels[labelHook] == "" &&
		number(labels) > 0
}

// number returns the Compose container number, 0 when there is none.
func number(labels map[string]string) int {
	n, err := strconv.Atoi(labels[labelNumber])
	if err != nil {
		return 0
	}
	return n
}

// all lists containers in every state that carry each of the labels "name=value".
func all(labels ...string) container.ListOptions {
	args := filters.NewArgs()
	for _, l := range labels {
		args.Add("label", l)
	}
	return container.ListOptions{All: true, Filters: args}
}
