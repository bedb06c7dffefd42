#include "command.hpp"

#include <kai/audit/engine.hpp>
#include <kai/audit/rules.hpp>
#include <kai/audit/source/files.hpp>
#include <kai/audit/source/live.hpp>
#include <kai/audit/tables.hpp>
#include <kai/model/names.hpp>
#include <kai/model/yaml.hpp>
#include <kai/output/report_table.hpp>

#include <algorithm>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "report_output.hpp"

namespace kai::audit_command {
namespace {

using audit::Report;
using audit::Rule;
using audit::Severity;
using cli::ExitCode;

// What fails the run, from everything to nothing.
enum class FailOn { info, warning, error, never };

struct Options {
  std::vector<std::string> filenames;
  bool cluster_dump = false;
  std::vector<std::string> select;
  std::vector<std::string> skip;
  std::string target_version;
  FailOn fail_on = FailOn::warning;
  bool allow_partial = false;
  Format output = Format::table;
};

Error unknown_rule(const std::string& id) {
  std::vector<std::string> known;
  for (const Rule* const rule : audit::all_rules()) known.emplace_back(rule->id);
  Error error(ErrorCode::usage, "there is no rule \"" + id + "\"");
  const auto nearest = model::nearest_name(id, known);
  error.hint = nearest ? "did you mean " + *nearest + "?" : "kubectl ai audit rules lists them";
  return error;
}

// Ids may be given several times, and several at once with commas.
Result<std::vector<const Rule*>> find_rules(const std::vector<std::string>& words) {
  std::vector<const Rule*> rules;
  for (std::string_view rest : words) {
    while (!rest.empty()) {
      const std::size_t comma = std::min(rest.find(','), rest.size());
      const std::string_view id = rest.substr(0, comma);
      rest.remove_prefix(std::min(comma + 1, rest.size()));
      if (id.empty()) continue;
      const Rule* const rule = audit::find_rule(id);
      if (rule == nullptr) return fail(unknown_rule(std::string(id)));
      rules.push_back(rule);
    }
  }
  return rules;
}

Result<std::vector<const Rule*>> chosen_rules(const Options& options) {
  KAI_TRY_ASSIGN(std::vector<const Rule*> rules, find_rules(options.select));
  KAI_TRY_ASSIGN(const std::vector<const Rule*> skipped, find_rules(options.skip));
  if (rules.empty()) rules.assign(audit::all_rules().begin(), audit::all_rules().end());
  std::sort(rules.begin(), rules.end(), [](const Rule* a, const Rule* b) { return a->id < b->id; });
  rules.erase(std::unique(rules.begin(), rules.end()), rules.end());
  std::erase_if(rules, [&](const Rule* rule) {
    return std::find(skipped.begin(), skipped.end(), rule) != skipped.end();
  });
  if (rules.empty()) return fail(ErrorCode::usage, "--skip leaves no rule to check");
  return rules;
}

Result<audit::KubeVersion> target_version(const Options& options) {
  if (options.target_version.empty()) return audit::KubeVersion();
  const auto version = audit::KubeVersion::parse(options.target_version);
  if (!version.known()) {
    return fail(ErrorCode::usage,
                "--target-version must be a Kubernetes version such as 1.37; not " +
                    options.target_version);
  }
  const auto newest = audit::ApiTable::get().newest();
  if (version > newest) {
    return fail(Error(ErrorCode::usage, "--target-version " + options.target_version +
                                            " is newer than what this program knows")
                    .with_hint("the newest version it can judge for is " + newest.to_string()));
  }
  return version;
}

Result<Report> audit_files(cli::Session& session, const Options& options,
                           std::span<const Rule* const> rules, audit::KubeVersion target) {
  audit::FilesOptions files;
  files.paths = options.filenames;
  files.target = target;
  const std::string& ns = session.flags().connection.ns;
  if (options.cluster_dump) {
    files.view = audit::Facts::View::cluster;
    files.only_ns = session.flags().all_namespaces ? std::string() : ns;
  } else {
    files.default_ns = ns;
  }
  KAI_TRY_ASSIGN(const audit::FileSource source,
                 audit::FileSource::read(files, session.context().in));
  for (const Location& location : source.passed_over()) {
    session.note(location.to_string() + ": passed over: no Kubernetes object");
  }
  Report report = audit::run_rules(source.evidence().facts, rules, source.evidence().gaps);
  source.locate(report);
  return report;
}

Result<Report> audit_cluster(cli::Session& session, std::span<const Rule* const> rules,
                             audit::KubeVersion target) {
  KAI_TRY_ASSIGN(kube::Client* const client, session.client());
  audit::LiveOptions live;
  if (!session.flags().all_namespaces) live.ns = session.flags().connection.ns;
  live.target = target;
  // One changing line is for people who watch; a log does not need a line per kind.
  if (session.context().err_terminal.is_terminal) {
    live.progress = [&session](std::string_view line) { session.progress(line); };
  }
  KAI_TRY_ASSIGN(const audit::Evidence evidence,
                 audit::read_cluster(*client, session.context(), rules, live));
  return audit::run_rules(evidence.facts, rules, evidence.gaps);
}

output::ReportOptions report_options(cli::Session& session, cli::Output format) {
  const auto detail = format == cli::Output::wide ? output::Detail::wide : output::Detail::brief;
  return {session.palette(), session.context().out_terminal.width, detail};
}

// A JUnit file fails where the command would.
output::JunitOptions junit_options(const Options& options) {
  output::JunitOptions junit;
  junit.allow_partial = options.allow_partial;
  switch (options.fail_on) {
    case FailOn::info: junit.fail_on = Severity::info; break;
    case FailOn::warning: junit.fail_on = Severity::warning; break;
    case FailOn::error: junit.fail_on = Severity::error; break;
    case FailOn::never: junit.fail_on = std::nullopt; break;
  }
  return junit;
}

// What could not be seen outweighs what was found: a number of findings from half a
// cluster is no answer to whether all is well.
ExitCode exit_code(const Report& report, const Options& options) {
  if (!report.coverage.complete() && !options.allow_partial) return ExitCode::incomplete;
  const bool failing = std::any_of(report.findings.begin(), report.findings.end(),
                                   [&](const audit::Finding& finding) {
                                     switch (options.fail_on) {
                                       case FailOn::info: return true;
                                       case FailOn::warning:
                                         return finding.rule->severity != Severity::info;
                                       case FailOn::error:
                                         return finding.rule->severity == Severity::error;
                                       case FailOn::never: return false;
                                     }
                                     return false;
                                   });
  return failing ? ExitCode::findings : ExitCode::ok;
}

Result<ExitCode> run_audit(cli::Session& session, const Options& options) {
  KAI_TRY_ASSIGN(const auto rules, chosen_rules(options));
  KAI_TRY_ASSIGN(const auto target, target_version(options));
  if (options.cluster_dump && options.filenames.empty()) {
    return fail(Error(ErrorCode::usage, "--cluster-dump needs files")
                    .with_hint("give the dump with -f FILE, or leave the flag out to audit the "
                               "cluster itself"));
  }
  KAI_TRY_ASSIGN(const Report report, options.filenames.empty()
                                          ? audit_cluster(session, rules, target)
                                          : audit_files(session, options, rules, target));
  print_report(session, report, options.output, junit_options(options));
  return exit_code(report, options);
}

Result<ExitCode> explain(cli::Session& session, const std::string& id) {
  const Rule* const rule = audit::find_rule(id);
  if (rule == nullptr) return fail(unknown_rule(id));
  session.context().out << output::render_rule(*rule, report_options(session, cli::Output::table));
  return ExitCode::ok;
}

model::Json rules_to_json() {
  model::Json items = model::Json::array();
  for (const Rule* const rule : audit::all_rules()) {
    items.push_back({{"id", rule->id},
                     {"severity", audit::to_string(rule->severity)},
                     {"category", audit::to_string(rule->category)},
                     {"title", rule->title},
                     {"why", rule->why},
                     {"fix", rule->fix},
                     {"reference", rule->reference}});
  }
  return {{"apiVersion", "kubectl-ai/v1alpha1"}, {"kind", "AuditRuleList"}, {"items", items}};
}

Result<ExitCode> list_rules(cli::Session& session, cli::Output format) {
  std::ostream& out = session.context().out;
  switch (format) {
    case cli::Output::json: out << rules_to_json().dump(2) << "\n"; break;
    case cli::Output::yaml: out << model::to_yaml(rules_to_json()); break;
    case cli::Output::name:
      for (const Rule* const rule : audit::all_rules()) out << rule->id << "\n";
      break;
    default:
      out << output::render_rules(audit::all_rules(), report_options(session, format));
      break;
  }
  return ExitCode::ok;
}

void define(cli::Commands& commands) {
  CLI::App& root = commands.root();
  auto options = std::make_shared<Options>();
  commands.set_default([options](cli::Session& session) { return run_audit(session, *options); });
  commands.describe(
      root,
      "Reviews a live cluster, or the manifests given with -f, and changes nothing. A live audit "
      "looks at all namespaces unless -n names one.\n\n"
      "Exit codes: 0 nothing found, 1 findings at or above --fail-on, 4 something could not be "
      "read (see NOT CHECKED in the report).",
      {{"Review the cluster", "kubectl ai audit"},
       {"Review manifests before they are applied", "kubectl ai audit -f manifests/"},
       {"Review for an upgrade", "kubectl ai audit --target-version 1.37 --select api-removed"},
       {"Review a dump of a cluster", "kubectl ai audit --cluster-dump -f dump.yaml"},
       {"A page to look at", "kubectl ai audit -o html > audit.html"},
       {"For code scanning in CI", "kubectl ai audit -f manifests/ -o sarif > audit.sarif"},
       {"What a rule means", "kubectl ai audit explain gpu-withdrawn"}});
  cli::add_filename_flag(root, options->filenames);
  root.add_flag("--cluster-dump", options->cluster_dump,
                "The files are all that a cluster holds, with status: check them as the cluster");
  root.add_option("--select", options->select, "Check only these rules")->type_name("RULE,…");
  root.add_option("--skip", options->skip, "Leave these rules out")->type_name("RULE,…");
  root.add_option("--target-version", options->target_version,
                  "Judge API versions for this Kubernetes version (default: the server's; for "
                  "files the newest known)")
      ->type_name("VERSION");
  cli::add_choice_flag<FailOn>(root, "--fail-on", options->fail_on,
                               {{"error", FailOn::error},
                                {"warning", FailOn::warning},
                                {"info", FailOn::info},
                                {"never", FailOn::never}},
                               "Exit 1 from this severity on (default warning)");
  root.add_flag("--allow-partial", options->allow_partial,
                "Do not exit 4 because something could not be read");
  add_format_flag(root, options->output);

  auto rule = std::make_shared<std::string>();
  CLI::App& explain_command =
      commands.add("explain", "Say why a rule matters and how to fix what it finds",
                   [rule](cli::Session& session) { return explain(session, *rule); });
  explain_command.add_option("rule", *rule, "The rule's id")->required()->type_name("RULE");

  auto format = std::make_shared<cli::Output>(cli::Output::table);
  CLI::App& rules_command =
      commands.add("rules", "List the rules",
                   [format](cli::Session& session) { return list_rules(session, *format); });
  cli::add_output_flag(rules_command, *format);
}

}  // namespace

const cli::Plugin& plugin() {
  static const cli::Plugin k_plugin = {
      "kubectl-ai-audit", "Review a GPU cluster, or manifests for one; changes nothing", &define};
  return k_plugin;
}

}  // namespace kai::audit_command
