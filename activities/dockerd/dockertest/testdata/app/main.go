// Command app is the replica that the tests scale: it answers HTTP, holds some memory and can keep
// one processor busy.
package main

import (
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"syscall"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == "health" {
		resp, err := http.Get("http://127.0.0.1:8080/")
		if err != nil || resp.StatusCode != http.StatusOK {
			os.Exit(1)
		}
		return
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
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	<-stop
}

func size(name string) int {
	n, _ := strconv.Atoi(os.Getenv(name))
	return max(n, 0)
}
