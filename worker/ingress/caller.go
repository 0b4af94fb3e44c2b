package ingress

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/user"
	"strconv"
	"strings"
)

// Caller is who connected to the local socket, as the kernel says.
type Caller struct {
	UID int
	// Login is the uid of the login behind root, or of any other; negative where nobody knows.
	Login int
}

// overflow is the uid of whoever has none in this user namespace: anybody.
const overflow = 65534

type callerKey struct{}

// withCaller keeps who is at the other end of a connection by the local socket. The pid is used at once and for the
// login alone: it may be another process's later, and entitles to nothing.
func withCaller(ctx context.Context, conn net.Conn) context.Context {
	if c, ok := conn.(*localConn); ok {
		return context.WithValue(ctx, callerKey{}, Caller{UID: int(c.peer.Uid), Login: loginOf(int(c.peer.Pid))})
	}
	return ctx
}

// loginOf reads the login uid of a process; negative where it has none.
func loginOf(pid int) int {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/loginuid", pid))
	if err != nil {
		return -1
	}
	uid, err := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 32)
	if err != nil || uid == 1<<32-1 {
		return -1
	}
	return int(uid)
}

// names are USER@HOST of the caller and of the login behind root; the latter is empty where nobody knows, or where it
// is the caller. An error says that nobody can tell who it is.
func (c Caller) names(host string) (who, login string, err error) {
	if c.UID == overflow {
		return "", "", fmt.Errorf("the kernel does not say who calls (uid %d); call from outside of the user namespace", overflow)
	}
	if c.UID == 0 && c.Login > 0 && c.Login != overflow {
		login = nameOf(c.Login) + "@" + host
	}
	return nameOf(c.UID) + "@" + host, login, nil
}

// nameOf is the user's name, and uid:N for one that this machine's files do not know.
func nameOf(uid int) string {
	known, err := user.LookupId(strconv.Itoa(uid))
	if err != nil || known.Username == "" {
		return "uid:" + strconv.Itoa(uid)
	}
	return known.Username
}
