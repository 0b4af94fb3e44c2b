package activities

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/evenkeel/evenkeel/internal/message"
)

// askOf is the request of a notice as people are shown it.
func askOf(n Notice, zone *time.Location) message.Ask {
	a := message.Ask{Where: message.Where{Host: n.Host, Project: n.Project, Severity: n.Severity, Zone: zone}}
	if n.Asked == nil {
		return a
	}
	a.Request, a.Service, a.Readings, a.Log = *n.Asked, n.Asked.Service(), n.Readings, n.Log
	return a
}

// aboutNotice is the message about the request, as it now stands, or that of a step.
func aboutNotice(n Notice, a message.Ask) message.Message {
	switch outcome := n.Outcome(); {
	case n.Asked == nil:
		return message.Notice(n.Notification, a.Where, n.WorkflowID)
	case outcome != "":
		return message.Closed(a, outcome, wordOf(n))
	}
	return message.Asked(a)
}

// newsOf is what has happened to a request that is open; not everything is worth a message.
func newsOf(n Notice, a message.Ask) (message.Message, bool) {
	switch {
	case n.Asked == nil || n.Outcome() != "":
	case n.About == "reminded":
		return message.Reminded(a), true
	case n.About == "escalated":
		return message.Escalated(a), true
	case n.By != "":
		return message.Answered(a, wordOf(n)), true
	}
	return message.Message{}, false
}

func wordOf(n Notice) message.Word {
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

// ChatPost is a post as the chat takes it, under a key that may be empty. What the chat would refuse is InvalidInput.
func ChatPost(key string, p message.Post) (ChatMessage, error) {
	if err := message.Check(p); err != nil {
		return ChatMessage{}, Fail(InvalidInput, fmt.Errorf("the message cannot be posted: %w", err))
	}
	blocks, err := json.Marshal(p.Blocks)
	return ChatMessage{Key: key, Text: p.Text, Blocks: blocks}, err
}
