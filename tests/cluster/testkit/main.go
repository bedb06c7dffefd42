// Command kai-testkit is the tests' own programs around a real API server: the
// first argument chooses which one runs.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

var programs = map[string]func(ctx context.Context, arguments []string) error{
	"fault-proxy": runFaultProxy,
	"kubelet":     runKubelet,
	"load":        runLoad,
	"load-apps":   runLoadApps,
	"model":       runModel,
}

func main() {
	if len(os.Args) < 2 || programs[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: kai-testkit fault-proxy|kubelet|load|load-apps|model [flags]")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := programs[os.Args[1]](ctx, os.Args[2:]); err != nil {
		fmt.Fprintf(os.Stderr, "kai-testkit %s: %v\n", os.Args[1], err)
		os.Exit(1)
	}
}
