package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/evenkeel/evenkeel/internal/identity"
	"github.com/evenkeel/evenkeel/internal/textfile"
)

// identity says whether people can prove who they are: by the worker of this host, and by keys of their own.
func (d *doctor) identity(ctx context.Context) finding {
	if d.configFault != nil {
		return notAsked("needs the configuration")
	}
	me, socket := "nobody is vouched for: no worker of this host listens", localSocket()
	if socket != "" {
		caller, err := whoCalls(ctx, socket)
		if err != nil {
			return noted(socket+" does not say who you are: "+err.Error(), "")
		}
		me = "you are " + caller.Who
	}
	file := d.config.Identity.AllowedSigners
	if file == "" {
		return d.vouched(me+"; no keys of people are configured", socket)
	}
	text, err := textfile.Read(file, identity.MaxSigners)
	if err != nil {
		return lacking("identity.allowed_signers: "+err.Error(), "no word that is signed by a key counts; correct the file")
	}
	signers, err := identity.ParseSigners(file, string(text))
	if err != nil {
		return lacking(firstLine(err), "no word that is signed by a key counts; correct the file")
	}
	if nobody := strangers(signers, d.config.People); len(nobody) > 0 {
		return noted(fmt.Sprintf("%s; of no person: %s", me, strings.Join(nobody, ", ")), "name whose they are with people.P.ssh; else who starts a run with one counts as unknown")
	}
	return d.vouched(fmt.Sprintf("%s; %s", me, counted(len(signers), "signer")), socket)
}

func (d *doctor) vouched(detail, socket string) finding {
	if socket == "" {
		return noted(detail, "start evenkeel or worker here, or set EVENKEEL_STATE to its state directory")
	}
	return well(detail)
}

// strangers are the principals that belong to nobody of people.
func strangers(signers identity.Signers, people identity.People) (names []string) {
	for _, s := range signers {
		if people.Named(identity.SSH, s.Principal) == "" && !slices.Contains(names, s.Principal) {
			names = append(names, s.Principal)
		}
	}
	return names
}
