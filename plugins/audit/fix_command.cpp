#include "fix_command.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>

#include "choose.hpp"
#include "fix.hpp"

namespace kai::audit_command {
namespace {

using cli::ExitCode;

Result<ExitCode> fix(cli::Session& session, FixOptions options) {
  KAI_TRY_ASSIGN(const auto rules, choose_rules(options.select, options.skip));
  KAI_TRY_ASSIGN(options.thresholds, read_thresholds(session, options.config));
  KAI_TRY_ASSIGN(const SetAside aside, SetAside::read(session, options.set_aside));
  return options.filenames.empty() ? fix_cluster(session, options, rules, aside)
                                   : fix_files(session, options, rules, aside);
}

}  // namespace

audit::IsNamed named_in(const std::vector<std::string>& select) {
  return [select](std::string_view rule) {
    return std::any_of(select.begin(), select.end(), [rule](std::string_view words) {
      while (!words.empty()) {
        const std::size_t comma = std::min(words.find(','), words.size());
        if (words.substr(0, comma) == rule) return true;
        words.remove_prefix(std::min(comma + 1, words.size()));
      }
      return false;
    });
  };
}

ExitCode fix_exit_code(cli::Session& session, ExitCode code, const audit::Report& report,
                       const std::vector<audit::LeftOut>& left, const FixOptions& options) {
  constexpr std::size_t k_told = 3;
  const auto& gaps = report.coverage.not_checked;
  for (std::size_t i = 0; i < gaps.size() && i < k_told; ++i) {
    const std::string where =
        gaps[i].location ? gaps[i].location->to_string() + ": " : gaps[i].kind + ": ";
    session.warn("not checked: " + where + gaps[i].reason);
  }
  if (gaps.size() > k_told) {
    session.warn("not checked: " + std::to_string(gaps.size() - k_told) +
                 " more; kubectl ai audit lists them");
  }
  if (!report.coverage.complete() && !options.allow_partial) return ExitCode::incomplete;
  const bool impossible = std::any_of(left.begin(), left.end(),
                                      [](const audit::LeftOut& entry) { return !entry.undecided; });
  const bool only_looks =
      !options.write.only_plan && options.write.dry_run != cli::DryRunMode::none;
  return code == ExitCode::ok && impossible && !only_looks ? ExitCode::findings : code;
}

void define_fix(cli::Commands& commands) {
  auto options = std::make_shared<FixOptions>();
  CLI::App& command =
      commands.add("fix", "Apply the patches of what is found, to the cluster or to files",
                   [options](cli::Session& session) { return fix(session, *options); });
  commands.describe(
      command,
      "Shows for each object what the patches of its findings change, and asks before it writes. "
      "The server tries every patch first; one that it refuses is left out and told. What has "
      "changed meanwhile is not overwritten.\n\n"
      "Left out as well: patches that somebody has to decide about (rights taken away, a node "
      "uncordoned, whatever the server warns about), until --select names their rule; and objects "
      "that a controller, Helm, Argo CD, Flux or another field manager keeps as they are, which "
      "would undo the change, until --force-conflicts.\n\n"
      "With -f the files are rewritten in the lines concerned, and nowhere else; -f - is a filter. "
      "Excepted findings are not fixed.\n\n"
      "Exit codes: 0 done or nothing to do, 1 something was left out that was asked for, or, with "
      "--plan, would change; 4 something could not be read.",
      {{"What would change", "kubectl ai audit fix --plan"},
       {"One rule, without being asked", "kubectl ai audit fix --select quota-gpu-key-inert --yes"},
       {"Manifests, as a patch", "kubectl ai audit fix -f manifests/ --plan > fix.patch"},
       {"Manifests, in place", "kubectl ai audit fix -f manifests/"},
       {"As a filter", "helm template . | kubectl ai audit fix -f -"}});
  cli::add_filename_flag(command, options->filenames);
  command.add_option("--select", options->select, "Fix only these: rules, categories, severities")
      ->type_name("RULE,…");
  command.add_option("--skip", options->skip, "Leave these out: rules, categories, severities")
      ->type_name("RULE,…");
  add_config_flag(commands, command, options->config);
  add_known_findings_flags(commands, command, options->set_aside);
  command.add_flag("--plan", options->write.only_plan,
                   "Show what would change; exit 1 when something would");
  cli::add_dry_run_flag(command, options->write.dry_run);
  cli::add_yes_flag(command, options->write.yes);
  command.add_flag("--force-conflicts", options->write.force_conflicts,
                   "Change what others keep, too");
  command.add_flag("--allow-partial", options->allow_partial,
                   "Do not exit 4 because something could not be read");
  cli::add_output_flag(command, options->output,
                       {cli::Output::table, cli::Output::json, cli::Output::yaml});
}

}  // namespace kai::audit_command
