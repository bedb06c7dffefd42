// An audit's report as JUnit XML, for what CI systems show of tests. A pure function.
#pragma once

#include <kai/audit/report.hpp>

#include <optional>
#include <string>

namespace kai::output {

struct JunitOptions {
  // Findings of this severity or worse are failures, others are only told of: so the file
  // and the exit code agree. nullopt: none fails.
  std::optional<audit::Severity> fail_on = audit::Severity::warning;
  // What was not checked is an error, since a skipped test passes everywhere without
  // anyone looking. Where that was accepted, it is skipped.
  bool allow_partial = false;
};

// A suite for each category with a test for each rule, and a suite of what was not
// checked.
std::string render_junit(const audit::Report& report, const JunitOptions& options);

}  // namespace kai::output
