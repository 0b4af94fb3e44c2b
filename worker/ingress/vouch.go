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

// Vouch serves POST /vouch on the local socket: the kernel says who calls, and the key of the host signs that. GET /who
// says it and signs nothing.
func Vouch(host string, key identity.HostKey) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+identity.VouchPath, func(w http.ResponseWriter, r *http.Request) {
		answer, err := vouch(r, host, key)
		if err != nil {
			http.Error(w, err.Error(), http.StatusForbidden)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(answer) // the caller may be gone
	})
	mux.HandleFunc("GET "+identity.WhoPath, func(w http.ResponseWriter, r *http.Request) {
		who, err := callerOf(r, host)
		if err != nil {
			http.Error(w, err.Error(), http.StatusForbidden)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(who) // the caller may be gone
	})
	return http.MaxBytesHandler(mux, 64<<10)
}

// callerOf is who calls, as the kernel says.
func callerOf(r *http.Request, host string) (who identity.Caller, err error) {
	caller, ok := r.Context().Value(callerKey{}).(Caller)
	if !ok {
		return who, errors.New("the kernel does not say who calls; use the local socket")
	}
	who.Who, who.Login, err = caller.names(host)
	return who, err
}

func vouch(r *http.Request, host string, key identity.HostKey) (identity.Vouched, error) {
	who, err := callerOf(r, host)
	if err != nil {
		return identity.Vouched{}, err
	}
	var req identity.VouchRequest
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&req); err != nil {
		return identity.Vouched{}, fmt.Errorf("the request is none: %w", err)
	}
	if !identity.IsNamespace(req.Namespace) {
		return identity.Vouched{}, fmt.Errorf("nothing is signed in the namespace %q", req.Namespace)
	}
	req.Statement.Who, req.Statement.Login = who.Who, who.Login
	text, err := req.Statement.Text()
	if err != nil {
		return identity.Vouched{}, err
	}
	signature, err := key.Sign(req.Namespace, text)
	return identity.Vouched{Statement: req.Statement, Signature: signature}, err
}

// maxPath is what the kernel takes as the path of a socket, in bytes (unix(7)).
const maxPath = 107

// ListenLocal listens on a socket that every user of this host may call. A socket that a worker left behind is replaced;
// the caller has made sure that no other worker has this folder.
func ListenLocal(path string) (net.Listener, error) {
	if info, err := os.Lstat(path); err == nil && info.Mode().Type() == fs.ModeSocket {
		if err := os.Remove(path); err != nil {
			return nil, err
		}
	}
	if len(path) > maxPath {
		return nil, fmt.Errorf("the path %s has %d bytes, and that of a socket may have %d; set EVENKEEL_STATE to a shorter one", path, len(path), maxPath)
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
