// What -o means for an audit: the formats of its report.
#pragma once

#include <kai/audit/report.hpp>
#include <kai/cli/run.hpp>
#include <kai/output/report_junit.hpp>

namespace kai::audit_command {

enum class Format { table, wide, json, yaml, sarif, junit, markdown, csv, html, prometheus };

void add_format_flag(CLI::App& command, Format& format);

// Writes the report to the session's output.
void print_report(cli::Session& session, const audit::Report& report, Format format,
                  const output::JunitOptions& junit);

}  // namespace kai::audit_command
