package activities

import (
	"time"

	"github.com/evenkeel/evenkeel/internal/oncall"
)

// onCall returns who a member of a group stands for at a time: for oncall:ROLE the person who has the role then, nobody
// before the start of the rota and without one; any other member stands for itself. The time is that at which something
// is said, as far as the host believes it: an approval that the primary has given counts also when it is used after the
// next hand-over.
func (p *People) onCall(member string, at time.Time) string {
	role, ok := oncall.OfGroup(member)
	switch {
	case !ok:
		return member
	case p.Rota == nil:
		return ""
	}
	return p.Rota.At(at)[role].Who
}
