package command

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// markName is the variable that a program gets beside the others, and so whatever it starts: by its value they are found
// when the program has to end.
const markName = "EVENKEEL_COMMAND"

// note is a file that says that a program is at work. It is locked meanwhile: when the worker dies the kernel lets go of
// it, and the next worker knows that what is left of the program is nobody's.
type note struct {
	mark string
	file *os.File
}

// begin leaves a note in a folder; without a folder there is none, and the program has its mark all the same.
func begin(dir string) (n note, err error) {
	n.mark = rand.Text()
	if dir == "" {
		return n, nil
	}
	n.file, err = os.OpenFile(filepath.Join(dir, n.mark), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return n, err
	}
	return n, syscall.Flock(int(n.file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
}

func (n note) end() {
	if n.file != nil {
		_ = os.Remove(n.file.Name()) // else the next start finds nobody to end
		_ = n.file.Close()           // nothing was written to it
	}
}

// EndLeftovers ends what is left of the programs that were at work when a worker with this folder died, and makes the
// folder where there is none. What is done next, such as an undo or another attempt, must not meet them.
func EndLeftovers(dir string) (ended int, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return 0, err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return 0, err
	}
	var faults []error
	for _, entry := range entries {
		n, err := endLeftover(filepath.Join(dir, entry.Name()))
		ended += n
		faults = append(faults, err)
	}
	return ended, errors.Join(faults...)
}

func endLeftover(path string) (ended int, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	if syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil {
		return 0, nil // its worker lives
	}
	ended, err = sweep(filepath.Base(path))
	if err != nil {
		return ended, err
	}
	return ended, os.Remove(path)
}

// sweeps bounds how often processes are looked for: one that dies may have started another meanwhile.
const sweeps = 20

// sweep kills every process that has the mark in its environment, in whatever session it is. One that was given another
// environment is not found.
func sweep(mark string) (ended int, err error) {
	for range sweeps {
		found, err := kill(mark)
		ended += found
		if err != nil || found == 0 {
			return ended, err
		}
	}
	return ended, fmt.Errorf("processes of a command go on starting others (%s=%s)", markName, mark)
}

func kill(mark string) (killed int, err error) {
	all, err := os.ReadDir("/proc")
	if err != nil {
		return 0, err
	}
	for _, entry := range all {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		process, err := os.FindProcess(pid) // by a handle: the number may be another's soon
		if err != nil {
			continue
		}
		if marked(pid, mark) && process.Kill() == nil {
			killed++
		}
		_ = process.Release() // there is nothing to wait for
	}
	return killed, nil
}

// marked says whether a process has the mark. Of one that has ended, or that is another user's, nobody knows.
func marked(pid int, mark string) bool {
	environment, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
	return err == nil && bytes.Contains(append([]byte{0}, environment...), []byte("\x00"+markName+"="+mark+"\x00"))
}
