package ingress

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"

	"github.com/evenkeel/evenkeel/internal/identity"
)

// VouchPath is where the local socket takes statements.
const VouchPath = "/vouch"

// VouchRequest is a statement that somebody on this host makes. Who makes it is left to the worker.
type VouchRequest struct {
	Namespace string             `json:"namespace"`
	Statement identity.Statement `json:"statement"`
}

// Vouched is the statement with who makes it, and the host's signature over its text.
type Vouched struct {
	Statement identity.Statement `json:"statement"`
	Signature string             `json:"signature"`
}

// Vouch serves POST /vouch on the local socket: the kernel says who calls, and the key of the host signs that.
func Vouch(host string, key identity.HostKey) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+VouchPath, func(w http.ResponseWriter, r *http.Request) {
		answer, err := vouch(r, host, key)
		if err != nil {
			http.Error(w, err.Error(), http.StatusForbidden)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(answer) // the caller may be gone
	})
	return http.MaxBytesHandler(mux, 64<<10)
}

func vouch(r *http.Request, host string, key identity.HostKey) (Vouched, error) {
	caller, ok := r.Context().Value(callerKey{}).(Caller)
	if !ok {
		return Vouched{}, errors.New("the kernel does not say who calls; use the local socket")
	}
	var req VouchRequest
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&req); err != nil {
		return Vouched{}, fmt.Errorf("the request is none: %w", err)
	}
	if !identity.IsNamespace(req.Namespace) {
		return Vouched{}, fmt.Errorf("nothing is signed in the namespace %q", req.Namespace)
	}
	who, login, err := caller.names(host)
	if err != nil {
		return Vouched{}, err
	}
	req.Statement.Who, req.Statement.Login = who, login
	text, err := req.Statement.Text()
	if err != nil {
		return Vouched{}, err
	}
	signature, err := key.Sign(req.Namespace, text)
	return Vouched{Statement: req.Statement, Signature: signature}, err
}

// ListenLocal listens on a socket that every user of this host may call. A socket that a worker left behind is replaced;
// the caller has made sure that no other worker has this folder.
func ListenLocal(path string) (net.Listener, error) {
	if info, err := os.Lstat(path); err == nil && info.Mode().Type() == fs.ModeSocket {
		if err := os.Remove(path); err != nil {
			return nil, err
		}
	}
	listener, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(path, 0o666); err != nil {
		_ = listener.Close() // it was not used
		return nil, err
	}
	return listener, nil
}
