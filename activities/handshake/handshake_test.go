package handshake

import (
	"bufio"
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities"
)

var _ activities.Dialer = Dialer{}

// serve answers each connection's first bytes with that; "" answers nothing at all.
func serve(t *testing.T, answer string) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer connection.Close()
				_, _ = bufio.NewReader(connection).ReadByte()
				if answer == "" {
					<-t.Context().Done()
				}
				_, _ = connection.Write([]byte(answer))
			}()
		}
	}()
	return listener.Addr().String()
}

func TestAnswers(t *testing.T) {
	for name, c := range map[string]struct{ protocol, answer, want string }{
		"redis":                            {"redis", "+PONG\r\n", ""},
		"redis with a password":            {"redis", "-NOAUTH Authentication required.\r\n", ""},
		"redis that loads":                 {"redis", "-LOADING Redis is loading the dataset in memory\r\n", `the server says "-LOADING`},
		"redis that is full":               {"redis", "-ERR max number of clients reached\r\n", "max number of clients"},
		"no redis":                         {"redis", "HTTP/1.1 400 Bad Request\r\n", "HTTP/1.1 400"},
		"redis without an end":             {"redis", string(make([]byte, 2*maxLine)), "no answer of a Redis server"},
		"redis that hangs up":              {"redis", "+PO", "no answer of a Redis server: EOF"},
		"postgres":                         {"postgres", "R\x00\x00\x00\x17\x00\x00\x00\x0aSCRAM-SHA-256\x00\x00", ""},
		"postgres that is full":            {"postgres", refusal("53300", "too many clients"), "too many clients (53300)"},
		"postgres that starts":             {"postgres", refusal("57P03", "starting up."), "starting up. (57P03)"},
		"postgres without such a database": {"postgres", refusal("3D000", "no such database"), ""},
		"a message of 2 GB":                {"postgres", "R\x7f\xff\xff\xff\x00\x00\x00\x00", "no answer of a PostgreSQL server"},
		"no postgres":                      {"postgres", "-ERR unknown command\r\n", "no answer of a PostgreSQL server"},
		"another protocol, tcp":            {"tcp", "hm", ""},
		"no protocol":                      {"", "hm", ""},
	} {
		t.Run(name, func(t *testing.T) {
			err := Dialer{}.Dial(t.Context(), c.protocol, serve(t, c.answer))
			if c.want == "" {
				require.NoError(t, err)
				return
			}
			requireClass(t, activities.Unavailable, err)
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestNobodyAnswers(t *testing.T) {
	for _, protocol := range []string{"postgres", "redis"} {
		silent := serve(t, "")
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		err := Dialer{}.Dial(ctx, protocol, silent)
		requireClass(t, activities.Unavailable, err)
		require.ErrorContains(t, err, "takes connections and does not answer")
		require.NoError(t, Dialer{}.Dial(t.Context(), "tcp", silent), "which tcp alone cannot see")
	}

	gone := serve(t, "")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorContains(t, Dialer{}.Dial(ctx, "redis", gone), "canceled")
	requireClass(t, activities.Unavailable, Dialer{}.Dial(t.Context(), "redis", "127.0.0.1:1"))
	requireClass(t, activities.Unavailable, Dialer{}.Dial(t.Context(), "tcp", "nonsense"))
	requireClass(t, activities.InvalidInput, Dialer{}.Dial(t.Context(), "mysql", gone))
}

func refusal(code, message string) string {
	text, err := (&pgproto3.ErrorResponse{Severity: "FATAL", Code: code, Message: message}).Encode(nil)
	if err != nil {
		panic(err)
	}
	return string(text)
}

func requireClass(t *testing.T, class string, err error) {
	t.Helper()
	failed, ok := errors.AsType[*activities.Error](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, class, failed.Class)
}
