#include "report_output.hpp"

#include <kai/cli/flags.hpp>
#include <kai/output/report_csv.hpp>
#include <kai/output/report_html.hpp>
#include <kai/output/report_json.hpp>
#include <kai/output/report_markdown.hpp>
#include <kai/output/report_prometheus.hpp>
#include <kai/output/report_sarif.hpp>
#include <kai/output/report_table.hpp>

#include <ostream>

namespace kai::audit_command {
void add_format_flag(CLI::App& command, Format& format) {
  cli::add_choice_flag<Format>(command, "-o,--output", format,
                               {{"table", Format::table},
                                {"wide", Format::wide},
                                {"json", Format::json},
                                {"yaml", Format::yaml},
                                {"sarif", Format::sarif},
                                {"junit", Format::junit},
                                {"markdown", Format::markdown},
                                {"csv", Format::csv},
                                {"html", Format::html},
                                {"prometheus", Format::prometheus}},
                               "Output format");
}

void print_report(cli::Session& session, const audit::Report& report, Format format,
                  const output::JunitOptions& junit) {
  using output::DocumentFormat;
  std::ostream& out = session.context().out;
  switch (format) {
    case Format::json: return output::write_report(report, DocumentFormat::json, out);
    case Format::yaml: return output::write_report(report, DocumentFormat::yaml, out);
    case Format::csv: return output::write_csv(report, out);
    case Format::html: return output::write_html(report, out);
    case Format::sarif: return output::write_sarif(report, cli::version(), out);
    case Format::junit: out << output::render_junit(report, junit); return;
    case Format::markdown: out << output::render_markdown(report); return;
    case Format::prometheus: out << output::render_prometheus(report); return;
    case Format::table:
    case Format::wide: break;
  }
  const auto detail = format == Format::wide ? output::Detail::wide : output::Detail::brief;
  output::write_report_table(
      report, {session.palette(), session.context().out_terminal.width, detail}, out);
}

}  // namespace kai::audit_command
