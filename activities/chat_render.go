package activities

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/evenkeel/evenkeel/internal/message"
)

// ask is the request of a notice as people are shown it.
func (m ChatMessenger) ask(n Notice) message.Ask {
	a := message.Ask{Where: message.Where{Host: n.Host, Project: n.Project, Severity: n.Severity, Zone: m.Zone}}
	if n.Asked != nil {
		a.Request = *n.Asked
	}
	return a
}

// parent is the message about the request, as it now stands, or that of a step.
func (s *sending) parent() message.Message {
	n := s.notice
	switch outcome := n.Outcome(); {
	case n.Asked == nil:
		return message.Notice(n.Notification, s.ask.Where, n.WorkflowID)
	case outcome != "":
		return message.Closed(s.ask, outcome, s.word())
	}
	return message.Asked(s.ask)
}

// reply is what is said in the thread; not everything is.
func (s *sending) reply() (message.Message, bool) {
	switch n := s.notice; {
	case n.Asked == nil || n.Outcome() != "":
	case n.About == "reminded":
		return message.Reminded(s.ask), true
	case n.About == "escalated":
		return message.Escalated(s.ask), true
	case n.By != "":
		return message.Answered(s.ask, s.word()), true
	}
	return message.Message{}, false
}

func (s *sending) word() message.Word {
	n := s.notice
	return message.Word{By: n.By, Decision: n.Decision, Reason: n.Reason, Claimed: n.Claimed, At: n.At}
}

// body is a part of a message without its first block, which counts the parts.
func body(p message.Post) string {
	text, _ := json.Marshal(p.Blocks[1:]) // of texts and numbers alone
	return string(text)
}

// key tells a message from all others: what it is about, how often that had to be posted anew, and which part it is. What
// is too long for a key is there by its hash.
func (s *sending) key(part string) string {
	n := s.notice
	about := n.Request
	if about == "" {
		about = fmt.Sprintf("%s/%s/%d", n.WorkflowID, n.RunID, n.Number)
	}
	part = fmt.Sprintf(" %d %s", n.Chat.Generation, part)
	if len(about)+len(part) > MaxChatKey {
		sum := sha256.Sum256([]byte(about))
		about = hex.EncodeToString(sum[:])
	}
	return about + part
}

// chatMessage is a post as the chat takes it.
func chatMessage(key string, p message.Post) (ChatMessage, error) {
	if err := message.Check(p); err != nil {
		return ChatMessage{}, Fail(InvalidInput, fmt.Errorf("the message cannot be posted: %w", err))
	}
	blocks, err := json.Marshal(p.Blocks)
	return ChatMessage{Key: key, Text: p.Text, Blocks: blocks}, err
}
