package ingress

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/alert"
)

// forgery is a request that must start nothing, and the status that it gets.
type forgery struct {
	path, body string
	headers    []string
	want       int
}

// forge makes one of a kind. Taken is a delivery that the server has taken already.
func forge(random *rand.Rand, now time.Time, taken forgery) (string, forgery) {
	model := fmt.Sprint("m", random.IntN(1e9))
	notification, body := alerts("firing", model), fmt.Sprintf(`{"models": [%q]}`, model)
	signed := func(key, body string, at time.Time) forgery {
		return forgery{toHook, body, delivery(key, body, at), 401}
	}
	late := apart + time.Second + time.Duration(random.Int64N(int64(240*time.Hour)))
	kinds := []struct {
		name string
		make func() forgery
	}{
		{"no token", func() forgery { return forgery{toAlertmanager, notification, nil, 401} }},
		{"a wrong token", func() forgery {
			return forgery{toAlertmanager, notification, []string{"Authorization: Bearer " + twisted(random, token)}, 401}
		}},
		{"a hook's secret as a token", func() forgery {
			return forgery{toAlertmanager, notification, []string{"Authorization: Bearer " + secret}, 401}
		}},
		{"a signature in place of a token", func() forgery {
			return forgery{toAlertmanager, notification, delivery(token, notification, now), 401}
		}},
		{"no notification", func() forgery {
			return forgery{toAlertmanager, notification[:random.IntN(len(notification))], []string{bearer}, 400}
		}},
		{"too large a notification", func() forgery {
			return forgery{toAlertmanager, notification + strings.Repeat(" ", alert.MaxBytes), []string{bearer}, 413}
		}},
		{"no signature", func() forgery { return forgery{toHook, body, nil, 401} }},
		{"a token in place of a signature", func() forgery { return forgery{toHook, body, []string{bearer}, 401} }},
		{"another key", func() forgery { return signed(twisted(random, secret), body, now) }},
		{"another body", func() forgery { f := signed(secret, body, now); f.body = twisted(random, body); return f }},
		{"another time", func() forgery { f := signed(secret, body, now); f.headers[0] += "0"; return f }},
		{"a time that was left out", func() forgery { f := signed(secret, body, now); f.headers = f.headers[1:]; return f }},
		{"a time that was put in", func() forgery {
			return forgery{toHook, body, []string{fmt.Sprint("X-Evenkeel-Timestamp: ", now.Unix()), "X-Evenkeel-Signature: " + signatureBy(secret, body)}, 401}
		}},
		{"a signature that was changed", func() forgery {
			f := signed(secret, body, now)
			f.headers[1] = "X-Evenkeel-Signature: " + twisted(random, f.headers[1][len("X-Evenkeel-Signature: "):])
			return f
		}},
		{"another algorithm", func() forgery {
			f := signed(secret, body, now)
			f.headers[1] = strings.Replace(f.headers[1], "sha256=", []string{"", "sha1=", "SHA256=", "sha256:", "none="}[random.IntN(5)], 1)
			return f
		}},
		{"too old", func() forgery { return signed(secret, body, now.Add(-late)) }},
		{"ahead of time", func() forgery { return signed(secret, body, now.Add(late)) }},
		{"a time of another form", func() forgery {
			stamp := []string{"+", "-", "0x", " ", "1e", ""}[random.IntN(6)] + fmt.Sprint(now.UnixMilli())
			return forgery{toHook, body, []string{"X-Evenkeel-Timestamp: " + stamp, "X-Evenkeel-Signature: " + signatureBy(secret, stamp+"."+body)}, 401}
		}},
		{"a replay", func() forgery { return taken }},
		{"a replay to another hook", func() forgery { f := taken; f.path, f.want = "/hooks/nobody", 404; return f }},
		{"too large a delivery", func() forgery { return signed(secret, body+strings.Repeat(" ", alert.MaxBytes), now).as(413) }},
		{"another host", func() forgery {
			f := signed(secret, body, now).as(403)
			f.headers = append(f.headers, "Host: evil.example.com:9465")
			return f
		}},
		{"no object", func() forgery { return signed(secret, "["+body+"]", now).as(400) }},
	}
	kind := kinds[random.IntN(len(kinds))]
	return kind.name, kind.make()
}

func (f forgery) as(status int) forgery {
	f.want = status
	return f
}

// twisted changes, adds or takes away one character.
func twisted(random *rand.Rand, text string) string {
	at := random.IntN(len(text))
	other := string("abcdef0123456789"[random.IntN(16)])
	switch random.IntN(3) {
	case 0:
		return text[:at] + text[at+1:]
	case 1:
		return text[:at] + other + text[at:]
	}
	if text[at:at+1] == other {
		other = "_"
	}
	return text[:at] + other + text[at+1:]
}

// 1,000 requests that are forged, stale, replayed, too large or malformed: none is accepted, and the server goes on.
func TestForgeries(t *testing.T) {
	o := newOutside(t)
	seed := uint64(time.Now().UnixNano())
	random := rand.New(rand.NewPCG(seed, 9465))
	good := `{"models": ["good"]}`
	taken := forgery{toHook, good, delivery(secret, good, o.clock), 200}
	status, _, _ := o.post(t, taken.path, taken.body, taken.headers...)
	require.Equal(t, 200, status)
	met := map[string]int{}
	for i := range 1000 {
		name, f := forge(random, o.clock, taken)
		met[name]++
		status, err := o.send(t, f)
		if err != nil {
			require.Contains(t, []int{401, 403, 413}, f.want, "seed %d, request %d, %s: %v", seed, i, name, err) // it was cut off unread
			require.Greater(t, len(f.body), alert.MaxBytes)
			continue
		}
		require.Equal(t, f.want, status, "seed %d, request %d, %s: %+v", seed, i, name, f.headers)
	}
	require.Len(t, met, 23, "seed %d: every kind was met", seed)
	require.Equal(t, 1, o.calls, "seed %d: nothing was asked of Temporal but the one good delivery", seed)
	status, _, _ = o.post(t, toAlertmanager, alerts("firing", "after"), bearer)
	require.Equal(t, 200, status)
	require.Len(t, o.started, 2)
}

// send is post of a request that may be cut off before it is sent whole.
func (o *outside) send(t *testing.T, f forgery) (int, error) {
	t.Helper()
	status, _, err := o.exchange(t, f)
	return status, err
}

// exchange sends a request and returns the status and the body of the answer.
func (o *outside) exchange(t *testing.T, f forgery) (int, string, error) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, o.url+f.path, strings.NewReader(f.body))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/json")
	for _, h := range f.headers {
		name, value, _ := strings.Cut(h, ": ")
		if name == "Host" {
			request.Host = value
		}
		request.Header[http.CanonicalHeaderKey(name)] = []string{value}
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer answer.Body.Close()
	text, _ := io.ReadAll(answer.Body) // whole, so that the connection can be used again
	return answer.StatusCode, string(text), nil
}
