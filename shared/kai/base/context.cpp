#include <kai/base/context.hpp>

#include <cstdlib>
#include <istream>
#include <iterator>
#include <system_error>

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

Result<std::string> read_to_end(std::istream& in) {
  // Iterators speak to the buffer itself, so its exceptions reach us.
  try {
    return std::string(std::istreambuf_iterator<char>(in), {});
  } catch (const std::ios_base::failure& failure) {
    if (failure.code() == std::errc::interrupted) {
      return fail(ErrorCode::cancelled, "interrupted while reading the input");
    }
    return fail(ErrorCode::io, "the input cannot be read: " + failure.code().message());
  }
}

}  // namespace kai
