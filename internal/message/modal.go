package message

import (
	"fmt"

	"github.com/evenkeel/evenkeel/internal/request"
)

// CallbackID is that of every modal in which a person answers a request.
const CallbackID = "answer"

// maxReason is how long a reason may be in a modal, in characters: a letter has at most four bytes, and request.Answer
// takes 4,096 of them.
const maxReason = 1000

// Prompt is what a person is asked when they have pressed a button.
type Prompt struct {
	// Choice is that of the button.
	Choice string
	// Statement is a text of identity.Statement, in which nothing hides; it is shown as it is. Without one the modal says what
	// is asked.
	Statement string
	// Metadata comes back with what was filled in, and people do not see it; it has at most 3,000 characters.
	Metadata string
}

// Modal is where a person answers the request: the statement that the answer will be, whole, else what is asked; what is
// to be filled in where the choice agrees; and the reason. The error says that Slack does not take so much in one modal:
// the answer then has to be given elsewhere, as a modal cannot be split and nobody may sign what they were not shown.
func Modal(r request.Request, p Prompt) (View, error) {
	said := label(r.Kind, p.Choice)
	v := View{
		Type: "modal", CallbackID: CallbackID, Title: short(said, maxViewTitle), Submit: short(said, maxViewTitle),
		Close: plainText("Cancel"), PrivateMetadata: p.Metadata, Blocks: append(plainBlocks([]string{"What you answer:"}), codeBlocks(append([]string{r.ID}, linesOf(r.Message)...), slackCode)...),
	}
	if p.Statement != "" {
		v.Blocks = append(plainBlocks([]string{"What you say by it:"}), codeBlocks(linesOf(p.Statement), slackStatement)...)
	}
	if p.Choice == r.Kind.Yes() {
		for i, f := range r.Fields {
			v.Blocks = append(v.Blocks, fieldBlocks(i, f)...)
		}
	}
	v.Blocks = append(v.Blocks, Block{
		Type: "input", BlockID: ReasonID, Label: plainText("Reason"), Optional: !needsReason(r, p.Choice),
		Element: &Element{Type: "plain_text_input", ActionID: ReasonID, Multiline: true, MaxLength: maxReason},
	})
	if len(v.Blocks) > maxViewBlocks {
		return View{}, fmt.Errorf("the modal of %s has %d blocks, and Slack takes %d; answer on a host", r.Short(), len(v.Blocks), maxViewBlocks)
	}
	return v, Check(v)
}

// ReasonID is the id of the block and of the element of the reason.
const ReasonID = "reason"
