package cli

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/evenkeel/evenkeel/internal/terminal"
)

// attended says that a person is here who can be asked.
func (s *starter) attended() bool {
	in, ok := s.In.(*os.File)
	return ok && terminal.Is(in)
}

// agree shows what is to be signed, and asks whether it is what the person wants to say.
func (s *starter) agree(ctx context.Context, text, whole string) error {
	fmt.Fprint(s.Err, text)
	if whole != "" {
		fmt.Fprint(s.Err, "\nWhat stands above as a digest is:\n", whole)
	}
	switch {
	case s.signing.yes:
		return nil
	case !s.attended():
		return usage("--sign-key", "nobody is here to say that this is to be signed", "give --yes in a script")
	}
	fmt.Fprint(s.Err, "\nSign this? [y/N] ")
	typed := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(s.In).ReadString('\n') // no line is a no
		typed <- strings.ToLower(strings.TrimSpace(line))
	}()
	select {
	case <-ctx.Done(): // Ctrl-C
		return ctx.Err()
	case answer := <-typed:
		if answer != "y" && answer != "yes" {
			return no("", "nothing was signed", "")
		}
	}
	return nil
}
