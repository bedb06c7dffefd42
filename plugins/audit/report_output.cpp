#include "report_output.hpp"

#include <kai/cli/flags.hpp>
#include <kai/output/document.hpp>
#include <kai/output/report_csv.hpp>
#include <kai/output/report_html.hpp>
#include <kai/output/report_json.hpp>
#include <kai/output/report_markdown.hpp>
#include <kai/output/report_prometheus.hpp>
#include <kai/output/report_sarif.hpp>
#include <kai/output/report_table.hpp>

#include <ostream>
#include <string>

namespace kai::audit_command {
namespace {

std::string render(cli::Session& session, const audit::Report& report, Format format,
                   const output::JunitOptions& junit) {
  using output::DocumentFormat;
  switch (format) {
    case Format::yaml:
      return output::render_object(DocumentFormat::yaml, output::report_to_json(report));
    case Format::sarif: return output::render_sarif(report, cli::version());
    case Format::junit: return output::render_junit(report, junit);
    case Format::markdown: return output::render_markdown(report);
    case Format::csv: return output::render_csv(report);
    case Format::html: return output::render_html(report);
    case Format::prometheus: return output::render_prometheus(report);
    case Format::json:
    case Format::table:
    case Format::wide: break;
  }
  const auto detail = format == Format::wide ? output::Detail::wide : output::Detail::brief;
  return output::render_report(report,
                               {session.palette(), session.context().out_terminal.width, detail});
}

}  // namespace

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
  std::ostream& out = session.context().out;
  if (format == Format::json) return output::write_report_json(report, out);
  out << render(session, report, format, junit);
}

}  // namespace kai::audit_command
