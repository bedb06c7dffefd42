#include "command.hpp"

#include <kai/audit/engine.hpp>
#include <kai/audit/rules.hpp>
#include <kai/audit/source/files.hpp>
#include <kai/audit/source/live.hpp>
#include <kai/audit/source/snapshot.hpp>
#include <kai/audit/tables.hpp>
#include <kai/cli/profile_file.hpp>
#include <kai/model/yaml.hpp>
#include <kai/output/report_table.hpp>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "choose.hpp"
#include "diff_command.hpp"
#include "fix_command.hpp"
#include "install_command.hpp"
#include "report_output.hpp"
#include "set_aside.hpp"
#include "snapshot_command.hpp"
#include "watch.hpp"

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
  std::string snapshot;
  bool cluster_dump = false;
  std::vector<std::string> select;
  std::vector<std::string> skip;
  std::string target_version;
  std::string config;
  std::string profile;
  FailOn fail_on = FailOn::warning;
  bool allow_partial = false;
  bool watch = false;
  SetAsideOptions set_aside;
  Format output = Format::table;
};

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

// What all sources are told alike.
struct Judging {
  std::vector<const Rule*> rules;
  audit::KubeVersion target;
  audit::Thresholds thresholds;
  std::shared_ptr<const model::Profile> profile;
  SetAside aside;
};

Result<std::shared_ptr<const model::Profile>> read_profile(cli::Session& session,
                                                           const Options& options) {
  if (options.profile.empty()) return nullptr;
  if (!options.filenames.empty() && !options.cluster_dump) {
    return fail(Error(ErrorCode::usage, "--profile compares with a cluster, not with manifests")
                    .with_hint("leave -f out, or say with --cluster-dump that the files are all "
                               "that a cluster holds"));
  }
  KAI_TRY_ASSIGN(auto file, cli::read_profile({options.profile}, session.context().in));
  return std::make_shared<const model::Profile>(std::move(file->profile));
}

Result<Report> audit_files(cli::Session& session, const Options& options, const Judging& judging) {
  audit::FilesOptions files;
  files.paths = options.filenames;
  files.target = judging.target;
  files.thresholds = judging.thresholds;
  files.profile = judging.profile;
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
  Report report = audit::run_rules(source.evidence().facts, judging.rules, source.evidence().gaps);
  source.locate(report);
  judging.aside.apply(report, source.evidence().facts, audit::now_of(session.context()));
  return report;
}

Result<Report> audit_cluster(cli::Session& session, const Judging& judging) {
  KAI_TRY_ASSIGN(kube::Client* const client, session.client());
  audit::LiveOptions live;
  if (!session.flags().all_namespaces) live.ns = session.flags().connection.ns;
  live.target = judging.target;
  live.thresholds = judging.thresholds;
  live.profile = judging.profile;
  // One changing line is for people who watch; a log does not need a line per kind.
  if (session.context().err_terminal.is_terminal) {
    live.progress = [&session](std::string_view line) { session.progress(line); };
  }
  KAI_TRY_ASSIGN(const audit::Evidence evidence,
                 audit::read_cluster(*client, session.context(), judging.rules, live));
  Report report = audit::run_rules(evidence.facts, judging.rules, evidence.gaps);
  judging.aside.apply(report, evidence.facts, evidence.facts.now);
  return report;
}

