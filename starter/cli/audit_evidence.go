package cli

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/evenkeel/evenkeel/internal/identity"
	"github.com/evenkeel/evenkeel/internal/ledger"
	"github.com/evenkeel/evenkeel/internal/textfile"
)

// evidence holds what the ledger says that people signed against the keys that were in force.
type evidence struct {
	trust identity.Trust
	// people are the lines of identity.allowed_signers.
	people string
	// each is called for every entry with a statement; why is empty where its proof holds.
	each func(of signed, why string) error
}

// signed is an entry with what was signed.
type signed struct {
	ledger.Entry
	Statement string
	Proof     identity.Proof
}

// newEvidence reads the keys of people; file is empty where there is none. Those of hosts are in the ledger itself.
func newEvidence(file string, each func(signed, string) error) (*evidence, error) {
	e := &evidence{each: each}
	if file == "" {
		return e, nil
	}
	text, err := textfile.Read(file, identity.MaxSigners)
	if err != nil {
		return nil, missing("identity.allowed_signers", err.Error(), "run it where that file is")
	}
	e.people = strings.TrimSpace(string(text))
	if e.trust.Signers, err = identity.ParseSigners(file, e.people); err != nil {
		return nil, usage("identity.allowed_signers", firstLine(err), "correct the file")
	}
	return e, nil
}

// know takes in the key of a host. All of them have to be known before an entry is taken: a host may have signed before
// it could tell the ledger of its key.
func (e *evidence) know(entry ledger.Entry) error {
	at, err := time.Parse(time.RFC3339Nano, entry.At)
	if err != nil || entry.Kind != ledger.HostKeyKind {
		return nil // a chain that holds has no other times
	}
	return e.hostKey(entry, at)
}

// take looks at one entry.
func (e *evidence) take(entry ledger.Entry) error {
	at, err := time.Parse(time.RFC3339Nano, entry.At)
	if err != nil {
		return nil // which the chain does not have
	}
	var data struct {
		Statement string          `json:"statement"`
		Proof     *identity.Proof `json:"proof"`
	}
	if json.Unmarshal([]byte(entry.Data), &data) != nil || data.Proof == nil {
		return nil
	}
	of, why := signed{entry, data.Statement, *data.Proof}, ""
	if err := e.holds(of, at); err != nil {
		why = err.Error()
	}
	return e.each(of, why)
}

// hostKey is a new key of a host: the one before signs no more. Its first one a host may have had before the ledger.
func (e *evidence) hostKey(entry ledger.Entry, at time.Time) error {
	var k ledger.HostKey
	signer := identity.Signer{}
	err := json.Unmarshal([]byte(entry.Data), &k)
	if err == nil {
		signer, err = identity.HostSigner(k.Host, k.Key)
	}
	if err != nil {
		return failed("audit", fmt.Sprintf("entry %d: the key of the host: %v", entry.Seq, err), "")
	}
	for i, old := range e.trust.Hosts {
		if old.Principal != signer.Principal {
			continue
		}
		if signer.After = at.Add(-identity.MaxApart); old.Before.IsZero() {
			e.trust.Hosts[i].Before = at
		}
	}
	e.trust.Hosts = append(e.trust.Hosts, signer)
	return nil
}
