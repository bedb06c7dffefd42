// Exceptions: findings that somebody decided to live with.
//
// An exception names one rule, a scope, a reason and the last day on which it holds. It
// stands in a file (--exceptions), in an annotation of an object, or in a label of a
// namespace (facts/exception_mark.hpp). What is excepted is set aside in the report, not
// dropped. Pure functions over values.
#pragma once

#include <kai/audit/facts/facts.hpp>
#include <kai/audit/report.hpp>
#include <kai/base/result.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace kai::audit {

inline constexpr std::string_view k_exceptions_kind = "AuditExceptions";

// What an exception is about. An empty member stands for anything; "*" in the others for
// any run of characters.
struct ExceptionScope {
  std::string ns;
  std::string kind;
  std::string name;
  std::string fingerprint;

  [[nodiscard]] bool covers(const Finding& finding) const;
  // "Deployment ml/trainer-*", "namespace ml".
  [[nodiscard]] std::string to_string() const;
};

struct Exception {
  std::string rule;
  ExceptionScope scope;
  bool with_namespace = false;  // scope.ns covers the Namespace of that name, too
  std::string reason;
  std::string until;  // "2027-03-31", and that whole day in UTC
  Seconds end = 0;    // the first second after it
  std::string given;  // see Excepted
  ExceptionBy by = ExceptionBy::file;

  [[nodiscard]] bool covers(const Finding& finding) const;
};

// Reads a file of exceptions. Errors: invalid_input with file, line and column at the
// first problem: a key or rule that does not exist (with the nearest one that does), and
// whatever an exception lacks. Its message names the others too.
Result<std::vector<Exception>> parse_exceptions(std::string_view text, std::string_view file);

// Sets aside what the exceptions of a file and the marks on objects cover, and notes what
// is expired, cannot be read, or (where its rule has seen everything) covers nothing.
// `now` decides what is expired.
void apply_exceptions(Report& report, const std::vector<Exception>& from_file, const Facts& facts,
                      Seconds now);

}  // namespace kai::audit
