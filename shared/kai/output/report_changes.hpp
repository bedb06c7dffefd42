// What changed in an audit that stays (`audit --watch`): one line each, for people, and as
// JSON lines of kind AuditChange.
#pragma once

#include <kai/audit/changes.hpp>
#include <kai/model/json.hpp>
#include <kai/output/style.hpp>

#include <string>
#include <string_view>

namespace kai::output {

struct ChangeOptions {
  Palette palette;
  int width = 0;  // of the terminal; 0: a line each
};

// `time` is as Kubernetes writes times; a terminal is shown the time of the day alone.
//   2026-05-04T10:11:12Z  + error    gpu-node-lost  Node gpu-a: …
std::string render_fresh(std::string_view time, const audit::KnownFinding& finding,
                         const ChangeOptions& options);
std::string render_gone(std::string_view time, const audit::KnownFinding& finding,
                        const ChangeOptions& options);
//   2026-05-04T10:11:12Z  = 2 errors, 1 warning, 0 info; grade C: errors of 2 rules
std::string render_standing(std::string_view time, const audit::Standing& standing,
                            std::string_view more, const ChangeOptions& options);
//   2026-05-04T10:11:12Z  ! the API server does not answer
enum class Coverage { less, more };
std::string render_coverage(std::string_view time, Coverage coverage, std::string_view text,
                            const ChangeOptions& options);

// The same as objects, with their time and what they are in `change`: new, gone, summary,
// coverage, end.
model::Json fresh_to_json(std::string_view time, const audit::KnownFinding& finding);
model::Json gone_to_json(std::string_view time, const audit::KnownFinding& finding);
model::Json standing_to_json(std::string_view time, const audit::Standing& standing,
                             std::string_view change);
model::Json coverage_to_json(std::string_view time, Coverage coverage, std::string_view text);

}  // namespace kai::output
