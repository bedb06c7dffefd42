// Log: diagnostics for -v. Libraries write here; only kai/cli decides where the
// lines go. Nothing secret may be logged: pass URLs and headers through redact().
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace kai {

// Levels as kubectl's -v: 1 steps, 6 requests with status and time and each
// retry, 8 headers. 0 is always shown (warnings of the server).
class Log {
 public:
  using Sink = std::function<void(int level, std::string_view line)>;

  Log() = default;
  // `sink` must be safe to call from any thread.
  Log(int verbosity, Sink sink);

  [[nodiscard]] bool enabled(int level) const { return m_sink && level <= m_verbosity; }
  void write(int level, std::string_view line) const {
    if (enabled(level)) m_sink(level, line);
  }

 private:
  int m_verbosity = 0;
  Sink m_sink;
};

// A header's value as it may be logged: credentials become "<redacted>".
std::string redact_header(std::string_view name, std::string_view value);

}  // namespace kai
