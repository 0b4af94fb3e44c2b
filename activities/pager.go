package activities

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"unicode/utf16"

	"github.com/evenkeel/evenkeel/internal/message"
	"github.com/evenkeel/evenkeel/internal/request"
)

// Pager wakes people up. activities/pager implements it. Every method makes one attempt and gives up after 8 seconds, and
// all may be repeated: what has one DedupKey is one alert, however often it is said.
//
// A call that is wrong is InvalidInput. RateLimited carries how long the service wants to be left alone. No answer, or one
// of a service that is at fault itself, is Unavailable. No error repeats a key, a token or the address of a webhook.
type Pager interface {
	// Trigger opens an alert, or says again that it is open.
	Trigger(ctx context.Context, p Page) error
	// Acknowledge says that somebody takes care of an alert. One that is not open stays as it is.
	Acknowledge(ctx context.Context, dedupKey string) error
	// Resolve closes an alert. One that is not open stays as it is.
	Resolve(ctx context.Context, dedupKey string) error
}

// Page is an alert that wakes somebody up.
type Page struct {
	// DedupKey tells the alert from all others, 1 to MaxDedupKey characters.
	DedupKey string `json:"dedup_key"`
	// Severity is Sev1 to Sev4.
	Severity string `json:"severity"`
	// Summary is one line of 1 to MaxPageSummary characters, as message.Page makes it.
	Summary string `json:"summary"`
	// Source is what the alert is about, such as a host; it is not empty.
	Source string `json:"source"`
	// Details are shown beside the summary, by their name.
	Details map[string]string `json:"details,omitempty"`
	// Link is the http or https address of a page where a person sees more; empty is none.
	Link string `json:"link,omitempty"`
}

// MaxDedupKey and MaxPageSummary bound a page, in UTF-16 units: what PagerDuty takes, however it counts.
const (
	MaxDedupKey    = 255
	MaxPageSummary = message.MaxPage
)

// Check returns why no pager takes the page, an InvalidInput error.
func (p Page) Check() error {
	if err := CheckDedupKey(p.DedupKey); err != nil {
		return err
	}
	link, err := url.Parse(p.Link)
	switch {
	case !slices.Contains(request.Severities, p.Severity):
		err = errors.New("the severity of a page is Sev1, Sev2, Sev3 or Sev4")
	case p.Summary == "" || characters(p.Summary) > MaxPageSummary:
		err = fmt.Errorf("the summary of a page has 1 to %d characters", MaxPageSummary)
	case p.Source == "":
		err = errors.New("a page says what it is about; its source is empty")
	case p.Link != "" && (err != nil || link.Scheme != "https" && link.Scheme != "http" || link.Host == ""):
		err = errors.New("the link of a page is an http or https address")
	}
	return Fail(InvalidInput, err)
}

// CheckDedupKey returns why no pager takes the key of an alert, an InvalidInput error.
func CheckDedupKey(key string) error {
	if key == "" || characters(key) > MaxDedupKey {
		return Fail(InvalidInput, fmt.Errorf("the key of a page has 1 to %d characters", MaxDedupKey))
	}
	return nil
}

// characters counts a text in UTF-16 units.
func characters(text string) int { return len(utf16.Encode([]rune(text))) }