Result<Report> audit_snapshot(cli::Session& session, const Options& options,
                              const Judging& judging) {
  audit::SnapshotOptions snapshot;
  if (!session.flags().all_namespaces) snapshot.ns = session.flags().connection.ns;
  snapshot.target = judging.target;
  snapshot.thresholds = judging.thresholds;
  snapshot.profile = judging.profile;
  std::ifstream file;
  const bool from_stdin = options.snapshot == "-";
  if (!from_stdin) {
    file.open(options.snapshot, std::ios::binary);
    std::error_code code(errno, std::generic_category());
    if (file && std::filesystem::is_directory(options.snapshot)) {
      code = std::make_error_code(std::errc::is_a_directory);
      file.close();
    }
    if (!file.is_open()) {
      const bool missing = code == std::errc::no_such_file_or_directory;
      return fail(missing ? ErrorCode::not_found : ErrorCode::io,
                  options.snapshot + ": " + code.message());
    }
  }
  KAI_TRY_ASSIGN(
      const audit::Evidence evidence,
      audit::read_snapshot(from_stdin ? session.context().in : file,
                           from_stdin ? "<stdin>" : options.snapshot, judging.rules, snapshot));
  Report report = audit::run_rules(evidence.facts, judging.rules, evidence.gaps);
  judging.aside.apply(report, evidence.facts, evidence.facts.now);
  return report;
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
ExitCode exit_code(const Report& report, const Options& options, const SetAside& aside) {
  if (!report.coverage.complete() && !options.allow_partial) return ExitCode::incomplete;
  if (aside.accepts_all()) return ExitCode::ok;
  const audit::Summary& found = report.summary;
  const auto failing = [&] {
    switch (options.fail_on) {
      case FailOn::info: return found.error + found.warning + found.info > 0;
      case FailOn::warning: return found.error + found.warning > 0;
      case FailOn::error: return found.error > 0;
      case FailOn::never: return false;
    }
    return false;
  };
  return failing() ? ExitCode::findings : ExitCode::ok;
}

Result<ExitCode> run_audit(cli::Session& session, const Options& options) {
  Judging judging;
  KAI_TRY_ASSIGN(judging.rules,
                 choose_rules(options.select, options.skip,
                              options.profile.empty() ? WithProfile::no : WithProfile::yes));
  KAI_TRY_ASSIGN(judging.target, target_version(options));
  if (options.cluster_dump && options.filenames.empty()) {
    return fail(Error(ErrorCode::usage, "--cluster-dump needs files")
                    .with_hint("give the dump with -f FILE, or leave the flag out to audit the "
                               "cluster itself"));
  }
  if (!options.snapshot.empty() && !options.filenames.empty()) {
    return fail(ErrorCode::usage, "-f and --snapshot exclude each other");
  }
  if (options.watch && (!options.snapshot.empty() || !options.filenames.empty())) {
    return fail(ErrorCode::usage,
                "--watch follows a cluster, and " +
                    std::string(options.snapshot.empty() ? "files" : "a snapshot") +
                    " cannot be followed: leave out " +
                    (options.snapshot.empty() ? "-f" : "--snapshot") + ", or --watch");
  }
  KAI_TRY_ASSIGN(judging.profile, read_profile(session, options));
  KAI_TRY_ASSIGN(judging.thresholds, read_thresholds(session, options.config));
  KAI_TRY_ASSIGN(judging.aside, SetAside::read(session, options.set_aside));
  if (options.watch) {
    return watch(session, {judging.rules, judging.target, judging.thresholds, judging.profile,
                           judging.aside, options.output});
  }
  const auto read = [&] {
    if (!options.snapshot.empty()) return audit_snapshot(session, options, judging);
    if (!options.filenames.empty()) return audit_files(session, options, judging);
    return audit_cluster(session, judging);
  };
  KAI_TRY_ASSIGN(const Report report, read());
  print_report(session, report, options.output, junit_options(options));
  KAI_TRY(judging.aside.write(session, report));
  return exit_code(report, options, judging.aside);
}

Result<ExitCode> explain(cli::Session& session, const std::string& id) {
  KAI_TRY_ASSIGN(const Rule* const rule, rule_named(id));
  session.context().out << output::render_rule(*rule, report_options(session, cli::Output::table));
  return ExitCode::ok;
}

model::Json thresholds_to_json(const Rule& rule) {
  model::Json thresholds = model::Json::array();
  for (const audit::Threshold& threshold : rule.thresholds) {
    thresholds.push_back({{"name", threshold.name},
                          {"default", threshold.text(threshold.standard)},
                          {"meaning", threshold.meaning}});
  }
  return thresholds;
}

model::Json rules_to_json() {
  model::Json items = model::Json::array();
  for (const Rule* const rule : audit::all_rules()) {
    model::Json item = {{"id", rule->id},
                        {"severity", audit::to_string(rule->severity)},
                        {"category", audit::to_string(rule->category)},
                        {"title", rule->title},
                        {"why", rule->why},
                        {"fix", rule->fix},
                        {"reference", rule->reference}};
    if (!rule->thresholds.empty()) item.emplace("thresholds", thresholds_to_json(*rule));
    items.push_back(std::move(item));
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
      "A finding to live with becomes an exception: an entry in a file (--exceptions) with rule, "
      "scope (namespace, kind, name, fingerprint), reason and until; the annotation "
      "except.kubectl-ai/RULE=\"2027-03-31 the reason\" on its object; or the label "
      "except.kubectl-ai/RULE=2027-03-31_the-reason on a namespace. It ends after that day.\n\n"
      "With --watch it stays: + is a new finding, - one that went away, = the summary, and ! "
      "what can no longer be seen, or can again. -o json then is one object a line. Ctrl-C ends "
      "it with 130.\n\n"
      "Exit codes: 0 nothing found, 1 findings at or above --fail-on, 4 something could not be "
      "read (see NOT CHECKED in the report).",
      {{"Review the cluster", "kubectl ai audit"},
       {"Review manifests before they are applied", "kubectl ai audit -f manifests/"},
       {"Review for an upgrade", "kubectl ai audit --target-version 1.37 --select api-removed"},
       {"Review a dump of a cluster", "kubectl ai audit --cluster-dump -f dump.yaml"},
       {"A page to look at", "kubectl ai audit -o html > audit.html"},
       {"For code scanning in CI", "kubectl ai audit -f manifests/ -o sarif > audit.sarif"},
       {"Tell what changes from now on", "kubectl ai audit --watch"},
       {"Where the cluster has drifted from its profile",
        "kubectl ai audit --profile lab.yaml --select profile-drift"},
       {"Fail on what is new only", "kubectl ai audit --baseline known.yaml"},
       {"What a rule means", "kubectl ai audit explain gpu-withdrawn"}});
  cli::add_filename_flag(root, options->filenames);
  commands.offer(
      root.add_option("--snapshot", options->snapshot, "Review a snapshot instead of the cluster")
          ->type_name("FILE"),
      cli::Offer::files);
  root.add_flag("--cluster-dump", options->cluster_dump,
                "The files are all that a cluster holds, with status: check them as the cluster");
  root.add_option("--select", options->select, "Check only these: rules, categories, severities")
      ->type_name("RULE,…");
  root.add_option("--skip", options->skip, "Leave these out: rules, categories, severities")
      ->type_name("RULE,…");
  root.add_option("--target-version", options->target_version,
                  "Judge API versions for this Kubernetes version (default: the server's; for "
                  "files the newest known)")
      ->type_name("VERSION");
  add_config_flag(commands, root, options->config);
  commands.offer(root.add_option("--profile", options->profile,
                                 "Say where the cluster differs from this platform profile")
                     ->type_name("FILE"),
                 cli::Offer::files);
  cli::add_choice_flag<FailOn>(root, "--fail-on", options->fail_on,
                               {{"error", FailOn::error},
                                {"warning", FailOn::warning},
                                {"info", FailOn::info},
                                {"never", FailOn::never}},
                               "Exit 1 from this severity on (default warning)");
  root.add_flag("--allow-partial", options->allow_partial,
                "Do not exit 4 because something could not be read");
  root.add_flag("-w,--watch", options->watch,
                "Stay after the report, and tell what changes, until it is interrupted");
  add_set_aside_flags(commands, options->set_aside);
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

  define_diff(commands);
  define_fix(commands);
  define_snapshot(commands);
  define_install(commands);
}

}  // namespace

const cli::Plugin& plugin() {
  static const cli::Plugin k_plugin = {
      "kubectl-ai-audit", "Review a GPU cluster, or manifests for one, and fix what is found",
      &define};
  return k_plugin;
}

}  // namespace kai::audit_command
