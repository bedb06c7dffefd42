// Settings: what a team's file (--config) changes about an audit.
#pragma once

#include <kai/audit/threshold.hpp>
#include <kai/base/result.hpp>

#include <string_view>

namespace kai::audit {

inline constexpr std::string_view k_settings_kind = "AuditConfig";

struct Settings {
  Thresholds thresholds;
};

// Errors: invalid_input with file, line and column at the first problem: a rule or
// threshold that does not exist (with the nearest one that does), a value that is none.
// Its message names the others too.
Result<Settings> parse_settings(std::string_view text, std::string_view file);

}  // namespace kai::audit
