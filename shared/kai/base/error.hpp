// Error: what went wrong, told so that a person can act on it.
//
// A plain value; copy and move freely. Errors travel in Result<T>
// (<kai/base/result.hpp>) and are printed in one place, kai/cli.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kai {

enum class ErrorCode {
  usage,           // the command line or a profile is wrong: exit 2
  invalid_input,   // a file or document is malformed
  not_found,       // HTTP 404 or a missing file
  already_exists,  // HTTP 409 with reason AlreadyExists
  conflict,        // HTTP 409: another writer or another field manager
  gone,            // HTTP 410: an expired continue token or resourceVersion
  unauthorized,    // HTTP 401
  forbidden,       // HTTP 403
  invalid_object,  // HTTP 400 or 422: the server rejected the object
  throttled,       // HTTP 429 after all retries
  server,          // HTTP 5xx after all retries, or an answer that makes no sense
  unreachable,     // no connection was made, so nothing was sent: refused, DNS, no answer
  disconnected,    // the connection broke under way: whether the request had an effect is unknown
  untrusted,       // TLS: the server's or our own certificate was not accepted
  timed_out,       // a deadline passed: exit 124
  cancelled,       // a signal asked us to stop: exit 130
  io,              // local files, pipes and processes
  internal,        // a bug of ours
};

// Where in a text something stands. Lines and columns count from 1; 0 is unknown.
struct Location {
  std::string file;
  int line = 0;
  int column = 0;

  // "file:line:column", leaving out what is unknown.
  [[nodiscard]] std::string to_string() const;
  bool operator==(const Location&) const = default;
};

// One entry of a Kubernetes Status' details.causes.
struct Cause {
  std::string reason;  // "FieldManagerConflict", "FieldValueInvalid", …
  std::string field;   // ".spec.taints"
  std::string message;
  bool operator==(const Cause&) const = default;
};

struct Error {
  ErrorCode code = ErrorCode::internal;
  std::string message;  // what happened, to which object, and why; no trailing full stop
  std::string hint;     // what to do next; may be empty
  std::string reason;   // the server's Status reason ("Forbidden"), or empty
  int http_status = 0;  // 0 when there was no HTTP answer
  std::optional<Location> location;
  std::vector<Cause> causes;
  std::vector<std::string> doing;  // innermost first: "listing pods"

  Error() = default;
  Error(ErrorCode error_code, std::string text) : code(error_code), message(std::move(text)) {}

  // Adds what was being done when the error came up ("reading the kubeconfig").
  Error while_doing(std::string what) &&;
  Error with_hint(std::string text) &&;
  Error at(Location where) &&;

  // The whole error in one line without its hint:
  // "FILE:LINE:COL: message (while doing X)".
  [[nodiscard]] std::string to_string() const;
};

// The process exit code that an error ends in: 2, 3, 124 or 130.
int exit_code(const Error& error);

}  // namespace kai
