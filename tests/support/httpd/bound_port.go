package main

import (
	"log"
	"syscall"
)

// boundPort takes a loopback port without listening on it.
func boundPort() int {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		log.Fatal(err)
	}
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		log.Fatal(err)
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		log.Fatal(err)
	}
	return name.(*syscall.SockaddrInet4).Port
}
