package activities

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMask(t *testing.T) {
	got := Mask("pull https://user:hunter22-and-more@host /root/compose.yaml short second line of it", []string{
		"PASSWORD=hunter22", "LONGER=hunter22-and-more", "HOME=/root/compose.yaml", "WORD=short", "LINES=first line\nsecond line of it\n", "NONE",
	})
	require.Equal(t, "pull https://user:${LONGER}@host /root/compose.yaml short ${LINES}", got)
}

// Whatever the order of the variables, nothing of a value stays.
func TestMaskOfValuesThatOverlap(t *testing.T) {
	for name, c := range map[string]struct {
		text        string
		environment []string
		want        string
	}{
		"one in the other":       {"login appserver-7Kq9xT", []string{"DB_USER=appserver", "DB_PASSWORD=appserver-7Kq9xT"}, "login ${DB_PASSWORD}"},
		"the other order":        {"login appserver-7Kq9xT", []string{"DB_PASSWORD=appserver-7Kq9xT", "DB_USER=appserver"}, "login ${DB_PASSWORD}"},
		"the end is the begin":   {"a first-part-second z", []string{"A=first-part", "B=part-second"}, "a ${B} z"},
		"one with itself":        {"xxxxxxxxx!", []string{"A=xxxxxxxx"}, "${A}!"},
		"side by side":           {"aaaaaaaabbbbbbbb", []string{"A=aaaaaaaa", "B=bbbbbbbb"}, "${A}${B}"},
		"one name, two values":   {"is hunter22 was hunter33", []string{"P=hunter22", "P=hunter33"}, "is ${P} was ${P}"},
		"two names of one value": {"hunter22", []string{"B=hunter22", "A=hunter22"}, "${A}"},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, Mask(c.text, c.environment)) })
	}
}

// A value that begins with a slash is a path only where its name says so.
func TestMaskOfPaths(t *testing.T) {
	const value = "/9jk4AAQsecret/secret"
	for name, kept := range map[string]bool{
		"HOME": true, "PWD": true, "OLDPWD": true, "DATA_DIR": true, "COMPOSE_FILE": true, "pythonpath": true, "APP_ROOT": true,
		"TOKEN": false, "STUFF": false, "TOKEN_PATH": false, "DB_PASSWORD_FILE": false, "SIGNING_KEY": false, "DSN": false, "FILES_SALT": false,
	} {
		want := "at ${" + name + "}"
		if kept {
			want = "at " + value
		}
		require.Equal(t, want, Mask("at "+value, []string{name + "=" + value}))
	}
}
