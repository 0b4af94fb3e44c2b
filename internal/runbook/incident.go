package runbook

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"
)

// IncidentID is the id of the incident that a step of a run opens: the day and six letters made of the
// run, the step and the moment, so that a step that is looked at again has the same.
func IncidentID(run Run, path string, at time.Time) string {
	at = at.UTC()
	sum := sha256.Sum256([]byte(run.ID + "\x00" + path + "\x00" + at.Format(time.RFC3339Nano)))
	return "INC-" + at.Format("20060102") + "-" + strings.ToUpper(hex.EncodeToString(sum[:3]))
}
