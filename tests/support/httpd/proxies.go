package main

import (
	"crypto/tls"
	"encoding/binary"
	"io"
	"log"
	"net"
	"net/http"
	"strconv"
	"strings"
)

// The proxies resolve every name under kai.test to loopback: a request to such a name
// that arrives has come through one of them.
func dial(address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	if strings.HasSuffix(host, ".kai.test") {
		host = "127.0.0.1"
	}
	return net.Dial("tcp", net.JoinHostPort(host, port))
}

func join(a, b net.Conn) {
	go func() {
		_, _ = io.Copy(a, b)
		_ = a.Close()
	}()
	_, _ = io.Copy(b, a)
	_ = b.Close()
}

func serveProxies(a *announcement, good tls.Certificate) {
	serve := func(name string, config *tls.Config, handler http.HandlerFunc) {
		server := &http.Server{
			Handler:      handler,
			TLSConfig:    config,
			TLSNextProto: map[string]func(*http.Server, *tls.Conn, http.Handler){},
			ErrorLog:     log.New(io.Discard, "", 0),
		}
		listener := a.listen(name)
		go func() {
			if config != nil {
				log.Fatal(server.ServeTLS(listener, "", ""))
			}
			log.Fatal(server.Serve(listener))
		}()
	}
	serve("proxy", nil, forward)
	serve("tls-proxy", certificate(good), forward)
	serve("proxy-with-password", nil, func(w http.ResponseWriter, r *http.Request) {
		// "me:secret"
		if r.Header.Get("Proxy-Authorization") != "Basic bWU6c2VjcmV0" {
			w.Header().Set("Proxy-Authenticate", "Basic realm=\"proxy\"")
			http.Error(w, "who are you?", http.StatusProxyAuthRequired)
			return
		}
		forward(w, r)
	})
	serve("forbidding-proxy", nil, func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "not there", http.StatusForbidden)
	})

	socks := a.listen("socks")
	go func() {
		for {
			c, err := socks.Accept()
			if err != nil {
				log.Fatal(err)
			}
			go serveSocks(c)
		}
	}()
}

func forward(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodConnect {
		out := r.Clone(r.Context())
		out.RequestURI = ""
		transport := &http.Transport{Dial: func(_, address string) (net.Conn, error) { return dial(address) }}
		answer, err := transport.RoundTrip(out)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		defer answer.Body.Close()
		w.WriteHeader(answer.StatusCode)
		_, _ = io.Copy(w, answer.Body)
		return
	}
	target, err := dial(r.Host)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	client, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		_ = target.Close()
		return
	}
	_, _ = io.WriteString(client, "HTTP/1.1 200 Connection established\r\n\r\n")
	join(client, target)
}

// serveSocks speaks as much SOCKS5 (RFC 1928) as CONNECT to a name needs; addresses are
// refused, so that a client which resolves names itself is found out.
func serveSocks(c net.Conn) {
	defer c.Close()
	head := make([]byte, 2)
	if _, err := io.ReadFull(c, head); err != nil || head[0] != 5 {
		return
	}
	if _, err := io.ReadFull(c, make([]byte, head[1])); err != nil {
		return
	}
	_, _ = c.Write([]byte{5, 0})
	request := make([]byte, 5)
	if _, err := io.ReadFull(c, request); err != nil || request[1] != 1 || request[3] != 3 {
		_, _ = c.Write([]byte{5, 8, 0, 1, 0, 0, 0, 0, 0, 0})
		return
	}
	rest := make([]byte, int(request[4])+2)
	if _, err := io.ReadFull(c, rest); err != nil {
		return
	}
	name := string(rest[:request[4]])
	port := binary.BigEndian.Uint16(rest[request[4]:])
	target, err := dial(net.JoinHostPort(name, strconv.Itoa(int(port))))
	if err != nil {
		_, _ = c.Write([]byte{5, 5, 0, 1, 0, 0, 0, 0, 0, 0})
		return
	}
	_, _ = c.Write([]byte{5, 0, 0, 1, 127, 0, 0, 1, 0, 0})
	join(c, target)
}
