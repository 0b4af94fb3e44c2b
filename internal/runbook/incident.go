package runbook

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"
)

// IncidentID is the id of the incident that a step of a run opens: the day on which the run began and six letters made
// of the run, the step and the number of the entry, so that a step that is done again by another worker has the same.
func IncidentID(run Run, path string, entry int) string {
	at := run.Started.UTC()
	sum := sha256.Sum256([]byte(run.ID + "\x00" + at.Format(time.RFC3339Nano) + "\x00" + path + "\x00" + itoa(entry)))
	return "INC-" + at.Format("20060102") + "-" + strings.ToUpper(hex.EncodeToString(sum[:3]))
}
