package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"hash/fnv"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// What a request can meet instead of its answer.
var faults = map[string]func(p *faultProxy, response http.ResponseWriter, request *http.Request){
	// The API server is too busy, and says when to come back.
	"429": func(p *faultProxy, response http.ResponseWriter, _ *http.Request) {
		response.Header().Set("Retry-After", "1")
		answer(response, metav1.Status{Code: http.StatusTooManyRequests, Reason: metav1.StatusReasonTooManyRequests,
			Message: "Too many requests, please try again later."})
	},
	"503": func(p *faultProxy, response http.ResponseWriter, _ *http.Request) {
		answer(response, metav1.Status{Code: http.StatusServiceUnavailable, Reason: metav1.StatusReasonServiceUnavailable,
			Message: "the server is currently unable to handle the request"})
	},
	// The request never arrives: its stream is reset, or with HTTP/1.1 its connection.
	"reset": func(p *faultProxy, _ http.ResponseWriter, request *http.Request) { reset(request) },
	// The connection breaks under every request that is on it.
	"disconnect": func(p *faultProxy, _ http.ResponseWriter, request *http.Request) { disconnect(request) },
	// The answer never comes.
	"stall": func(p *faultProxy, _ http.ResponseWriter, request *http.Request) {
		<-request.Context().Done()
		panic(http.ErrAbortHandler)
	},
	// The request is carried out, and the answer is lost.
	"lost": func(p *faultProxy, _ http.ResponseWriter, request *http.Request) {
		p.upstream.ServeHTTP(&discarded{header: http.Header{}}, request)
		reset(request)
	},
	// The answer breaks off in its middle.
	"truncate": func(p *faultProxy, response http.ResponseWriter, request *http.Request) {
		whole := &discarded{header: http.Header{}}
		p.upstream.ServeHTTP(whole, request)
		for key, values := range whole.header {
			response.Header()[key] = values
		}
		response.Header().Set("Content-Length", strconv.Itoa(whole.body.Len()))
		response.WriteHeader(whole.status)
		response.Write(whole.body.Bytes()[:whole.body.Len()/2])
		response.(http.Flusher).Flush()
		reset(request)
	},
	// The list's next page has expired. Other requests than those for a next page pass.
	"410": func(p *faultProxy, response http.ResponseWriter, request *http.Request) {
		token := inconsistent(request.URL.Query().Get("continue"))
		if token == "" {
			p.upstream.ServeHTTP(response, request)
			return
		}
		answer(response, metav1.Status{Code: http.StatusGone, Reason: metav1.StatusReasonExpired,
			ListMeta: metav1.ListMeta{Continue: token},
			Message: "The provided continue parameter is too old to display a consistent list result. " +
				"You can start a new list without the continue parameter, or use the continue token in " +
				"this response to retrieve the remainder of the results."})
	},
}

// faultProxy stands between a client and the API server, and spoils a share of requests.
type faultProxy struct {
	upstream *httputil.ReverseProxy
	rate     float64
	seed     uint64
	kinds    []string
	latency  time.Duration

	mutex sync.Mutex
	tries map[string]uint64 // of each method and address
}

