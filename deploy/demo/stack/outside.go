package stack

import (
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/evenkeel/evenkeel/activities/slackapi/slackfake"
)

// Slack is the workspace in which people are asked.
type Slack struct {
	// URL is where its Web API is, "https://slack.com/api/".
	URL string
	// Team, Channel and User are ids: of the workspace, of where its people are asked, and of the one who is on call.
	Team, Channel, User string
}

// The ids of outside.yaml and evenkeel.yaml.
const (
	standInTeam    = "T0EVENKEEL"
	standInChannel = "C0OPS"
	standInUser    = "U0ALICE"
)

// StandIn is the workspace of a slackfake.Server of that address, "http://127.0.0.1:PORT".
func StandIn(address string) Slack {
	return Slack{URL: address + "/api/", Team: standInTeam, Channel: standInChannel, User: standInUser}
}

// LetIn makes programs that start from now on ask people in a workspace, take their presses, and take alerts. Tokens that
// the environment has win over those of the stand-in, which it writes into files.
func (s *Stack) LetIn(w Slack) error {
	var whole strings.Builder
	for _, part := range []string{"evenkeel.yaml", "outside.yaml"} {
		text, err := os.ReadFile(filepath.Join(s.Root, "deploy/demo", part))
		if err != nil {
			return err
		}
		whole.Write(text)
		whole.WriteString("\n")
	}
	ids := strings.NewReplacer(standInTeam, w.Team, standInChannel, w.Channel, standInUser, w.User)
	config := filepath.Join(s.Dir, "evenkeel.yaml")
	s.Env = append(s.Env, "EVENKEEL_DEMO_SLACK_URL="+w.URL, "EVENKEEL_CONFIG="+config)
	return errors.Join(
		os.WriteFile(config, []byte(ids.Replace(whole.String())), 0o600),
		s.secret("slack-token", slackfake.BotToken),
		s.secret("slack-app-token", slackfake.AppToken),
		s.secret("alertmanager-token", rand.Text()),
	)
}

func (s *Stack) secret(name, text string) error {
	return os.WriteFile(filepath.Join(s.Dir, name), []byte(text+"\n"), 0o600)
}
