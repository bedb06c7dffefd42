package main

import (
	"compress/gzip"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// handlers answers the paths below. Every answer tells its connection and protocol in
// X-Connection and X-Proto. Where a path says "first N", `times=N&key=K` makes it behave
// so for the first N requests with that key, and answer "well" afterwards.
func handlers() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/echo", echo)
	mux.HandleFunc("/bytes", bytes)
	mux.HandleFunc("/status", status)
	mux.HandleFunc("/redirect", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/echo", http.StatusFound)
	})
	mux.HandleFunc("/together", together)
	mux.HandleFunc("/pieces", pieces)
	mux.HandleFunc("/long-headers", longHeaders)
	mux.HandleFunc("/damaged-gzip", damagedGzip)
	mux.HandleFunc("/goaway", goaway)
	mux.HandleFunc("/count", count)
	mux.HandleFunc("/hang", firstTimes(hang))
	mux.HandleFunc("/stall", firstTimes(stall))
	mux.HandleFunc("/truncate", firstTimes(truncate))
	mux.HandleFunc("/kill", firstTimes(kill))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Connection", strconv.FormatInt(connectionOf(r).id, 10))
		w.Header().Set("X-Proto", r.Proto)
		mux.ServeHTTP(w, r)
	})
}

func connectionOf(r *http.Request) *connection {
	return r.Context().Value(connectionKey{}).(*connection)
}

func number(r *http.Request, name string, otherwise int) int {
	if value, err := strconv.Atoi(r.URL.Query().Get(name)); err == nil {
		return value
	}
	return otherwise
}

// echo tells what arrived.
func echo(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	seen := map[string]any{
		"method":  r.Method,
		"host":    r.Host,
		"uri":     r.RequestURI,
		"headers": r.Header,
		"body":    string(body),
	}
	if r.TLS != nil {
		seen["serverName"] = r.TLS.ServerName
		if len(r.TLS.PeerCertificates) > 0 {
			seen["client"] = r.TLS.PeerCertificates[0].Subject.CommonName
		}
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(seen)
}

// bytes sends n bytes "0123456789012…", gzipped when that is accepted.
func bytes(w http.ResponseWriter, r *http.Request) {
	var to io.Writer = w
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		w.Header().Set("Content-Encoding", "gzip")
		zipped := gzip.NewWriter(w)
		defer zipped.Close()
		to = zipped
	}
	block := []byte(strings.Repeat("0123456789", 1000))
	for left := number(r, "n", 0); left > 0; left -= len(block) {
		if left < len(block) {
			block = block[:left]
		}
		if _, err := to.Write(block); err != nil {
			return
		}
	}
}

// status answers with the code and a body of n bytes.
func status(w http.ResponseWriter, r *http.Request) {
	w.WriteHeader(number(r, "code", 200))
	if r.Method != http.MethodHead && number(r, "code", 200) != http.StatusNoContent {
		_, _ = io.WriteString(w, strings.Repeat("e", number(r, "n", 5)))
	}
}

var (
	rendezvousLock sync.Mutex
	rendezvous     = map[string]chan struct{}{}
	waiting        = map[string]int{}
)

// together answers once n requests with the same key are there at the same time.
func together(w http.ResponseWriter, r *http.Request) {
	key := r.URL.Query().Get("key")
	rendezvousLock.Lock()
	all, exists := rendezvous[key]
	if !exists {
		all = make(chan struct{})
		rendezvous[key] = all
	}
	waiting[key]++
	if waiting[key] == number(r, "n", 2) {
		close(all)
	}
	rendezvousLock.Unlock()
	select {
	case <-all:
		_, _ = io.WriteString(w, "together")
	case <-r.Context().Done():
	}
}

// pieces sends "one", "two" and "three", each when the one before has been seen: the
// next is sent after a request to /count with the key. Ends after the third.
func pieces(w http.ResponseWriter, r *http.Request) {
	key := r.URL.Query().Get("key")
	for i, piece := range []string{"one", "two", "three"} {
		for counted(key) < i {
			if r.Context().Err() != nil {
				return
			}
			time.Sleep(time.Millisecond)
		}
		_, _ = io.WriteString(w, piece)
		w.(http.Flusher).Flush()
	}
}

func longHeaders(w http.ResponseWriter, r *http.Request) {
	for left := number(r, "n", 0); left > 0; left -= 1000 {
		w.Header().Add("X-Long", strings.Repeat("x", 1000))
	}
}

func damagedGzip(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Encoding", "gzip")
	_, _ = io.WriteString(w, "this is not gzip at all")
}

// goaway ends the connection gracefully, as kube-apiserver's --goaway-chance does.
func goaway(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Connection", "close")
	_, _ = io.WriteString(w, "well")
}

var (
	countsLock sync.Mutex
	counts     = map[string]int{}
)

func counted(key string) int {
	countsLock.Lock()
	defer countsLock.Unlock()
	return counts[key]
}

func addCount(key string) int {
	countsLock.Lock()
	defer countsLock.Unlock()
	counts[key]++
	return counts[key]
}

// count counts writes per key and tells the count.
func count(w http.ResponseWriter, r *http.Request) {
	key := r.URL.Query().Get("key")
	_, _ = io.Copy(io.Discard, r.Body)
	if r.Method != http.MethodGet {
		addCount(key)
	}
	fmt.Fprint(w, counted(key))
}

func firstTimes(misbehave http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		key := r.URL.Query().Get("key")
		_, _ = io.Copy(io.Discard, r.Body)
		seen := addCount(key)
		if key != "" && seen > number(r, "times", 1) {
			_, _ = io.WriteString(w, "well")
			return
		}
		misbehave(w, r)
	}
}

// hang never answers.
func hang(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

// stall answers, and stops in the middle of the body.
func stall(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Length", "1000")
	_, _ = io.WriteString(w, "begin")
	w.(http.Flusher).Flush()
	<-r.Context().Done()
}

// truncate breaks the stream (HTTP/2) or the connection in the middle of the body.
func truncate(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Length", "1000")
	_, _ = io.WriteString(w, "begin")
	w.(http.Flusher).Flush()
	panic(http.ErrAbortHandler)
}

// kill resets the connection under the request, after reading it.
func kill(_ http.ResponseWriter, r *http.Request) {
	c := connectionOf(r).net
	if secure, ok := c.(*tls.Conn); ok {
		c = secure.NetConn()
	}
	tcp := c.(patientConn).TCPConn
	_ = tcp.SetLinger(0)
	_ = tcp.Close()
	panic(http.ErrAbortHandler)
}
