// Package identity proves who said something: the statements that people and hosts sign, the signatures over them,
// and the persons behind the names.
package identity

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Statement is all that a word of a person decides by. Signing its text is reading it.
type Statement struct {
	// Cluster is the UUID of the Temporal namespace: a word for one is none for its twin.
	Cluster string
	// Do is start, the decision on a request, or an order's verb.
	Do string
	// Who speaks: a principal of the allowed signers, USER@HOST, or a SlackName.
	Who string
	// Login is who logged in, where that is known and somebody else: behind root. It counts as the same person and
	// entitles to nothing.
	Login string
	// Host is the one whose worker acts.
	Host string
	// Run is the workflow id, RunID the run; a start has no RunID.
	Run   string
	RunID string
	// Request is the whole id of what is answered; an order names its Step instead.
	Request string
	Step    string
	// Attempt is that of the step, from 1; 0 where there is none.
	Attempt int
	// Plan is the SHA-256 of the plan, in hexadecimal digits.
	Plan string
	// Shown is the SHA-256 of all that the request showed, in the place of run id, plan and arguments: what a button knows.
	// A statement with the arguments has none, and its text no such line.
	Shown string `json:",omitempty"`
	// Arguments are those of what is allowed or started, Fields what the person filled in, as texts by name.
	Arguments map[string]string
	Fields    map[string]string
	Reason    string
	// Until is when what is allowed ends, At when it was said, to the second.
	Until time.Time
	At    time.Time
	// Nonce makes each start and order one of its own.
	Nonce string
}

// Start is what a statement of a start says is to be done.
const Start = "start"

// UsedKind is the kind of the ledger's entry by which a start is used up.
const UsedKind = "statement.used"

// UsedKey is the key of that entry: the one key without a run, so that a second run meets it.
func UsedKey(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "statement/" + hex.EncodeToString(sum[:])
}

// Bounds of a statement.
const (
	// MaxBytes is what the text of one takes, at most.
	MaxBytes = 8 << 10
	// maxValue and maxSet are from how many bytes on a value, or all arguments or fields together, stand as a digest.
	maxValue = 256
	maxSet   = 4 << 10
)

// Text is what is signed: one text per statement, and never the same for two. The error says that it is too long.
func (s Statement) Text() (string, error) {
	t := text{}
	t.WriteString("evenkeel statement 1\n")
	t.line("cluster", s.Cluster)
	t.line("do", s.Do)
	t.line("who", s.Who)
	t.line("login", s.Login)
	t.line("host", s.Host)
	t.line("run", s.Run)
	t.line("run-id", s.RunID)
	t.line("request", s.Request)
	t.line("step", s.Step)
	t.line("attempt", strconv.Itoa(s.Attempt))
	t.line("plan", s.Plan)
	if s.Shown != "" {
		t.line("shown", s.Shown)
	}
	t.set("arg", s.Arguments)
	t.set("field", s.Fields)
	t.line("reason", s.Reason)
	t.line("until", stamp(s.Until))
	t.line("at", stamp(s.At))
	t.line("nonce", s.Nonce)
	if t.Len() > MaxBytes {
		return "", fmt.Errorf("the statement has %d bytes; it may have %d", t.Len(), MaxBytes)
	}
	return t.String(), nil
}

type text struct{ strings.Builder }

func (t *text) line(key, value string) { t.WriteString(lineOf(key, value)) }

// set writes each value by its name, or where they are too long together the digest of what it would have written.
func (t *text) set(key string, values map[string]string) {
	lines := linesOf(key, values)
	if len(lines) > maxSet {
		lines = key + "s: " + digest(lines) + "\n"
	}
	t.WriteString(lines)
}

func linesOf(key string, values map[string]string) (lines string) {
	for _, name := range slices.Sorted(maps.Keys(values)) {
		lines += lineOf(key+" "+nameOf(name), values[name])
	}
	return lines
}

func lineOf(key, value string) string {
	shown := escaped(value, "")
	switch {
	case len(value) > maxValue:
		shown = digest(value)
	case strings.HasPrefix(value, digestPrefix): // only a digest looks like one
		shown = `\u{73}` + shown[1:]
	}
	return key + ": " + shown + "\n"
}

const digestPrefix = "sha256:"

// Whole is what stands in the text as a digest, whole and with its name on each line: it is shown before anybody signs.
func (s Statement) Whole() string {
	var out strings.Builder
	show := func(name, value string, long bool) {
		if long || len(value) > maxValue {
			out.WriteString(name + ": " + escaped(value, "") + "\n")
		}
	}
	for _, set := range []struct {
		key    string
		values map[string]string
	}{{"arg", s.Arguments}, {"field", s.Fields}} {
		long := len(linesOf(set.key, set.values)) > maxSet
		for _, name := range slices.Sorted(maps.Keys(set.values)) {
			show(set.key+" "+nameOf(name), set.values[name], long)
		}
	}
	show("reason", s.Reason, false)
	return out.String()
}

func digest(value string) string {
	sum := sha256.Sum256([]byte(value))
	return fmt.Sprintf("%s%s %d bytes", digestPrefix, hex.EncodeToString(sum[:]), len(value))
}

// stamp is a time to the second; empty for none.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
