package handshake

import (
	"bufio"
	"fmt"
	"net"
	"strings"
)

// maxLine is how much of an answer is read, in bytes; Redis's errors are shorter.
const maxLine = 1024

// redis says PING. A server that wants a password first, or forbids that command, is there and works; one that
// loads its data, is busy with a script or is full says so.
func redis(connection net.Conn) error {
	if _, err := connection.Write([]byte("PING\r\n")); err != nil {
		return err
	}
	line, err := bufio.NewReaderSize(connection, maxLine).ReadSlice('\n')
	if err != nil {
		return fmt.Errorf("no answer of a Redis server: %w", err)
	}
	answer := strings.TrimSpace(string(line))
	for _, well := range []string{"+PONG", "-NOAUTH", "-NOPERM"} {
		if strings.HasPrefix(answer, well) {
			return nil
		}
	}
	return fmt.Errorf("the server says %q", answer)
}
