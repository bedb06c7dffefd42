#include <kai/base/context.hpp>

#include <cstdlib>

namespace kai {

Environment process_environment() {
  return [](std::string_view name) -> std::optional<std::string> {
    // The environment is only read: no thread of ours calls setenv.
    const char* value = std::getenv(std::string(name).c_str());  // NOLINT(concurrency-mt-unsafe)
    if (value == nullptr) return std::nullopt;
    return std::string(value);
  };
}

Clock system_clock() {
  return [] { return std::chrono::system_clock::now(); };
}

}  // namespace kai
