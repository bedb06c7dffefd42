// Times in headers: Retry-After (RFC 9110, section 10.2.3) and HTTP dates (5.6.7).
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace kai::http {

// How long to wait, counted from `now`; never negative. nullopt when the value is
// neither a number of seconds nor an HTTP date.
std::optional<std::chrono::milliseconds> parse_retry_after(
    std::string_view value, std::chrono::system_clock::time_point now);

// "Sun, 06 Nov 1994 08:49:37 GMT", the only form that may be sent since 1997; nullopt
// for anything else.
std::optional<std::chrono::system_clock::time_point> parse_http_date(std::string_view text);

}  // namespace kai::http
