// httpd: real HTTP servers for the tests of CurlTransport.
//
// Go's net/http, which is what a Kubernetes API server answers with: HTTP/1.1 and
// HTTP/2 over TLS, plain HTTP, servers with certificates that must be refused, servers
// that want a client certificate, proxies. All listen on loopback, on ports of the
// kernel's choice. One line of JSON on stdout tells ports and PEM texts:
//
//	{"ports": {"h2": 4711, …}, "pem": {"ca": "-----BEGIN …", …}}
//
// Ends when its stdin is closed, so it never outlives the test that started it.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"sync/atomic"
	"time"
)

type connectionKey struct{}

// connection is what handlers know about the connection that a request came on.
type connection struct {
	id  int64
	net net.Conn
}

var connections atomic.Int64

// listen opens a loopback port and notes it under name.
func (a *announcement) listen(name string) net.Listener {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	a.Ports[name] = listener.Addr().(*net.TCPAddr).Port
	return listener
}

// serve runs the handlers of handlers.go; config nil means plain HTTP.
func (a *announcement) serve(name string, config *tls.Config, http2 bool) {
	server := &http.Server{
		Handler:   handlers(),
		TLSConfig: config,
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			return context.WithValue(ctx, connectionKey{}, &connection{connections.Add(1), c})
		},
		// Failed handshakes are what many tests are about.
		ErrorLog:       log.New(io.Discard, "", 0),
		MaxHeaderBytes: 1 << 20,
	}
	if !http2 {
		server.TLSNextProto = map[string]func(*http.Server, *tls.Conn, http.Handler){}
	}
	listener := net.Listener(patientListener{a.listen(name)})
	go func() {
		if config == nil {
			log.Fatal(server.Serve(listener))
		}
		log.Fatal(server.ServeTLS(listener, "", ""))
	}()
}

// patientListener makes connections that read on for a moment when they are closed: if
// unread data is left, the kernel resets the connection, and a TLS alert is lost.
type patientListener struct{ net.Listener }

type patientConn struct{ *net.TCPConn }

func (l patientListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return patientConn{c.(*net.TCPConn)}, nil
}

func (c patientConn) Close() error {
	if c.CloseWrite() == nil {
		_ = c.SetReadDeadline(time.Now().Add(2 * time.Second))
		_, _ = io.Copy(io.Discard, c.TCPConn)
	}
	return c.TCPConn.Close()
}

type announcement struct {
	Ports map[string]int    `json:"ports"`
	Pem   map[string]string `json:"pem"`
}

func main() {
	a := &announcement{Ports: map[string]int{}, Pem: map[string]string{}}
	pki := newPki(a.Pem)

	usual := []string{"localhost", "kai.test", "*.kai.test", "127.0.0.1", "::1"}
	good := pki.ca.server(valid, usual...)
	a.serve("plain", nil, false)
	a.serve("h2", &tls.Config{Certificates: []tls.Certificate{good}}, true)
	a.serve("h1", &tls.Config{Certificates: []tls.Certificate{good}}, false)
	a.serve("expired", certificate(pki.ca.server(expired, usual...)), true)
	a.serve("future", certificate(pki.ca.server(future, usual...)), true)
	a.serve("other-name", certificate(pki.ca.server(valid, "other.test", "192.0.2.7")), true)

	clients := x509.NewCertPool()
	clients.AddCert(pki.ca.cert)
	for name, version := range map[string]uint16{"mtls12": tls.VersionTLS12, "mtls13": tls.VersionTLS13} {
		a.serve(name, &tls.Config{
			Certificates: []tls.Certificate{good},
			ClientAuth:   tls.RequireAndVerifyClientCert,
			ClientCAs:    clients,
			MinVersion:   version,
			MaxVersion:   version,
		}, true)
	}

	serveProxies(a, good)

	// Accepts connections and says nothing: a TLS handshake never ends.
	silent := a.listen("silent")
	go func() {
		for {
			if c, err := silent.Accept(); err == nil {
				go func() { _, _ = io.Copy(io.Discard, c) }()
			}
		}
	}()
	// Another protocol's server.
	ssh := a.listen("ssh")
	go func() {
		for {
			if c, err := ssh.Accept(); err == nil {
				_, _ = c.Write([]byte("SSH-2.0-OpenSSH_9.2p1\r\n"))
				_ = c.Close()
			}
		}
	}()
	// A port on which nobody listens, and nobody else will while this process lives:
	// it is bound without listen(2).
	a.Ports["refused"] = boundPort()

	line, err := json.Marshal(a)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(line))
	_, _ = io.Copy(io.Discard, os.Stdin)
}

func certificate(one tls.Certificate) *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{one}}
}
