package compose

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/compose-spec/compose-go/v2/cli"

	"github.com/evenkeel/evenkeel/activities"
)

// rememberFor is how long an answer of Compose is used again for a file that reads the same. It is
// short because the answer also depends on Compose itself, which a person may replace.
const rememberFor = time.Minute

// answer is what Compose said of one service.
type answer struct {
	of   [sha256.Size]byte
	hash string
	at   time.Time
}

// Hash returns what `docker compose config --hash SERVICE` prints: the configuration hash that a
// replica made from the file as it is now would carry. A service that the file does not have is
// NotFound. Starting Compose takes longer than all else in a plan, and a scale plans twice: an answer
// is kept for a minute, as long as the file with everything that it draws in reads the same.
func (f *File) Hash(ctx context.Context, service string) (string, error) {
	of, err := f.fingerprint(ctx)
	if err != nil {
		return "", err
	}
	f.mu.Lock()
	known, ok := f.answers[service]
	f.mu.Unlock()
	if ok && known.of == of && time.Since(known.at) < rememberFor {
		return known.hash, nil
	}
	hash, err := f.askHash(ctx, service)
	if err != nil {
		return "", err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answers[service] = answer{of: of, hash: hash, at: time.Now()}
	return hash, nil
}

func (f *File) askHash(ctx context.Context, service string) (string, error) {
	out, err := f.onProject(ctx, askWithin, "--profile", "*", "config", "--hash", service)
	if err != nil {
		return "", err
	}
	for line := range strings.SplitSeq(out, "\n") {
		if fields := strings.Fields(line); len(fields) == 2 && fields[0] == service {
			return fields[1], nil
		}
	}
	return "", activities.Fail(activities.NotFound, fmt.Errorf("compose gives no hash for service %s", service))
}

// fingerprint is a sum over the whole project: includes, variables and the files that env_file names.
func (f *File) fingerprint(ctx context.Context) (sum [sha256.Size]byte, err error) {
	o, err := f.options(cli.WithResolvedPaths(true))
	if err != nil {
		return sum, err
	}
	p, err := o.LoadProject(ctx)
	if err != nil {
		return sum, f.invalid(err, o.Environment)
	}
	text, err := p.MarshalYAML()
	if err != nil {
		// The text may hold secrets, and so may the error.
		return sum, activities.Fail(activities.InvalidInput, errors.New("the Compose project cannot be written out"))
	}
	return sha256.Sum256(text), nil
}
