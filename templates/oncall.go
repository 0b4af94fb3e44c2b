package templates

import (
	"fmt"

	"github.com/evenkeel/evenkeel/internal/config"
	"github.com/evenkeel/evenkeel/internal/oncall"
	"github.com/evenkeel/evenkeel/internal/runbook"
)

// needRota reports the runbooks that name a role on call where the configuration has no rota: nobody could ever answer.
// Without a configuration nothing is known.
func needRota(readings []*reading, c *config.Config) {
	if c.Path == "" || c.Oncall != nil {
		return
	}
	for _, r := range readings {
		draft, ok := r.value.(*runbookDraft)
		if !ok {
			continue
		}
		fault := func(at string, groups []string) {
			for i, g := range groups {
				if oncall.IsGroup(g) {
					draft.doc.Fault(fmt.Sprintf("%s[%d]", at, i), "%s", config.GroupFault(c.Groups, g))
				}
			}
		}
		eachGroups("steps", draft.definition.Steps, fault)
		eachGroups("on_failure", draft.definition.OnFailure, fault)
	}
}

// eachGroups calls do for every list of groups that steps name, with its path.
func eachGroups(at string, steps []runbook.Step, do func(at string, groups []string)) {
	for i, s := range steps {
		at := fmt.Sprintf("%s[%d]", at, i)
		do(at+".groups", s.Groups)
		if s.Gate != nil {
			do(at+".escalate_to", s.Gate.EscalateTo)
		}
		for j, branch := range s.Cases {
			eachGroups(fmt.Sprintf("%s.cases[%d].steps", at, j), branch.Steps, do)
		}
	}
}
