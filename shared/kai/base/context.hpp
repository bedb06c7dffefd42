// Context: the outside world as a command sees it. Passed down by reference;
// main() owns the real one, tests make their own.
#pragma once

#include <kai/base/cancel.hpp>
#include <kai/base/log.hpp>
#include <kai/base/result.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>

namespace kai {

// Reads one variable of the environment; nullopt when it is unset.
using Environment = std::function<std::optional<std::string>(std::string_view name)>;

// Wall-clock time, for ages and expiry. Deadlines use std::chrono::steady_clock.
using Clock = std::function<std::chrono::system_clock::time_point()>;

Environment process_environment();
Clock system_clock();

// What is read whole is read up to this size: more is a mistake, or never ends.
inline constexpr std::size_t k_most_text = std::size_t{1} << 30;

// Everything that is left in a stream; for standard input, until it is closed. Errors:
// invalid_input when there is more than `most` bytes; cancelled when its buffer gave up with
// std::errc::interrupted, else io.
Result<std::string> read_to_end(std::istream& in, std::size_t most = k_most_text);

// What a stream is connected to.
struct Terminal {
  bool is_terminal = false;
  bool color = false;  // colour may be used
  int width = 0;       // columns; 0 when it is no terminal: do not shorten
};

struct Context {
  std::istream& in;
  std::ostream& out;  // data
  std::ostream& err;  // progress, warnings, errors
  Environment env = process_environment();
  Clock clock = system_clock();
  Cancel cancel{};
  Log log{};
  bool in_is_terminal = false;
  Terminal out_terminal{};
  Terminal err_terminal{};
};

}  // namespace kai
