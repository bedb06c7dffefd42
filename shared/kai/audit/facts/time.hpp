// Times as Kubernetes writes them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace kai::audit {

// Seconds since 1970 of "2026-05-04T10:11:12Z" (fractions and offsets allowed); 0 when
// it is no time.
std::int64_t parse_time(std::string_view rfc3339);

// The other way round: "2026-05-04T10:11:12Z"; empty for 0.
std::string format_time(std::int64_t seconds);

// "45s", "12m", "5h", "3d": how kubectl shows ages, rounded down.
std::string format_age(std::int64_t seconds);

}  // namespace kai::audit
