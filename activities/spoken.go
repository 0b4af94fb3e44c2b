package activities

import (
	"strings"

	"go.temporal.io/api/enums/v1"
)

// TimedOut says in words what a timeout of an activity or of a run means. It is one line, for a reason or a status.
func TimedOut(kind enums.TimeoutType) string {
	switch kind {
	case enums.TIMEOUT_TYPE_HEARTBEAT:
		return "its worker stopped, or lost the server, while it ran"
	case enums.TIMEOUT_TYPE_SCHEDULE_TO_START:
		return "no worker took it in time"
	case enums.TIMEOUT_TYPE_START_TO_CLOSE, enums.TIMEOUT_TYPE_SCHEDULE_TO_CLOSE, enums.TIMEOUT_TYPE_UNSPECIFIED:
	}
	return "it did not end in time"
}

// spoken is how Go calls the ends of a context, and how people do.
var spoken = strings.NewReplacer("context deadline exceeded", "time ran out", "context canceled", "it was stopped")

// Spoken is the text of an error for people.
func Spoken(text string) string { return spoken.Replace(text) }
