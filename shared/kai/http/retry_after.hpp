// The Retry-After header of RFC 9110, section 10.2.3. Private to kai/http.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace kai::http {

// How long to wait, counted from `now`; never negative. nullopt when the value is
// neither a number of seconds nor an HTTP date.
std::optional<std::chrono::milliseconds> parse_retry_after(
    std::string_view value, std::chrono::system_clock::time_point now);

}  // namespace kai::http
