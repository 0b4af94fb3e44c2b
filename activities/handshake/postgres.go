package handshake

import (
	"fmt"
	"net"

	"github.com/jackc/pgx/v5/pgproto3"
)

// PostgreSQL's own codes of a server that is there and gives no connection.
const (
	tooManyConnections = "53300"
	cannotConnectNow   = "57P03" // it starts, stops or recovers
)

// maxBody is how long an answer may be, in bytes; a first answer is a few hundred.
const maxBody = 64 << 10

// postgres begins a session as pg_isready does and leaves at the server's first answer, which comes before any
// password. A server takes its place in the table of sessions before that, so one with no place left says so.
// That it does not know the user, or wants TLS, is an answer of a server that gives connections.
func postgres(connection net.Conn) error {
	wire := pgproto3.NewFrontend(connection, connection)
	wire.SetMaxBodyLen(maxBody)
	wire.Send(&pgproto3.StartupMessage{
		ProtocolVersion: pgproto3.ProtocolVersion30, Parameters: map[string]string{"user": "evenkeel", "database": "postgres"},
	})
	if err := wire.Flush(); err != nil {
		return err
	}
	answer, err := wire.Receive()
	if err != nil {
		return fmt.Errorf("no answer of a PostgreSQL server: %w", err)
	}
	refusal, ok := answer.(*pgproto3.ErrorResponse)
	if ok && (refusal.Code == tooManyConnections || refusal.Code == cannotConnectNow) {
		return fmt.Errorf("%s (%s)", refusal.Message, refusal.Code)
	}
	return nil
}
