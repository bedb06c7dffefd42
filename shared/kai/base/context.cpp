#include <kai/base/context.hpp>

#include <algorithm>
#include <cstdlib>
#include <istream>
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

Result<std::string> read_to_end(std::istream& in, std::size_t most) {
  constexpr std::size_t k_chunk = std::size_t{64} << 10U;
  std::string text;
  // The buffer itself is asked, so its exceptions reach us.
  try {
    while (true) {
      const std::size_t size = text.size();
      text.resize(size + std::min(k_chunk, most - size + 1));
      const auto wanted = static_cast<std::streamsize>(text.size() - size);
      const std::streamsize read = in.rdbuf()->sgetn(text.data() + size, wanted);
      text.resize(size + static_cast<std::size_t>(read));
      if (text.size() > most) {
        return fail(ErrorCode::invalid_input,
                    "the input is larger than " + std::to_string(most) + " bytes");
      }
      if (read < wanted) return text;
    }
  } catch (const std::ios_base::failure& failure) {
    if (failure.code() == std::errc::interrupted) {
      return fail(ErrorCode::cancelled, "interrupted while reading the input");
    }
    return fail(ErrorCode::io, "the input cannot be read: " + failure.code().message());
  }
}

}  // namespace kai
