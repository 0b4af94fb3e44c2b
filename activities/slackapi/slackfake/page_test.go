package slackfake_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/slack-go/slack"
	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/activities/slackapi/slackfake"
)

func look(t *testing.T, address string) string {
	t.Helper()
	response, err := http.Get(address)
	require.NoError(t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, response.StatusCode)
	return string(text)
}

// fill sends the form of a page that has that input, as a browser does, and returns the page that follows.
func fill(t *testing.T, address, page, marker string, fields url.Values) string {
	t.Helper()
	for _, form := range regexp.MustCompile(`(?s)<form[^>]*action="([^"]+)".*?</form>`).FindAllStringSubmatch(page, -1) {
		if !strings.Contains(form[0], marker) {
			continue
		}
		for _, hidden := range regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)">`).FindAllStringSubmatch(form[0], -1) {
			fields.Set(hidden[1], hidden[2])
		}
		response, err := http.PostForm(address+form[1], fields)
		require.NoError(t, err)
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, response.StatusCode)
		return string(text)
	}
	require.Fail(t, "no form with "+marker)
	return ""
}

func TestPage(t *testing.T) {
	fake, a, c, at, address := asked(t)
	a.then = func(press slack.InteractionCallback) (int, string) {
		if press.Type == slack.InteractionTypeViewSubmission {
			if press.View.State.Values["why"]["text"].Value == "<b>" {
				return http.StatusOK, `{"response_action":"errors","errors":{"why":"<i>no</i>"}}`
			}
			return http.StatusOK, ""
		}
		if press.ActionCallback.BlockActions[0].ActionID == "reject" {
			err := c.OpenModal(t.Context(), press.TriggerID, activities.ChatModal{Title: "Say <why>", Submit: "Send", CallbackID: "reject", Blocks: json.RawMessage(why)})
			if err != nil {
				return http.StatusInternalServerError, ""
			}
		}
		return http.StatusOK, ""
	}
	fake.Say(slackfake.Message{Channel: "C0OPS", User: "U0CAROL", Text: "<script>alert(1)</script> *bold* &amp; \"x\" ```\n*code* <b>\n```", Thread: at.TS})
	require.NoError(t, c.PostEphemeral(t.Context(), activities.ChatPlace{Channel: "C0OPS"}, "U0BOB", activities.ChatMessage{Text: "for bob only"}))

	page := look(t, address+"/?user=U0BOB")
	for _, shown := range []string{"<b>Restart</b> &lt;api&gt;?", "Approve", "for bob only", "&lt;script&gt;alert(1)&lt;/script&gt; <b>bold</b> &amp; &#34;x&#34; <pre>*code* &lt;b&gt;</pre>", "# approvals"} {
		require.Contains(t, page, shown)
	}
	require.NotContains(t, page, "<script")
	require.NotRegexp(t, `(src|href)=`, page, "nothing from elsewhere")
	require.NotContains(t, look(t, address+"/?user=U0ALICE"), "for bob only")

	fill(t, address, page, `value="approve"`, url.Values{})
	fill(t, address, page, `value="tick"`, url.Values{"selected": {"1", "2"}})
	seen := a.seen()
	require.Equal(t, "U0BOB", seen[0].User.ID)
	require.Equal(t, "yes|run-1", seen[0].ActionCallback.BlockActions[0].Value)
	require.Len(t, seen[1].ActionCallback.BlockActions[0].SelectedOptions, 2)

	page = fill(t, address, page, `value="reject"`, url.Values{})
	require.Contains(t, page, "Say &lt;why&gt;")
	page = fill(t, address, page, `name="block:why"`, url.Values{})
	require.Contains(t, page, "why is not filled in")
	page = fill(t, address, page, `name="block:why"`, url.Values{"block:why": {"<b>"}})
	require.Contains(t, page, "&lt;i&gt;no&lt;/i&gt;")
	page = fill(t, address, page, `name="block:why"`, url.Values{"block:why": {"it is Friday"}})
	require.NotContains(t, page, "Say &lt;why&gt;")
	require.Equal(t, "it is Friday", a.seen()[4].View.State.Values["why"]["text"].Value)

	page = fill(t, address, page, `value="reject"`, url.Values{})
	page = fill(t, address, page, `action="/dismiss"`, url.Values{})
	require.NotContains(t, page, "Say &lt;why&gt;")

	a.then = func(slack.InteractionCallback) (int, string) { return http.StatusServiceUnavailable, "" }
	page = fill(t, address, page, `value="approve"`, url.Values{})
	require.Contains(t, page, "⚠ the app answers 503")
}

func TestPageOfAnotherSite(t *testing.T) {
	_, a, _, at, address := asked(t)
	form := url.Values{"user": {"U0BOB"}, "channel": {at.Channel}, "ts": {at.TS}, "action": {"approve"}}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address+"/press", strings.NewReader(form.Encode()))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	response, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer response.Body.Close()
	require.Equal(t, http.StatusForbidden, response.StatusCode)
	require.Empty(t, a.seen())
}
