// Transport: the one seam between this project and the network.
//
// A Transport moves HTTP requests; it knows nothing of Kubernetes. CurlTransport
// (curl_transport.hpp) is the real one, RetryTransport (retry_transport.hpp)
// decorates any other with retries and a concurrency limit, and tests have a
// FakeTransport and a FaultTransport. All are safe to use from any thread.
#pragma once

#include <kai/base/cancel.hpp>
#include <kai/base/context.hpp>
#include <kai/base/result.hpp>

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kai::http {

enum class Method { get, head, post, put, patch, del };
std::string_view to_string(Method method);

using Header = std::pair<std::string, std::string>;
using Headers = std::vector<Header>;

// Receives the body of a 2xx answer piece by piece, on a thread of the transport's.
// Returning false ends the transfer; its result is then ErrorCode::cancelled.
using BodySink = std::function<bool(std::string_view piece)>;

struct Request {
  Method method = Method::get;
  std::string url;  // absolute
  Headers headers;
  std::string body;
  // May be sent again after a failure that leaves its effect unknown. GET and HEAD
  // always are; server-side apply and DELETE by uid may be.
  bool idempotent = false;
  std::chrono::milliseconds timeout{0};  // for the whole request, tries included; 0: none
  // Without a byte received; 0: none, or RetryTransport's when there is no sink.
  std::chrono::milliseconds idle_timeout{0};
  std::chrono::milliseconds delay{0};  // wait this long before sending
  BodySink sink;                       // empty: the body is collected
};

struct Response {
  int status = 0;
  Headers headers;
  std::string body;  // empty when a sink took it

  // The first header of that name, in any case; empty when there is none.
  [[nodiscard]] std::string_view header(std::string_view name) const;
};

// Called exactly once per request. An HTTP error status is a Response, not an Error.
// Errors: unreachable, disconnected, untrusted, timed_out, cancelled; server for an
// answer beyond all bounds; invalid_input for a URL or header that cannot be sent; io
// when libcurl cannot be loaded.
using Completion = std::function<void(Result<Response>)>;

class Transport {
 public:
  Transport() = default;
  virtual ~Transport() = default;
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  // Begins the request and returns at once. `done` runs on a thread of the
  // transport's (or inside start() for transports without one) and must not block.
  // After the transport's Cancel is requested every request ends within a second
  // with ErrorCode::cancelled.
  virtual void start(Request request, Completion done) = 0;
};

// Sends and waits for the answer.
Result<Response> send(Transport& transport, Request request);

// What the connection needs beyond the URL. PEM texts, not file names, so that
// inline and file data are one; empty means none.
struct TlsOptions {
  std::string ca_pem;           // empty: the system's trust store
  std::string certificate_pem;  // client certificate and its key
  std::string key_pem;
  std::string server_name;  // SNI and verification, when unlike the URL's host
  bool insecure_skip_verify = false;
};

struct TransportOptions {
  TlsOptions tls;
  std::string proxy;  // http://, https:// or socks5:// URL; empty: the environment's
  // Read for HTTPS_PROXY, HTTP_PROXY and NO_PROXY, with the meaning they have for kubectl.
  Environment env = process_environment();
  bool disable_compression = false;
  // To one host, for requests without a body and for those with one. HTTP/2 requests
  // share one of them; over HTTP/1.1 requests with a sink, which may last for hours, get
  // connections beyond these.
  int max_connections = 16;
  std::chrono::milliseconds connect_timeout{10'000};
};

}  // namespace kai::http
