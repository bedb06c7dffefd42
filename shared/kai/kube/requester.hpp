// Requester: sends requests as one user to one cluster.
//
// Adds credentials, renews them once after a 401, shows the server's warnings, and
// turns every failure into an Error. Thread-safe. Internal to kai/kube.
#pragma once

#include <kai/base/context.hpp>
#include <kai/base/result.hpp>
#include <kai/http/transport.hpp>
#include <kai/kube/auth.hpp>
#include <kai/kube/kubeconfig.hpp>
#include <kai/kube/status_error.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace kai::kube {

// The query of a URL; values are escaped, empty ones left out.
class Query {
 public:
  Query& add(std::string_view name, std::string_view value);
  // "?a=b&c=d", or nothing.
  [[nodiscard]] const std::string& text() const { return m_text; }

 private:
  std::string m_text;
};

struct Call {
  http::Method method = http::Method::get;
  std::string path;  // with its query
  std::string body;
  std::string content_type;
  std::string accept = "application/json";
  bool idempotent = false;
  // Unset: --request-timeout. Watches and logs set their own.
  std::optional<std::chrono::milliseconds> timeout;
  std::chrono::milliseconds idle_timeout{0};  // 0: RetryTransport's, or none with a sink
  http::BodySink sink;
  // Where the server's warnings go; none: the log.
  std::vector<std::string>* warnings = nullptr;
};

// A connection that can be made again, because a plugin may hand out a new client
// certificate.
using TransportFactory =
    std::function<Result<std::shared_ptr<http::Transport>>(const Credentials& credentials)>;

class Requester {
 public:
  // `access` and `context` must outlive it.
  Requester(const ClusterAccess& access, const Context& context, TransportFactory factory);
  // Ends all requests first; their completions still run.
  ~Requester();
  Requester(const Requester&) = delete;
  Requester& operator=(const Requester&) = delete;

  [[nodiscard]] const ClusterAccess& access() const { return m_access; }
  [[nodiscard]] const Context& context() const { return m_context; }

  // Sends and waits. Errors: every answer but 2xx, told in terms of `operation`.
  Result<http::Response> send(const Operation& operation, const Call& call);
  // The same, and the body as JSON.
  Result<model::Json> send_for_json(const Operation& operation, const Call& call);

  // The body of an answer as JSON; no JSON is the server's fault.
  static Result<model::Json> read_json(const http::Response& response, const Operation& operation);

  // Sends without waiting; `done` gets the answer whatever its status, and runs on the
  // transport's thread. Returns the generation of the credentials, for renew(). For
  // what went wrong see to_error().
  Result<long> start(const Call& call, http::Completion done);
  // The same if it can be done without running a plugin; false when not. Safe to call
  // from a completion.
  bool start_now(const Call& call, http::Completion done);
  // After a 401: whether it is worth sending again.
  bool renew(long generation) { return m_authenticator.renew(generation); }

  // The error that an answer or a failure stands for; nullopt for a success.
  [[nodiscard]] std::optional<Error> to_error(const Result<http::Response>& result,
                                              const Operation& operation) const;

  // Requests handed to transports; tries of a RetryTransport are not counted.
  [[nodiscard]] long started() const;

 private:
  Result<std::shared_ptr<http::Transport>> transport_for(const Credentials& credentials);
  void submit(http::Transport& transport, const Call& call, const Credentials& credentials,
              http::Completion done);
  [[nodiscard]] http::Request make_request(const Call& call, const Credentials& credentials) const;
  void note_warnings(const http::Response& response, std::vector<std::string>* collected);

  const ClusterAccess& m_access;
  const Context& m_context;
  TransportFactory m_factory;
  Authenticator m_authenticator;

  mutable std::mutex m_mutex;  // guards all of the below
  // The last one is in use. Others end their requests; they cannot be destroyed on
  // their own threads, so they stay.
  std::vector<std::shared_ptr<http::Transport>> m_transports;
  std::string m_certificate_pem;  // of the last transport
  std::set<std::string> m_warned;
  long m_started = 0;
  bool m_closing = false;
};

}  // namespace kai::kube
