// Package textfile reads files whose name comes from outside. Reading a named pipe might never end and reading a
// device might take all memory, so only regular files of a bounded size are read.
package textfile

import (
	"fmt"
	"io"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// Small bounds a file that holds one thing, such as a token or a process id, in bytes.
const Small = 64 << 10

// Error says that a file is none that is read.
type Error struct {
	Path string
	// Why is what it is instead.
	Why string
}

// Error names the file.
func (e *Error) Error() string { return e.Path + " " + e.Why }

// Open opens a regular file for reading, of any size. What is none is an *Error; it is neither waited for nor read.
func Open(path string) (*os.File, error) {
	// A named pipe without a writer would keep a blocking open forever, and a terminal would become ours.
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY, 0)
	if err != nil {
		if info, statErr := os.Stat(path); statErr == nil && !info.Mode().IsRegular() {
			err = notRegular(path, info) // a socket cannot even be opened
		}
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = notRegular(path, info)
	}
	if err != nil {
		_ = f.Close() // nothing was written
		return nil, err
	}
	return f, nil
}

// Read returns what is in a regular file of at most that many bytes. What is none, or larger, is an *Error.
func Read(path string, most int64) ([]byte, error) {
	f, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.Size() > most {
		return nil, tooLarge(path, most)
	}
	text, err := io.ReadAll(io.LimitReader(f, most+1)) // it may grow, and some files of /proc have no size
	if err != nil {
		return nil, err
	}
	if int64(len(text)) > most {
		return nil, tooLarge(path, most)
	}
	return text, nil
}

// Check is for a file that a library reads by its name: it returns the error that Read would.
func Check(path string, most int64) error {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return notRegular(path, info)
	case info.Size() > most:
		return tooLarge(path, most)
	}
	return nil
}

func notRegular(path string, info fs.FileInfo) error {
	kind := "a device"
	switch mode := info.Mode(); {
	case mode.IsDir():
		kind = "a folder"
	case mode&fs.ModeNamedPipe != 0:
		kind = "a named pipe"
	case mode&fs.ModeSocket != 0:
		kind = "a socket"
	}
	return &Error{path, "is " + kind + ", not a file"}
}

func tooLarge(path string, most int64) error {
	size := fmt.Sprintf("%d KiB", most>>10)
	if most%(1<<20) == 0 {
		size = fmt.Sprintf("%d MiB", most>>20)
	}
	return &Error{path, "is larger than " + size}
}
