package main

import (
	"flag"
	"fmt"
	"io"
	"strings"
)

const usage = `Usage: demo [--scene NAME]

Starts a Compose project and evenkeel on this machine and plays two scenes under load:

  scale   the service app goes from 1 to 4 replicas and back
  gate    a model server is killed; the alert starts a run, which asks in Slack before it restarts the server

The last line is "failed = N": failed requests, and what did not go as it should. Without a terminal the demo approves the
restart itself. On a terminal a person does, on a page that it names, and everything then runs on until Ctrl-C.
--scene plays one of them. The project is called evenkeel-demo; what is left of an earlier demo is removed first.

In the environment:
  GPU_USED_MB=N            adds a made-up GPU with that much of its memory used
  EVENKEEL_SLACK_TOKEN, EVENKEEL_SLACK_APP_TOKEN, EVENKEEL_DEMO_SLACK=TEAM/CHANNEL/USER
                           the tokens of a real app of Slack, and the ids of the workspace, of a channel that the app is
                           in, and of who is on call, who then has to press; without them a stand-in of Slack is
                           served on this machine
`

// The scenes.
const (
	scaleScene = "scale"
	gateScene  = "gate"
)

// scenes are those that are played without --scene, in this order.
var scenes = []string{scaleScene, gateScene}

// arguments returns the scenes to play. There are none where help was asked for (exit code 0), or where the arguments are
// wrong (2).
func arguments(args []string, out, faults io.Writer) (play []string, code int) {
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	scene := flags.String("scene", "", "")
	err := flags.Parse(args)
	switch {
	case err == flag.ErrHelp || err == nil && flags.Arg(0) == "help": //nolint:errorlint // it is returned as it is
		fmt.Fprint(out, usage)
		return nil, 0
	case err != nil:
		fmt.Fprintf(faults, "demo: %v; see --help\n", err)
		return nil, 2
	case flags.NArg() > 0:
		fmt.Fprintf(faults, "demo: %q is not known; see --help\n", flags.Arg(0))
		return nil, 2
	case *scene == "" && flags.NFlag() == 0:
		return scenes, 0
	}
	for _, known := range scenes {
		if *scene == known {
			return []string{known}, 0
		}
	}
	fmt.Fprintf(faults, "demo: no scene is named %q; write one of %s\n", *scene, strings.Join(scenes, ", "))
	return nil, 2
}
