package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"time"

	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/config"
	"github.com/evenkeel/evenkeel/internal/identity"
	"github.com/evenkeel/evenkeel/internal/ledger"
	"github.com/evenkeel/evenkeel/internal/textfile"
	"github.com/evenkeel/evenkeel/worker/ingress"
)

// keyName is the file in the state directory with the key of this host.
const keyName = "host.key"

// proof is what this worker proves and believes.
type proof struct {
	// cluster is the UUID of the Temporal namespace: what was said for another one says nothing here.
	cluster string
	key     identity.HostKey
	hosts   identity.Signers
	// signers is the file with the keys of people; empty when there is none.
	signers string
	// local is where the users of this host are vouched for.
	local net.Listener
}

// newProof reads the keys, makes this host's where there is none, and listens for the users of this host.
func newProof(ctx context.Context, c *config.Config, host string, temporal client.Client, namespace string) (*proof, error) {
	dir, err := config.StateDir()
	if err != nil {
		return nil, err
	}
	answer, err := temporal.WorkflowService().DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: namespace})
	if err != nil {
		return nil, fmt.Errorf("describe the namespace %s: %w", namespace, err)
	}
	p := &proof{cluster: answer.GetNamespaceInfo().GetId(), signers: c.Identity.AllowedSigners}
	if p.key, err = identity.OpenHostKey(filepath.Join(dir, keyName)); err != nil {
		return nil, fmt.Errorf("key of this host: %w", err)
	}
	if p.hosts, err = hostSigners(c, host, p.key); err != nil {
		return nil, err
	}
	if _, err := p.allowed(); err != nil {
		return nil, err
	}
	if err := os.Chmod(dir, 0o711); err != nil { // others may pass to the socket, and see nothing
		return nil, err
	}
	if p.local, err = ingress.ListenLocal(filepath.Join(dir, config.SocketName)); err != nil {
		return nil, fmt.Errorf("socket of this host: %w", err)
	}
	return p, nil
}

// announce makes the key of this host known in the ledger, where the newest one of this host is another.
func (p *proof) announce(ctx context.Context, book activities.Ledger, host string) error {
	subject := "host/" + host
	newest, err := book.Read(ctx, ledger.Filter{Kind: ledger.HostKeyKind, Subject: subject, NewestFirst: true, Limit: 1})
	if err != nil {
		return err
	}
	data, err := json.Marshal(ledger.HostKey{Host: host, Key: p.key.Public()})
	if err != nil {
		return err
	}
	change := data
	if len(newest) > 0 {
		var known ledger.HostKey
		if json.Unmarshal([]byte(newest[0].Data), &known) == nil && identity.SameKey(known.Key, p.key.Public()) {
			return nil
		}
		change = append(slices.Clone(data), newest[0].Hash...) // a key that comes back is one more change
	}
	sum := sha256.Sum256(change)
	_, err = book.AppendFirst(ctx, ledger.Draft{
		Key: ledger.HostKeyKind + "/" + hex.EncodeToString(sum[:]), At: time.Now().UTC().Format(time.RFC3339), Kind: ledger.HostKeyKind,
		Subject: subject, Data: string(data),
	})
	return err
}

// hostSigners are the keys of the hosts' workers: that of this host, and those that the configuration lists.
func hostSigners(c *config.Config, host string, own identity.HostKey) (identity.Signers, error) {
	var all identity.Signers
	for _, name := range slices.Sorted(maps.Keys(c.Hosts)) {
		public := c.Hosts[name].Key
		switch {
		case name == host && public != "" && !identity.SameKey(public, own.Public()):
			return nil, c.Fault("hosts."+name+".key", "is not the key of this host; write %q", own.Public())
		case name == host:
			public = own.Public()
		case public == "":
			continue
		}
		signer, err := identity.HostSigner(name, public)
		if err != nil {
			return nil, fmt.Errorf("key of the host %s: %w", name, err)
		}
		all = append(all, signer)
	}
	return all, nil
}

// allowed reads the keys of people as they are now: one that was taken out of the file does not count any more.
func (p *proof) allowed() (identity.Signers, error) {
	if p.signers == "" {
		return nil, nil
	}
	text, err := textfile.Read(p.signers, identity.MaxSigners)
	if err != nil {
		return nil, fmt.Errorf("identity.allowed_signers: %w", err)
	}
	return identity.ParseSigners(p.signers, string(text))
}
