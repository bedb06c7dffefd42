// Durations as Go and Kubernetes write them. Pure functions.
#pragma once

#include <kai/base/result.hpp>

#include <chrono>
#include <string>
#include <string_view>

namespace kai::model {

// Durations as kubectl takes them: "90s", "1m30s", "1.5h", "250ms", or a plain number
// of seconds; never negative. Units are those of Go's time.ParseDuration, and what is
// shorter than a millisecond but not zero becomes one.
Result<std::chrono::milliseconds> parse_duration(std::string_view text);
// "1m30s", "5m", "250ms": the way back, for help and messages.
std::string format_duration(std::chrono::milliseconds duration);

}  // namespace kai::model
