//go:build e2e

package e2e

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// tab is a page that is open in a browser, which is told what to do over a pipe: messages of the DevTools protocol with a
// zero byte behind each.
type tab struct {
	t       *testing.T
	to      *os.File
	from    *bufio.Reader
	session string
	number  int
}

// newTab opens a browser of that size until the test ends.
func newTab(t *testing.T, width, height int) *tab {
	t.Helper()
	hears, to, err := os.Pipe()
	require.NoError(t, err)
	from, says, err := os.Pipe()
	require.NoError(t, err)
	browser := chromium(t, "--remote-debugging-pipe", fmt.Sprintf("--window-size=%d,%d", width, height), "--hide-scrollbars", "about:blank")
	browser.ExtraFiles = []*os.File{hears, says} // 3 and 4
	require.NoError(t, browser.Start())
	require.NoError(t, errors.Join(hears.Close(), says.Close()))
	t.Cleanup(func() {
		_ = browser.Process.Kill()
		_ = browser.Wait()
		_ = errors.Join(to.Close(), from.Close())
	})
	// A browser that says nothing does not hold up the test.
	timer := time.AfterFunc(5*time.Minute, func() { _ = browser.Process.Kill() })
	t.Cleanup(func() { timer.Stop() })
	b := &tab{t: t, to: to, from: bufio.NewReader(from)}
	var made struct{ TargetID string }
	b.call("Target.createTarget", map[string]any{"url": "about:blank"}, &made)
	var attached struct{ SessionID string }
	b.call("Target.attachToTarget", map[string]any{"targetId": made.TargetID, "flatten": true}, &attached)
	b.session = attached.SessionID
	return b
}

// call does something and returns what came of it. What happens meanwhile is not listened to.
func (b *tab) call(method string, params map[string]any, result any) {
	b.t.Helper()
	b.number++
	message := map[string]any{"id": b.number, "method": method, "params": params}
	if b.session != "" {
		message["sessionId"] = b.session
	}
	text, err := json.Marshal(message)
	require.NoError(b.t, err)
	_, err = b.to.Write(append(text, 0))
	require.NoError(b.t, err)
	for {
		text, err := b.from.ReadBytes(0)
		require.NoError(b.t, err, "%s", method)
		var answer struct {
			ID     int
			Result json.RawMessage
			Error  *struct{ Message string }
		}
		require.NoError(b.t, json.Unmarshal(text[:len(text)-1], &answer))
		if answer.ID != b.number {
			continue
		}
		require.Nil(b.t, answer.Error, "%s", method)
		if result != nil {
			require.NoError(b.t, json.Unmarshal(answer.Result, result))
		}
		return
	}
}

// visit goes to a page and waits until it is there.
func (b *tab) visit(address string) {
	b.t.Helper()
	b.call("Page.navigate", map[string]any{"url": address}, nil)
	b.await(`document.readyState === "complete" && location.href.startsWith(` + quoted(address) + `)`)
}

// holds says whether a JavaScript expression is true on the page. While a page goes, nothing is.
func (b *tab) holds(expression string) bool {
	b.t.Helper()
	var answer struct{ Result struct{ Value any } }
	b.call("Runtime.evaluate", map[string]any{"expression": expression, "returnByValue": true}, &answer)
	return answer.Result.Value == true
}

func (b *tab) await(expression string) {
	b.t.Helper()
	require.Eventually(b.t, func() bool { return b.holds(expression) }, time.Minute, 50*time.Millisecond, "%s", expression)
}

// look goes to a page again and again until an expression is true on it, for at most the limit.
func (b *tab) look(address, expression string, limit time.Duration) {
	b.t.Helper()
	deadline := time.Now().Add(limit)
	for b.visit(address); !b.holds(expression); b.visit(address) {
		require.True(b.t, time.Now().Before(deadline), "%s did not come: %s", expression, address)
		time.Sleep(200 * time.Millisecond)
	}
}

// picture writes what is seen to a PNG file.
func (b *tab) picture(file string) {
	b.t.Helper()
	var shot struct{ Data string }
	b.call("Page.captureScreenshot", map[string]any{"format": "png"}, &shot)
	data, err := base64.StdEncoding.DecodeString(shot.Data)
	require.NoError(b.t, err)
	require.NoError(b.t, os.WriteFile(file, data, 0o644))
}

// quoted is a text as JavaScript writes it.
func quoted(text string) string {
	out, err := json.Marshal(text)
	if err != nil {
		panic(err) // a string is always JSON
	}
	return string(out)
}
