// Command app is the replica that the tests scale: it answers HTTP, holds some memory and can keep
// one processor busy. Given a word, it does that one thing and ends.
package main

import (
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/evenkeel/evenkeel/internal/reach"
)

func main() {
	if len(os.Args) > 1 {
		do(os.Args[1], os.Args[2:])
	}
	held := make([]byte, 1+size("HOLD_MB")<<20)
	for i := 0; i < len(held); i += 4096 {
		held[i] = 1
	}
	if size("BUSY") > 0 {
		go func() {
			for n := 0; ; n++ {
				held[0] = byte(n)
			}
		}()
	}
	host, _ := os.Hostname()
	http.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, host, len(held)) })
	go http.ListenAndServe(":8080", nil)
	wait()
}

func wait() { <-listen() }

func listen() <-chan os.Signal {
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	return stop
}

// do does what a word says and ends the program; serve, and any other, lets it go on.
func do(word string, args []string) {
	switch word {
	case "health":
		resp, err := http.Get("http://127.0.0.1:8080/")
		if err != nil || resp.StatusCode != http.StatusOK {
			os.Exit(1)
		}
	case "write": // FILE TEXT...: appends, with what the hook was given
		f, err := os.OpenFile(args[0], os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
		if err != nil {
			fail(1, err)
		}
		dir, _ := os.Getwd()
		fmt.Fprintln(f, strings.Join(args[1:], " "), os.Getuid(), dir, os.Getenv("HOOK"))
		f.Close()
	case "spoil": // FILE: changes it in place, as a program may
		if err := os.WriteFile(args[0], []byte("spoilt"), 0o600); err != nil {
			fail(1, err)
		}
	case "fail": // CODE: says something on both outputs, a secret too
		fmt.Println("to stdout")
		code, _ := strconv.Atoi(args[0])
		fail(code, "\x1b[31mto stderr\x1b[0m: "+os.Getenv("TOKEN"))
	case "grow":
		var all [][]byte
		for {
			part := make([]byte, 1<<20)
			for i := range part {
				part[i] = 1
			}
			all = append(all, part)
			if len(all) > 1<<10 {
				fail(1, "not killed")
			}
		}
	case "idle":
		wait()
	case "linger": // some time after it was told to end
		stop := listen()
		fmt.Println("listens for SIGTERM") // one that comes earlier is lost, as to any first process of a container
		<-stop
		time.Sleep(time.Second)
	case reach.Command:
		os.Exit(reach.Main(args, os.Stdout))
	case "crash": // some time after the start, again and again
		time.Sleep(100 * time.Millisecond)
		os.Exit(4)
	default:
		return
	}
	os.Exit(0)
}

func fail(code int, why any) {
	fmt.Fprintln(os.Stderr, why)
	os.Exit(code)
}

func size(name string) int {
	n, _ := strconv.Atoi(os.Getenv(name))
	return max(n, 0)
}
