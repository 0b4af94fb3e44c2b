package cli

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/evenkeel/evenkeel/internal/identity"
)

// keyboard is a terminal at which somebody types.
func keyboard(t *testing.T, typed string) *os.File {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no terminals here: %v", err)
	}
	t.Cleanup(func() { master.Close() })
	require.NoError(t, unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0))
	number, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	require.NoError(t, err)
	terminal, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	require.NoError(t, err)
	t.Cleanup(func() { terminal.Close() })
	_, err = master.WriteString(typed)
	require.NoError(t, err)
	return terminal
}

// A person at a terminal sees what the host's worker is to sign, and is asked. A script is not.
func TestHostSignsWhatWasAgreedTo(t *testing.T) {
	const shown, asked = "evenkeel statement 1\ncluster: here\ndo: approve\nwho: root@gpu1\nlogin: anna@gpu1\n", "\nSign this? [y/N] "
	signs, twisted := 0, false
	vouching(t, func(r identity.VouchRequest) (identity.Vouched, string) {
		signs++
		r.Statement.Who, r.Statement.Login = "root@gpu1", "anna@gpu1"
		if twisted {
			r.Statement.Request = "another"
		}
		return identity.Vouched{Statement: r.Statement, Signature: "signed"}, ""
	})
	answer, _, code, errs := provesAt(t, signing{}, keyboard(t, "y\n"))
	require.Equal(t, exitDone, code, errs)
	require.Contains(t, errs, shown)
	require.Contains(t, errs, asked)
	require.Equal(t, "root@gpu1", answer.By)
	require.Equal(t, 1, signs)

	for _, typed := range []string{"\n", "n\n", "what?\n"} {
		_, _, code, errs = provesAt(t, signing{}, keyboard(t, typed))
		require.Equal(t, exitNo, code)
		require.Contains(t, errs, shown)
		require.Contains(t, errs, "starter: nothing was signed\n")
		require.Equal(t, 1, signs)
	}
	_, _, code, errs = provesAt(t, signing{yes: true}, keyboard(t, ""))
	require.Equal(t, exitDone, code, errs)
	require.Contains(t, errs, shown)
	require.NotContains(t, errs, asked)

	_, _, code, errs = proves(t, signing{})
	require.Equal(t, exitDone, code)
	require.Empty(t, errs, "a script goes on as it did")

	twisted = true
	_, _, code, errs = provesAt(t, signing{}, keyboard(t, "y\n"))
	require.Equal(t, exitFailed, code)
	require.Contains(t, errs, "starter: the worker of this host: it has signed something else than was shown, and nothing was said; see starter doctor\n")
}

// Ctrl-C ends the question.
func TestAgreeInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	code, _, _ := says(t, "text", func(s *starter) error {
		s.In = keyboard(t, "")
		return s.agree(ctx, "evenkeel statement 1\n", "")
	})
	require.Equal(t, exitDetached, code)
}

// What somebody gives as an input is never signed as a flag.
func TestInputsAreNoFlags(t *testing.T) {
	_, err := parseParams([]string{"--override=yes"})
	require.ErrorContains(t, err, "--override is no name of an input")
	values, err := parseParams([]string{"model=--override"})
	require.NoError(t, err)
	require.Equal(t, "--override", values["model"])
}
