#include <kai/base/log.hpp>

#include <strings.h>

#include <utility>

namespace kai {

Log::Log(int verbosity, Sink sink) : m_verbosity(verbosity), m_sink(std::move(sink)) {}

std::string redact_header(std::string_view name, std::string_view value) {
  constexpr std::string_view k_secret[] = {"Authorization", "Proxy-Authorization", "Cookie",
                                           "Set-Cookie"};
  for (const std::string_view secret : k_secret) {
    if (name.size() == secret.size() && strncasecmp(name.data(), secret.data(), name.size()) == 0) {
      return "<redacted>";
    }
  }
  return std::string(value);
}

}  // namespace kai
