package workflows

import (
	"strings"

	"go.temporal.io/sdk/temporal"
)

// TaskQueue is the queue for workflows and for all activities that are not tied to a host.
const TaskQueue = "evenkeel"

// HostQueue is the queue for the activities of one host: its Docker engine, nginx, GPUs and programs, and what its
// configuration says.
func HostQueue(host string) string { return TaskQueue + "-host-" + host }

// ServiceID is the id of the one change that a service may have at a time, whatever kind it is.
func ServiceID(host, project, service string) string {
	return strings.Join([]string{"service", host, project, service}, "/")
}

// The search attributes that evenkeel sets where the namespace has them.
var (
	HostAttribute     = temporal.NewSearchAttributeKeyKeyword("EvenkeelHost")
	ServiceAttribute  = temporal.NewSearchAttributeKeyKeyword("EvenkeelService")
	SeverityAttribute = temporal.NewSearchAttributeKeyKeyword("EvenkeelSeverity")
	StateAttribute    = temporal.NewSearchAttributeKeyKeyword("EvenkeelState")
)

// SearchAttributes are the names of all of them, each a Keyword.
func SearchAttributes() []string {
	return []string{HostAttribute.GetName(), ServiceAttribute.GetName(), SeverityAttribute.GetName(), StateAttribute.GetName()}
}
