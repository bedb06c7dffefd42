// Cron schedules, as far as rules ask: how far apart the runs are.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace kai::model {

// The longest time in seconds between two runs of a schedule in the syntax of Velero's
// and Kubernetes' parser (robfig/cron v3, ParseStandard): five fields with names, ranges
// and steps, "TZ=" or "CRON_TZ=" before them, "@daily" and its like, "@every 1h30m".
// A schedule for work days has its weekend in it. nullopt when the text is no schedule,
// or one that runs less than twice in nine years.
std::optional<std::int64_t> longest_interval(std::string_view schedule);

}  // namespace kai::model
