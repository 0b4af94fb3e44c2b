package cli

import (
	"cmp"
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
	case of.Proof.Kind == identity.SSH && e.people == "":
		return errors.New("the keys of people are not known here; run it where evenkeel.yaml names identity.allowed_signers, or give --config")
	case namespaces == nil:
		return fmt.Errorf("an entry %s keeps no word of a person", of.Kind)
	case !slices.Contains(namespaces, of.Proof.Namespace):
		return fmt.Errorf("it is signed in %s, and %s needs %s", of.Proof.Namespace, of.Kind, strings.Join(namespaces, " or "))
	case of.Kind == identity.UsedKind && of.Key != identity.UsedKey(of.Statement):
		return errors.New("the key of the entry is not that of its statement")
	}
	return e.trust.Holds(of.Statement, of.Proof, at, says)
}

// saysOf is what an entry says of the word that it keeps, by the names of a statement's lines, and the namespaces in
// which such a word may be signed: none for a kind that keeps no words.
func saysOf(of signed) (says map[string]string, namespaces []string) {
	says = map[string]string{"who": of.Actor, "run": of.WorkflowID, "run-id": of.RunID}
	switch family, what, _ := strings.Cut(of.Kind, "."); {
	case of.Kind == identity.UsedKind:
		says["do"], says["run-id"] = identity.Start, "" // there is no run yet when somebody says it
		return says, []string{identity.StartNamespace}
	case family == "request":
		answerSays(says, of, dataOf[request.Word](of.Entry))
		return says, []string{identity.AnswerNamespace}
	case family == "operator":
		orderSays(says, of, what, dataOf[runbook.Ordered](of.Entry))
		return says, []string{identity.AnswerNamespace, identity.OrderNamespace}
	}
	return says, nil
}

// answerSays adds what the entry of an answer says. The run that asked is in the id of the request: the entry may be one of
// a run that was reset from it.
func answerSays(says map[string]string, of signed, w request.Word) {
	decision := map[string]string{"request.approved": request.Approve, "request.answered": request.Approve, "request.rejected": request.Reject}[of.Kind]
	if isShort(of.Statement) {
		says["do"], says["request"], says["run-id"], says["shown"] = cmp.Or(decision, w.Decision), w.Request, "", w.Shown
		if of.Kind == "request.answered" { // a sign-off is one, too
			says["do"] = w.Decision
		}
		return
	}
	says["do"], says["request"], says["plan"] = w.Asks.Does(cmp.Or(decision, w.Decision)), w.Request, w.PlanSHA256
	if of.Kind == "request.approved" {
		says["do"] = request.Approve
	}
	signedRun := identity.Line(of.Statement, "run-id")
	if workflow, _, run, ok := request.Split(w.Request); ok && workflow == of.WorkflowID && run != "" && strings.HasSuffix(signedRun, run) {
		says["run-id"] = signedRun
	}
}

// isShort says of a statement that it is that of a button, which names the run by the id of the request and what was
// shown by its hash.
func isShort(statement string) bool { return identity.Line(statement, "shown") != "" }

// orderSays adds what the entry of an order says.
func orderSays(says map[string]string, of signed, what string, o runbook.Ordered) {
	if says["do"] = what; what == "denied" {
		says["do"] = o.Order
	}
	if isShort(of.Statement) {
		says["run-id"] = ""
	}
	asked := identity.Line(of.Statement, "request")
	switch run, step, _, _ := request.Split(asked); {
	case of.Proof.Namespace == identity.AnswerNamespace && (run != of.WorkflowID || request.Gate(step) != o.Step):
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
