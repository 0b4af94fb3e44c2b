package identity

import (
	"fmt"
	"strings"
	"time"
)

// Holds says of a proof that was kept with the text of its statement why it does not hold, at the time at which it was
// kept; nil when it does. Says is what is kept beside it, by the names of the text's lines: a true statement about
// something else proves nothing.
func (t Trust) Holds(text string, p Proof, at time.Time, says map[string]string) error {
	if !hasLine(text, "who", p.Who) {
		return fmt.Errorf("the statement is not by %s", p.Who)
	}
	by := p.Who
	if p.Kind == Host {
		_, by, _ = CutHost(p.Who)
	}
	if _, err := t.verify(p, by, text, p.Signature, at); err != nil {
		return err
	}
	for _, name := range []string{"do", "who", "run", "run-id", "request", "step", "plan", "shown"} { // as they stand in the text
		if value, ok := says[name]; ok && !hasLine(text, name, value) {
			return fmt.Errorf("its line %s is %q, and the entry says %q", name, Line(text, name), value)
		}
	}
	return nil
}

// hasLine says whether a text has one line of that name, with that value. A value is on one line, and arguments and
// fields have names of two words, so none of those can be it.
func hasLine(text, name, value string) bool {
	return strings.Count(text, "\n"+name+": ") == 1 && strings.Contains(text, "\n"+lineOf(name, value))
}

// Line is the value of the first line of a text with that name, as it is written there. It is for looking at what was
// signed: nothing is allowed by it.
func Line(text, name string) string {
	_, after, _ := strings.Cut(text, "\n"+name+": ")
	value, _, _ := strings.Cut(after, "\n")
	return value
}
