package cli

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	_ "time/tzdata" // the machine of the test may have no zones

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"starter": func() {
			os.Exit(Execute(context.Background(), Streams{Out: os.Stdout, Err: os.Stderr}, os.Args[1:]))
		},
	})
}

// Every file in testdata/script is a person's session without a Temporal server. The command
// `exits CODE starter …` runs it and compares the exit code.
func TestScripts(t *testing.T) {
	starter, err := exec.LookPath("starter")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			// Nothing of this machine shows: no other programs, no engine, no server, no state.
			env.Setenv("PATH", filepath.Dir(starter))
			env.Setenv("TZ", "Europe/Vienna")
			env.Setenv("EVENKEEL_STATE", filepath.Join(env.WorkDir, "state"))
			env.Setenv("TEMPORAL_CONFIG_FILE", os.DevNull)
			env.Setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
			env.Setenv("DOCKER_HOST", "unix://"+filepath.Join(env.WorkDir, "docker.sock"))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "ledger": appendDrafts, "sql": execSQL},
	})
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	want, err := strconv.Atoi(args[0])
	if neg || err != nil || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND [ARGUMENT…]")
	}
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	if ended, ok := errors.AsType[*exec.ExitError](err); ok {
		got = ended.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}
