package activities

import (
	"context"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// aside is a Chat in which one person is told something.
type aside struct {
	Chat
	to   ChatPlace
	user string
	m    ChatMessage
	err  error
}

func (a *aside) PostEphemeral(_ context.Context, to ChatPlace, user string, m ChatMessage) error {
	a.to, a.user, a.m = to, user, m
	return a.err
}

func TestWhisper(t *testing.T) {
	a := &aside{}
	w := &Whispers{Chat: a}
	what := Whispered{Channel: "C0OPS", User: "U0BEN", Request: "runbook/gpu-1/shop/x:ok.1@0123abcd", Text: "<!channel> *no* " + strings.Repeat("ä", 1000)}
	require.NoError(t, w.Whisper(t.Context(), what))
	require.Equal(t, "C0OPS", a.to.Channel)
	require.Equal(t, "U0BEN", a.user)
	require.Empty(t, a.m.Key)
	require.NotContains(t, string(a.m.Blocks)+a.m.Text, "<!channel>", "nobody is called by it")
	require.Contains(t, a.m.Text+string(a.m.Blocks), what.Request)
	require.True(t, utf8.ValidString(a.m.Text))
	require.Less(t, len(a.m.Text), 4000)

	a.err = Fail(NotFound, errors.New("no such user"))
	require.Equal(t, NotFound, class(t, w.Whisper(t.Context(), what)))
	require.Equal(t, Unavailable, class(t, (&Whispers{}).Whisper(t.Context(), what)))
}
