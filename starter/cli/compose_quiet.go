package cli

import (
	"io"

	"github.com/sirupsen/logrus"
)

// quietCompose keeps the reader of Compose files from writing warnings of its own, which are meant for
// `docker compose`. What matters of them is said where it matters, such as the variables that are not set.
func quietCompose() { logrus.SetOutput(io.Discard) }
