package alert

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/identity"
	"github.com/evenkeel/evenkeel/internal/runbook"
	"github.com/evenkeel/evenkeel/internal/strictyaml"
)

// MaxStarts is how many runs one request may start. What is above it is told again later.
const MaxStarts = 20

// Result is what becomes of an alert or of a hook's delivery.
type Result string

// The results.
const (
	Started     Result = "started"
	Joined      Result = "joined"       // the run is at work, or was started a moment ago
	IsResolved  Result = "resolved"     // a resolved alert starts nothing
	NoMatch     Result = "no_match"     // no installed runbook has it among its triggers
	BadLabels   Result = "bad_labels"   // a runbook matches, and the labels make no start of it
	Unavailable Result = "unavailable"  // Temporal did not take it; it will be told again
	TooMany     Result = "too_many"     // more than MaxStarts; it will be told again
	Replayed    Result = "replayed"     // a hook's delivery that was taken before
	Refused     Result = "unauthorized" // without the secret, or too old
	Overlong    Result = "overlong"     // a body that is too long, or did not come whole: nobody knows whose
	Malformed   Result = "malformed"    // no payload, or one that makes no start
	Truncated   Result = "truncated"    // alerts that the Alertmanager left out, and will not send
)

// Results are all results, in the order of this list.
func Results() []Result {
	return []Result{Started, Joined, IsResolved, NoMatch, BadLabels, Unavailable, TooMany, Replayed, Refused, Overlong, Malformed, Truncated}
}

// Decision is what is to be done about one alert and one runbook.
type Decision struct {
	// Alert is the alert's name, as far as it is shown, and Fingerprint the alert's.
	Alert, Fingerprint string
	// Runbook is the one that matches; empty where none does.
	Runbook string
	// Ended is the run that the alert would have started, to be told that it is resolved; nil where it is not, or matches
	// nothing.
	Ended *Ended
	// Result is Started where Start is there: it is what is to be tried.
	Result Result
	// Reason says why in a few words.
	Reason string
	Start  *Start
}

// Ended is what the run of an alert is told when the alert is resolved.
type Ended struct {
	// Run is the id of the run, whether or not it is at work.
	Run string
	// Alert is the alert's name, as far as it is shown, and At when it was resolved.
	Alert string
	At    time.Time
}

// Rules say which alert starts what.
type Rules struct {
	// Runbooks are the definitions that are used.
	Runbooks []runbook.Definition
	Projects Projects
	// HostLabel and ProjectLabel are the labels that name the host and the project.
	HostLabel, ProjectLabel string
}

// Decide returns one decision for each alert and each runbook that it matches, in the order of the alerts and then of the
// runbooks' names. Several that come to the same run are Joined behind the first.
func (r Rules) Decide(p Payload, now time.Time) []Decision {
	var all []Decision
	seen := map[string]bool{}
	for _, a := range p.Alerts {
		for _, d := range r.decide(a, now) {
			if d.Start != nil && seen[d.Start.ID] {
				d.Result, d.Reason, d.Start = Joined, "another alert of this notification starts "+d.Start.ID, nil
			} else if d.Start != nil {
				seen[d.Start.ID] = true
			}
			all = append(all, d)
		}
	}
	if p.Truncated > 0 {
		all = append(all, Decision{Result: Truncated, Reason: fmt.Sprintf("%d more alerts were not sent; set max_alerts of the receiver to 0", p.Truncated)})
	}
	return all
}

func (r Rules) decide(a Alert, now time.Time) []Decision {
	about := Decision{Alert: strictyaml.Plain(a.Name(), maxShown), Fingerprint: a.Fingerprint}
	var all []Decision
	for _, d := range slices.SortedFunc(slices.Values(r.Runbooks), func(a, b runbook.Definition) int { return strings.Compare(a.Name, b.Name) }) {
		trigger, ok := matching(d, a)
		if !ok {
			continue
		}
		one := about
		one.Runbook = d.Name
		start, err := r.Projects.start(d, a.Labels[r.HostLabel], a.Labels[r.ProjectLabel], given(trigger, a), string(identity.Alertmanager), identity.Alertmanager, now)
		switch {
		case a.Status == Resolved:
			one.Result, one.Reason = IsResolved, resolved
			if err == nil {
				one.Ended = &Ended{Run: start.ID, Alert: about.Alert, At: a.EndsAt}
			}
		case err != nil:
			one.Result, one.Reason = BadLabels, strictyaml.Plain(err.Error(), maxReason)
		default:
			start.Why = fmt.Sprintf("the alert %s fires since %s (fingerprint %s)", about.Alert, a.StartsAt.UTC().Format(time.RFC3339), a.Fingerprint)
			start.Delivery = deliveryOf(start.ID, a)
			one.Result, one.Reason, one.Start = Started, "it matches a trigger of the runbook", &start
		}
		all = append(all, one)
	}
	if all == nil && a.Status == Resolved {
		about.Result, about.Reason = IsResolved, resolved
		return []Decision{about}
	}
	if all == nil {
		about.Result, about.Reason = NoMatch, "no installed runbook has a trigger for its labels"
		return []Decision{about}
	}
	return all
}

const resolved = "a resolved alert starts nothing"

// maxReason bounds a reason, in bytes.
const maxReason = 300

// matching returns the first trigger of a definition whose labels the alert has.
func matching(d runbook.Definition, a Alert) (runbook.Alert, bool) {
	i := slices.IndexFunc(d.Triggers.Alerts, func(t runbook.Alert) bool {
		for name, value := range t.Match {
			if got, ok := a.Labels[name]; !ok || got != value {
				return false
			}
		}
		return len(t.Match) > 0
	})
	if i < 0 {
		return runbook.Alert{}, false
	}
	return d.Triggers.Alerts[i], true
}

// given are the inputs that the labels of an alert give. One whose label is not there has its default.
func given(t runbook.Alert, a Alert) condition.Values {
	values := condition.Values{}
	for _, name := range slices.Sorted(maps.Keys(t.Inputs)) {
		if value := a.Labels[t.Inputs[name]]; value != "" { // to Prometheus an empty label is none
			values[name] = value
		}
	}
	return values
}

// deliveryOf is the same for what an Alertmanager sends again, and another once the alert has fired anew.
func deliveryOf(id string, a Alert) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %s %s", id, a.Fingerprint, a.StartsAt.UTC().Format(time.RFC3339Nano)))
	return hex.EncodeToString(sum[:])
}
