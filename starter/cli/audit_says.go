package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/evenkeel/evenkeel/internal/identity"
	"github.com/evenkeel/evenkeel/internal/ledger"
	"github.com/evenkeel/evenkeel/internal/request"
	"github.com/evenkeel/evenkeel/internal/runbook"
)

// holds says why what is kept with an entry does not prove what the entry says; nil when it does.
func (e *evidence) holds(of signed, at time.Time) error {
	says, namespaces := saysOf(of)
	switch {
	case namespaces != nil && !slices.Contains(namespaces, of.Proof.Namespace):
		return fmt.Errorf("it is signed in %s, and %s needs %s", of.Proof.Namespace, of.Kind, strings.Join(namespaces, " or "))
	case of.Kind == identity.UsedKind && of.Key != identity.UsedKey(of.Statement):
		return errors.New("the key of the entry is not that of its statement")
	}
	return e.trust.Holds(of.Statement, of.Proof, at, says)
}

// saysOf is what an entry says of the word that it keeps, by the names of a statement's lines, and the namespaces in
// which such a word may be signed. Of a kind that it does not know it says who and which run.
func saysOf(of signed) (says map[string]string, namespaces []string) {
	says = map[string]string{"who": of.Actor, "run": of.WorkflowID, "run-id": of.RunID}
	switch family, _, _ := strings.Cut(of.Kind, "."); {
	case of.Kind == identity.UsedKind:
		says["do"], says["run-id"] = identity.Start, "" // there is no run yet when somebody says it
		return says, []string{identity.StartNamespace}
	case family == "request":
		w := dataOf[request.Word](of.Entry)
		says["do"], says["request"], says["plan"] = w.Asks.Does(w.Decision), w.Request, w.PlanSHA256
		return says, []string{identity.AnswerNamespace}
	case family == "operator":
		ordered(says, of, dataOf[runbook.Ordered](of.Entry))
		return says, []string{identity.AnswerNamespace, identity.OrderNamespace}
	}
	return says, nil
}

// ordered adds what the entry of an order says.
func ordered(says map[string]string, of signed, o runbook.Ordered) {
	says["do"] = o.Order
	asked := identity.Line(of.Statement, "request")
	switch run, step, _, _ := request.Split(asked); {
	case of.Proof.Namespace == identity.AnswerNamespace && (run != of.WorkflowID || step[:max(0, strings.LastIndex(step, "."))] != o.Step):
		says["request"] = fmt.Sprintf("%s:%s.N", of.WorkflowID, o.Step)
	case o.Denied != "": // perhaps because it was for another run or step
		delete(says, "run-id")
	case of.Proof.Namespace == identity.OrderNamespace && runbook.AboutStep(o.Order):
		says["step"] = o.Step
	}
}

// dataOf is the data of an entry; what it lacks is empty, and then differs from what was signed.
func dataOf[T any](e ledger.Entry) (data T) {
	_ = json.Unmarshal([]byte(e.Data), &data)
	return data
}
