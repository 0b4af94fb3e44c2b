package cli

import (
	"io"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// usualColumns is for a terminal that does not say how wide it is: no more than any has.
const usualColumns = 80

// columns is the width of the terminal that w is. It means nothing where w is none.
func columns(w io.Writer) int {
	if f, ok := w.(*os.File); ok {
		if size, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ); err == nil && size.Col > 0 {
			return int(size.Col)
		}
	}
	if width, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && width > 0 {
		return width
	}
	return usualColumns
}
