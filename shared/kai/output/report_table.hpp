// An audit's report, and its rules, for people.
#pragma once

#include <kai/audit/report.hpp>
#include <kai/audit/rule.hpp>
#include <kai/output/style.hpp>

#include <iosfwd>
#include <span>
#include <string>
#include <string_view>

namespace kai::output {

enum class Detail { brief, wide };

struct ReportOptions {
  Palette palette;
  int width = 0;  // of the terminal; 0: long lines are not broken
  Detail detail = Detail::brief;
};

// Findings grouped by rule, worst first, then what was counted and what was not checked.
// brief shows the first findings of a rule; wide shows all, with path, patch and fix.
void write_report_table(const audit::Report& report, const ReportOptions& options,
                        std::ostream& out);

// One rule with why and how: `audit explain`.
std::string render_rule(const audit::Rule& rule, const ReportOptions& options);
// A table of rules: `audit rules`.
std::string render_rules(std::span<const audit::Rule* const> rules, const ReportOptions& options);

}  // namespace kai::output
