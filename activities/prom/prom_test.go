package prom

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities"
)

var _ activities.Metrics = (*Client)(nil)

func requireClass(t *testing.T, class string, err error) {
	t.Helper()
	var e *activities.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, class, e.Class, "%v", err)
}

func success(kind, result string) string {
	return fmt.Sprintf(`{"status":"success","data":{"resultType":%q,"result":%s}}`, kind, result)
}

const (
	one  = `[{"metric":{},"value":[1700000000.123,"0.25"]}]`
	now  = `[{"metric":{},"value":[1700000000.123,"1700000000.123"]}]`
	then = `[{"metric":{},"value":[1700000000.123,"1699999879"]}]` // 121 seconds before
)

// server answers the first query with answer and the one after the age of its sample with age.
func server(t *testing.T, status int, answer, age string) (*Client, *[]string) {
	t.Helper()
	var mu sync.Mutex
	var asked []string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, r.Method+" "+r.URL.Path+" "+r.FormValue("time")+" "+r.FormValue("query"))
		w.Header().Set("Retry-After", "7")
		w.WriteHeader(status)
		if strings.HasPrefix(r.FormValue("query"), "timestamp(") {
			io.WriteString(w, age)
			return
		}
		io.WriteString(w, answer)
	}))
	t.Cleanup(s.Close)
	return New(s.URL + "/prom/"), &asked
}

func TestValue(t *testing.T) {
	c, asked := server(t, 200, success("vector", one), success("vector", now))
	value, err := c.Value(t.Context(), "up # a comment")
	require.NoError(t, err)
	require.Equal(t, 0.25, value)
	require.Equal(t, []string{
		"POST /prom/api/v1/query  up # a comment",
		"POST /prom/api/v1/query 1700000000.123 timestamp(up # a comment\n)",
	}, *asked)

	c, asked = server(t, 200, success("scalar", `[1700000000.123,"-3e2"]`), "")
	value, err = c.Value(t.Context(), "scalar(x)")
	require.NoError(t, err)
	require.Equal(t, -300.0, value)
	require.Len(t, *asked, 1, "a scalar has no age")
}

func TestNoValue(t *testing.T) {
	fresh := success("vector", now)
	for name, c := range map[string]struct {
		status      int
		answer, age string
		class, want string
	}{
		"no sample":          {200, success("vector", `[]`), fresh, activities.PreconditionFailed, "no sample"},
		"two samples":        {200, success("vector", `[{"value":[1,"1"]},{"value":[1,"2"]}]`), fresh, activities.PreconditionFailed, "2 samples, and one is wanted"},
		"NaN":                {200, success("vector", `[{"value":[1,"NaN"]}]`), fresh, activities.PreconditionFailed, "the sample is NaN, no number"},
		"Inf":                {200, success("scalar", `[1,"+Inf"]`), fresh, activities.PreconditionFailed, "the sample is +Inf, no number"},
		"histogram":          {200, success("vector", `[{"histogram":[1,{"count":"1"}]}]`), fresh, activities.PreconditionFailed, "a histogram, and a number is wanted"},
		"range":              {200, success("matrix", `[]`), fresh, activities.InvalidInput, "the query gives a matrix"},
		"text":               {200, success("string", `[1,"x"]`), fresh, activities.InvalidInput, "the query gives a string"},
		"stale":              {200, success("vector", one), success("vector", then), activities.PreconditionFailed, "the sample is stale: the query timestamp(QUERY) says that it was taken at 2023-11-14T22:11:19Z; there it is 2023-11-14T22:13:20Z, and a sample may be 2 minutes old"},
		"no time":            {200, success("vector", one), success("vector", one), activities.PreconditionFailed, "says that it was taken at 1970-01-01T00:00:00Z; there it is 2023-11-14T22:13:20Z"},
		"gone meanwhile":     {200, success("vector", one), success("vector", `[]`), activities.PreconditionFailed, "the age of the sample: no sample"},
		"warnings":           {200, `{"status":"success","warnings":["a\nstore is down"],"data":{"resultType":"vector","result":` + one + `}}`, fresh, activities.PreconditionFailed, "Prometheus warns that the answer may be wrong: a store is down"},
		"garbage":            {200, "<html>s3cret</html>", fresh, activities.Unavailable, "has not the form of Prometheus' API"},
		"another API":        {200, `{"models":{}}`, fresh, activities.Unavailable, "has not the form"},
		"cut off":            {200, success("vector", one)[:60], fresh, activities.Unavailable, "has not the form"},
		"a value of 3 parts": {200, success("vector", `[{"value":[1,"1","s3cret"]}]`), fresh, activities.Unavailable, "has not the form"},
		"a number as value":  {200, success("vector", `[{"value":[1,2]}]`), fresh, activities.Unavailable, "has not the form"},
		"no number":          {200, success("scalar", `[1,"s3cret"]`), fresh, activities.Unavailable, "has not the form"},
		"no content":         {204, "", fresh, activities.Unavailable, "has not the form"},
		"a bad query":        {400, `{"status":"error","errorType":"bad_data","error":"parse error: no arguments for aggregate expression"}`, fresh, activities.InvalidInput, "prometheus.url answers 400: parse error: no arguments"},
		"not computable":     {422, `{"status":"error","errorType":"execution","error":"many-to-many matching"}`, fresh, activities.PreconditionFailed, "422: many-to-many"},
		"server error":       {500, "s3cret", fresh, activities.Unavailable, "prometheus.url answers 500"},
		"gateway":            {502, `{"error":"s3cret"}`, fresh, activities.Unavailable, "prometheus.url answers 502"},
		"no API there":       {404, "", fresh, activities.NotFound, "prometheus.url answers 404"},
		"no password":        {401, "", fresh, activities.PermissionDenied, "prometheus.url answers 401"},
		"a redirect":         {302, "", fresh, activities.PreconditionFailed, "prometheus.url answers 302"},
		"too much":           {200, strings.Repeat(" ", maxBody+1), fresh, activities.PreconditionFailed, "more than 1048576 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			client, _ := server(t, c.status, c.answer, c.age)
			_, err := client.Value(t.Context(), "up")
			requireClass(t, c.class, err)
			require.ErrorContains(t, err, c.want)
			require.NotContains(t, err.Error(), "s3cret", "only Prometheus' own words are repeated")
			require.Less(t, len(err.Error()), 300)
		})
	}
}

func TestLimited(t *testing.T) {
	client, _ := server(t, 429, "", "")
	_, err := client.Value(t.Context(), "up")
	var e *activities.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, activities.RateLimited, e.Class)
	require.Equal(t, 7*time.Second, e.RetryAfter)
}

func TestNoAnswer(t *testing.T) {
	end := make(chan struct{})
	hang := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-end }))
	defer hang.Close()
	defer close(end)
	reset := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		io.WriteString(w, `{"status":"succ`)
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}))
	defer reset.Close()
	closed := httptest.NewServer(nil)
	closed.Close()
	slow := New(hang.URL)
	require.Equal(t, 11*time.Second, slow.http.Timeout)
	slow.http.Timeout = 100 * time.Millisecond
	for name, c := range map[string]*Client{"slow": slow, "reset": New(reset.URL), "nobody": New(closed.URL)} {
		_, err := c.Value(t.Context(), "up")
		requireClass(t, activities.Unavailable, err)
		require.NotContains(t, err.Error(), "succ", name)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := New(hang.URL).Value(ctx, "up")
	require.ErrorIs(t, err, context.Canceled)
}
