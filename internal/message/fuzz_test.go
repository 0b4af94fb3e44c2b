package message

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/request"
)

// Whatever comes in: Slack takes every payload, no line is lost or added, and nothing is obeyed.
func FuzzMessage(f *testing.F) {
	for i, text := range hostile {
		f.Add(text, uint64(i), uint16(i*i%500), uint16(i*80%2000))
	}
	f.Add("x", uint64(99), uint16(500), uint16(2000))
	f.Fuzz(holds)
}

// The same for many small ones.
func TestMessages(t *testing.T) {
	for seed := range uint64(100) {
		holds(t, hostile[seed%uint64(len(hostile))], seed, uint16(seed%4), uint16(seed%9))
	}
}

func holds(t *testing.T, given string, seed uint64, effects, lines uint16) {
	c := chance{rand.New(rand.NewPCG(seed, 1)), given[:min(len(given), 200)]}
	a := c.ask(int(effects%501), int(lines%2001))
	for _, m := range c.messages(a, int(lines%2001)) {
		rendered(t, m)
		paged(t, m)
		hooked(t, m)
	}
	asked, closed := Asked(a).Slack(), Closed(a, request.Rejected, Word{Reason: c.long()}).Slack()
	require.Equal(t, kept(asked[0], Asked(a)), kept(closed[0], Asked(a)), "the first post keeps its part of the sections")
	modals(t, c, a)
	unlike(t, a.Request)
}

func rendered(t *testing.T, m Message) {
	posts := m.Slack()
	var r reader
	buttons := 0
	for i, p := range posts {
		require.NoError(t, Check(p))
		require.LessOrEqual(t, len(encoded(p.Blocks)), 12_000)
		nothingObeyed(t, p, link(m))
		if i > 0 {
			require.Contains(t, p.Text, "Part "+strconv.Itoa(i+1)+" of "+strconv.Itoa(len(posts)))
			p.Blocks = p.Blocks[1:]
			require.False(t, i == 1 && continues(p.Blocks[0]), "it would go on with what stands somewhere else")
		}
		r.read(t, p.Blocks)
		for _, b := range p.Blocks {
			if b.Type == "actions" {
				buttons += len(b.Elements)
			}
		}
	}
	want := saidBy(m)
	slices.Sort(r.lines)
	slices.Sort(want)
	require.Equal(t, want, r.lines)
	require.Equal(t, len(m.Buttons), buttons)
	if len(m.Buttons) > 0 {
		require.True(t, slices.ContainsFunc(posts[0].Blocks, func(b Block) bool { return b.Type == "actions" }), "the first post has buttons")
	}
}

func paged(t *testing.T, m Message) {
	page := Page(m)
	require.LessOrEqual(t, units(page), 1024)
	require.True(t, utf8.ValidString(page))
	require.NotContains(t, page, "\n")
	require.NotEmpty(t, page)
}

// link is what the section of a message's link has.
func link(m Message) string {
	if blocks := m.Link.blocks(); len(blocks) > 0 {
		return blocks[0].Text.Text
	}
	return ""
}

// kept is how many of the blocks of the sections a first post has.
func kept(p Post, m Message) int {
	n := 0
	for _, s := range m.Sections {
		for _, b := range s.blocks() {
			if n+1 == len(p.Blocks) || !bytes.Equal(encoded(b), encoded(p.Blocks[n+1])) {
				return n
			}
			n++
		}
	}
	return n
}
