package oncall

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/evenkeel/evenkeel/internal/strictyaml"
)

// maxReason bounds the reason of an override, in bytes.
const maxReason = 200

// Refuses returns why an override cannot be added: the key that is wrong, and what is wrong and what would be right,
// with a semicolon between. Both are empty when it can.
func (r *Rota) Refuses(o Override) (field, problem string) {
	known := slices.Contains(Roles(), o.Role)
	begins := r.Begins()
	switch {
	case !known:
		return "role", fmt.Sprintf("%s is no role; %s", strictyaml.Quote(string(o.Role)), roleHint(string(o.Role)))
	case !o.From.Before(o.To):
		return "to", fmt.Sprintf("%s is not after from; write a later time", o.To.Format(time.RFC3339))
	case o.From.Before(begins):
		return "from", fmt.Sprintf("%s is before the rota begins, at %s; write a later time, or an earlier start", o.From.Format(time.RFC3339), begins.Format(time.RFC3339))
	case strings.TrimSpace(o.Reason) == "":
		return "reason", "is empty; write why"
	case len(o.Reason) > maxReason || !utf8.ValidString(o.Reason) || strings.ContainsFunc(o.Reason, func(c rune) bool { return !strconv.IsPrint(c) }):
		return "reason", fmt.Sprintf("is more than one line of %d bytes; write less", maxReason)
	}
	for _, other := range r.Overrides {
		if other.Role == o.Role && o.From.Before(other.To) && other.From.Before(o.To) {
			return "from", fmt.Sprintf("overlaps the override of %s by %s from %s to %s; change one of them, so that one person has the role",
				o.Role, other.Who, other.From.Format(time.RFC3339), other.To.Format(time.RFC3339))
		}
	}
	return "", ""
}

// roleHint says what would be right in place of a role that there is not.
func roleHint(name string) string {
	var all []string
	for _, role := range Roles() {
		all = append(all, string(role))
	}
	return strictyaml.Instead(name, all)
}