func runFaultProxy(ctx context.Context, arguments []string) error {
	flags := flag.NewFlagSet("fault-proxy", flag.ExitOnError)
	server := flags.String("server", "", "URL of the API server")
	authority := flags.String("certificate-authority", "", "who signed the API server's certificate")
	certificate := flags.String("tls-cert-file", "", "serving certificate for 127.0.0.1")
	key := flags.String("tls-private-key-file", "", "its key")
	rate := flags.Float64("rate", 0.2, "share of requests that meet a fault")
	seed := flags.Uint64("seed", 1, "chooses which; the same requests meet the same faults")
	kinds := flags.String("kinds", "429,503,reset,stall", "which faults, evenly")
	latency := flags.Duration("latency", 0, "added to every request")
	http1 := flags.Bool("http1", false, "no HTTP/2")
	flags.Parse(arguments)

	p := &faultProxy{rate: *rate, seed: *seed, kinds: strings.Split(*kinds, ","), latency: *latency,
		tries: map[string]uint64{}}
	for _, kind := range p.kinds {
		if faults[kind] == nil {
			return fmt.Errorf("unknown fault %q", kind)
		}
	}
	target, err := url.Parse(*server)
	if err != nil {
		return err
	}
	trusted, err := os.ReadFile(*authority)
	if err != nil {
		return err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(trusted)
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{RootCAs: roots}
	transport.Proxy = nil
	transport.DisableCompression = true // what the server sends is what the client gets
	p.upstream = &httputil.ReverseProxy{
		Rewrite:       func(r *httputil.ProxyRequest) { r.SetURL(target) },
		Transport:     transport,
		FlushInterval: -1, // watches
		ErrorHandler: func(_ http.ResponseWriter, request *http.Request, err error) {
			if request.Context().Err() == nil {
				log.Printf("upstream: %v", err)
			}
			panic(http.ErrAbortHandler)
		},
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	listening := &http.Server{
		Handler:           p,
		ReadHeaderTimeout: 10 * time.Second,
		ErrorLog:          log.New(io.Discard, "", 0), // clients that leave are what we are for
		ConnContext: func(ctx context.Context, connection net.Conn) context.Context {
			return context.WithValue(ctx, connectionKey{}, connection)
		},
	}
	if *http1 {
		listening.TLSNextProto = map[string]func(*http.Server, *tls.Conn, http.Handler){}
	}
	go func() { <-ctx.Done(); listening.Close() }()
	log.Printf("ready: port %d", listener.Addr().(*net.TCPAddr).Port)
	if err := listening.ServeTLS(listener, *certificate, *key); err != http.ErrServerClosed {
		return err
	}
	return nil
}

func (p *faultProxy) ServeHTTP(response http.ResponseWriter, request *http.Request) {
	time.Sleep(p.latency)
	if kind := p.choose(request); kind != "" {
		log.Printf("fault: %s %s %s", kind, request.Method, request.URL.RequestURI())
		faults[kind](p, response, request)
		return
	}
	p.upstream.ServeHTTP(response, request)
}

// choose depends on the seed, the request, and how often it came before, not on what
// other requests are under way: a run can be repeated.
func (p *faultProxy) choose(request *http.Request) string {
	name := request.Method + " " + request.URL.RequestURI()
	p.mutex.Lock()
	try := p.tries[name]
	p.tries[name]++
	p.mutex.Unlock()
	hash := fnv.New64a()
	hash.Write([]byte(name))
	binary.Write(hash, binary.LittleEndian, try)
	random := rand.New(rand.NewPCG(p.seed, hash.Sum64()))
	if random.Float64() >= p.rate {
		return ""
	}
	return p.kinds[random.IntN(len(p.kinds))]
}

type connectionKey struct{}

func reset(request *http.Request) {
	if request.ProtoMajor < 2 {
		disconnect(request)
	}
	panic(http.ErrAbortHandler) // RST_STREAM
}

func disconnect(request *http.Request) {
	connection := request.Context().Value(connectionKey{}).(net.Conn)
	if secure, ok := connection.(*tls.Conn); ok {
		connection = secure.NetConn()
	}
	connection.(*net.TCPConn).SetLinger(0) // RST instead of FIN
	connection.Close()
	panic(http.ErrAbortHandler)
}

func answer(response http.ResponseWriter, status metav1.Status) {
	status.TypeMeta = metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}
	status.Status = metav1.StatusFailure
	response.Header().Set("Content-Type", "application/json")
	response.WriteHeader(int(status.Code))
	json.NewEncoder(response).Encode(status)
}

// inconsistent turns a continue token into the one that the API server offers when the
// token's own resourceVersion is gone: -1 means "from that name on, as it is now".
func inconsistent(token string) string {
	text, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || token == "" {
		return ""
	}
	fields := map[string]any{}
	if json.Unmarshal(text, &fields) != nil || fields["rv"] == float64(-1) {
		return ""
	}
	fields["rv"] = -1
	text, _ = json.Marshal(fields)
	return base64.RawURLEncoding.EncodeToString(text)
}

// discarded takes an answer that the client will not get, or not as it is.
type discarded struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (d *discarded) Header() http.Header             { return d.header }
func (d *discarded) WriteHeader(status int)          { d.status = status }
func (d *discarded) Write(piece []byte) (int, error) { return d.body.Write(piece) }
func (d *discarded) Flush()                          {}
