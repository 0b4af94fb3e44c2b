package ingress

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

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
