#include "diff_command.hpp"

#include <kai/audit/baseline.hpp>
#include <kai/cli/text_file.hpp>
#include <kai/output/document.hpp>
#include <kai/output/report_aside.hpp>

#include <memory>
#include <ostream>
#include <string>

namespace kai::audit_command {
namespace {

using cli::ExitCode;

struct Options {
  std::string first;
  std::string second;
  cli::Output output = cli::Output::table;
};

Result<ExitCode> diff(cli::Session& session, const Options& options) {
  if (options.first == "-" && options.second == "-") {
    return fail(ErrorCode::usage, "only one of the reports can be -, standard input");
  }
  const auto read = [&](const std::string& path) -> Result<audit::EarlierFindings> {
    KAI_TRY_ASSIGN(const std::string text, cli::read_text(path, session.context().in));
    return audit::parse_earlier_findings(text, path == "-" ? "<stdin>" : path);
  };
  KAI_TRY_ASSIGN(const auto first, read(options.first));
  KAI_TRY_ASSIGN(const auto second, read(options.second));
  const audit::ReportDiff diff = audit::diff_findings(first, second);
  std::ostream& out = session.context().out;
  switch (options.output) {
    case cli::Output::json:
      out << output::render_object(output::DocumentFormat::json, output::diff_to_json(diff));
      break;
    case cli::Output::yaml:
      out << output::render_object(output::DocumentFormat::yaml, output::diff_to_json(diff));
      break;
    default: {
      const auto detail =
          options.output == cli::Output::wide ? output::Detail::wide : output::Detail::brief;
      out << output::render_diff(diff,
                                 {session.palette(), session.context().out_terminal.width, detail});
    }
  }
  return diff.fresh.empty() ? ExitCode::ok : ExitCode::findings;
}

}  // namespace

void define_diff(cli::Commands& commands) {
  auto options = std::make_shared<Options>();
  CLI::App& command =
      commands.add("diff", "Compare two reports: what is new, what is gone",
                   [options](cli::Session& session) { return diff(session, *options); });
  commands.describe(command,
                    "Reads reports in JSON or YAML (kubectl ai audit -o json), or baselines. "
                    "Findings are the same when rule, object and subject are, wherever their "
                    "lines stand and however often pods were made anew.\n\n"
                    "Exit codes: 0 nothing new, 1 something new.",
                    {{"Before and after a change", "kubectl ai audit diff before.json after.json"},
                     {"Since last week",
                      "kubectl ai audit -o json | kubectl ai audit diff "
                      "last-week.json -"}});
  commands.offer(command.add_option("first", options->first, "The earlier report, or -")
                     ->required()
                     ->type_name("A"),
                 cli::Offer::files);
  commands.offer(command.add_option("second", options->second, "The later report, or -")
                     ->required()
                     ->type_name("B"),
                 cli::Offer::files);
  cli::add_output_flag(
      command, options->output,
      {cli::Output::table, cli::Output::wide, cli::Output::json, cli::Output::yaml});
}

}  // namespace kai::audit_command
