#include "install_command.hpp"

#include <kai/apply/ownership.hpp>
#include <kai/apply/parallel.hpp>
#include <kai/cli/plan_steps.hpp>
#include <kai/model/yaml.hpp>

#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "choose.hpp"
#include "install.hpp"

namespace kai::audit_command {
namespace {

using cli::ExitCode;
using cli::Output;

struct InstallOptions {
  std::string image;
  std::string schedule = "0 6 * * *";
  bool once = false;
  std::vector<std::string> select;
  std::vector<std::string> skip;
  std::vector<std::string> arguments;
  bool print = false;
  cli::WriteOptions write;
  Output output = Output::table;
};

Result<ExitCode> write(cli::Session& session, std::vector<apply::Step> steps,
                       const InstallOptions& options) {
  cli::PlanTold told;
  told.kind = "AuditInstallation";
  told.text = [](const apply::ChangeSet& set, const output::Palette& palette, int width) {
    const std::string text = output::changes_text(set, palette, width);
    return set.pending() ? text + "\n" : text;
  };
  told.json = [](const apply::ChangeSet& set) {
    return model::Json{{"changes", output::changes_json(set)},
                       {"pending", set.pending()},
                       {"summary", output::changes_summary_json(set)}};
  };
  return cli::plan_and_write(session, std::move(steps), told, options.write, options.output);
}

void add_words(const char* flag, const std::vector<std::string>& words,
               std::vector<std::string>& arguments) {
  for (const std::string& word : words) {
    arguments.emplace_back(flag);
    arguments.push_back(word);
  }
}

// Its rights follow from the rules, so the rules have to be known here.
Result<> refuse_rules_among(const std::vector<std::string>& arguments) {
  for (const std::string& word : arguments) {
    for (const std::string_view flag : {"--select", "--skip"}) {
      if (word != flag && !word.starts_with(std::string(flag) + "=")) continue;
      return fail(Error(ErrorCode::usage, std::string(flag) + " has to stand before the --")
                      .with_hint("the rules that are chosen there decide what the account may "
                                 "list, too"));
    }
  }
  return {};
}

Result<InstallSpec> spec_of(cli::Session& session, const InstallOptions& options) {
  InstallSpec spec;
  auto ns = session.ns();
  if (!ns && options.print) {
    return fail(std::move(ns).error().with_hint("without a cluster, name the namespace with -n"));
  }
  if (!ns) return fail(std::move(ns).error());
  spec.ns = *std::move(ns);
  if (spec.ns.empty()) {
    return fail(ErrorCode::usage, "an audit runs in one namespace: leave out -A, and give -n");
  }
  if (options.image.empty()) return fail(ErrorCode::usage, "--image needs an image's name");
  if (!options.once && options.schedule.empty()) {
    return fail(ErrorCode::usage, "--schedule needs a time, such as \"0 6 * * *\"");
  }
  KAI_TRY(refuse_rules_among(options.arguments));
  spec.image = options.image;
  if (!options.once) spec.schedule = options.schedule;
  add_words("--select", options.select, spec.arguments);
  add_words("--skip", options.skip, spec.arguments);
  std::vector<std::string> own = options.arguments;
  if (own.empty()) own = {"-o", "json"};
  spec.arguments.insert(spec.arguments.end(), own.begin(), own.end());
  return spec;
}

// What is there under a name of ours and was not made by us stays as it is: uninstall could
// not tell it from our own.
Result<> refuse_foreign(const model::Resource& object, kube::Force force) {
  if (force == kube::Force::yes) return {};
  const auto ownership = apply::ownership_of(object);
  if (ownership != apply::Ownership::none && ownership != apply::Ownership::fields) return {};
  return fail(
      Error(ErrorCode::conflict, object.ref().to_string() + " exists, and was not made by install")
          .with_hint("delete it, or take it over with --force-conflicts: uninstall "
                     "deletes it then"));
}

Result<std::vector<apply::Step>> steps_of(cli::Session& session,
                                          std::vector<model::Resource> objects, kube::Force force) {
  KAI_TRY_ASSIGN(kube::Client* const client, session.client());
  std::vector<Result<std::optional<model::Resource>>> live(objects.size());
  apply::parallel(objects.size(), [&](std::size_t i) {
    const model::ObjectRef ref = objects[i].ref();
    const auto type = client->resource_type(ref.api_version, ref.kind);
    live[i] = type ? client->get_if_exists(*type, ref.ns, ref.name) : fail(type.error());
  });
  std::vector<apply::Step> steps;
  for (std::size_t i = 0; i < objects.size(); ++i) {
    if (!live[i]) return fail(std::move(live[i]).error());
    if (*live[i]) KAI_TRY(refuse_foreign(**live[i], force));
    steps.push_back({apply::ApplyConfig{std::move(objects[i]), *std::move(live[i])}, {}});
  }
  return steps;
}

// A Job is never changed, and tells that at the length of all its fields.
Error explained(Error error, const InstallSpec& spec) {
  if (error.code != ErrorCode::invalid_object || !spec.schedule.empty() ||
      error.message.find("field is immutable") == std::string::npos) {
    return error;
  }
  const std::string name = install_name(spec);
  return Error(ErrorCode::conflict, "Job " + spec.ns + "/" + name +
                                        " exists with other arguments, and a Job cannot be changed")
      .with_hint("delete it first: kubectl delete job -n " + spec.ns + " " + name);
}

Result<ExitCode> install(cli::Session& session, InstallOptions options) {
  KAI_TRY_ASSIGN(const auto rules, choose_rules(options.select, options.skip));
  KAI_TRY_ASSIGN(const InstallSpec spec, spec_of(session, options));
  std::vector<model::Resource> objects = install_objects(spec, rules);
  if (options.print) {
    std::string text;
    for (const model::Resource& object : objects) {
      text += (text.empty() ? "" : "---\n") + model::to_yaml(object.json());
    }
    session.context().out << text << std::flush;
    return ExitCode::ok;
  }
  const auto force = options.write.force_conflicts ? kube::Force::yes : kube::Force::no;
  KAI_TRY_ASSIGN(auto steps, steps_of(session, std::move(objects), force));
  options.write.question = "Install this in the namespace " + spec.ns + "?";
  options.write.nothing_to_do = "Nothing to do: it is installed like this, 0 writes";
  if (options.once) {
    options.write.nothing_to_do =
        "Nothing to do: the Job exists (to run it again, delete it: kubectl delete job -n " +
        spec.ns + " " + install_name(spec) + "), 0 writes";
  }
  options.write.way_back = ", or uninstall to take them back";
  auto written = write(session, std::move(steps), options);
  if (!written) return fail(explained(std::move(written).error(), spec));
  return written;
}

Result<ExitCode> uninstall(cli::Session& session, InstallOptions options) {
  KAI_TRY_ASSIGN(const std::string ns, session.ns());
  KAI_TRY_ASSIGN(kube::Client* const client, session.client());
  cli::say_busy(session, "looking for what install has made");
  KAI_TRY_ASSIGN(const auto objects,
                 apply::find_owned(*client, installed_kinds(ns), k_install_component));
  std::vector<apply::Step> steps;
  for (const model::Resource& object : objects) {
    if (!is_installed_for(object.ref(), ns)) continue;
    const auto others = apply::other_managers(object);
    if (!others.empty() && !options.write.force_conflicts) {
      session.note(object.ref().to_string() + " stays: \"" + others.front() +
                   "\" applies it as well; --force-conflicts deletes it");
      continue;
    }
    steps.push_back({apply::Remove{object.ref(), std::string(object.uid())}, {}});
  }
  options.write.question = "Delete this?";
  options.write.nothing_to_do = std::string("Nothing to do: install has made nothing ") +
                                (ns.empty() ? "here" : "in " + ns) + ", 0 writes";
  options.write.way_back = ", or uninstall again to go on";
  return write(session, std::move(steps), options);
}

void add_write_flags(CLI::App& command, InstallOptions& options) {
  cli::add_yes_flag(command, options.write.yes);
  cli::add_dry_run_flag(command, options.write.dry_run);
  cli::add_output_flag(command, options.output, {Output::table, Output::json, Output::yaml});
}

}  // namespace

void define_install(cli::Commands& commands) {
  auto options = std::make_shared<InstallOptions>();
  CLI::App& command =
      commands.add("install", "Let the cluster audit itself, on a schedule or once",
                   [options](cli::Session& session) { return install(session, *options); });
  commands.describe(
      command,
      "Creates a CronJob (or, with --once, a Job) in the namespace that -n names, and an account "
      "for it that may list exactly the kinds that the chosen rules look at: no Secrets, nothing "
      "else, never a write; a NetworkPolicy lets nobody connect to it. The image is yours and "
      "holds kubectl-ai-audit on its PATH, and "
      "libcurl. What stands after -- are the audit's own arguments; without them it prints JSON. "
      "A Job whose audit finds something has failed, and is not tried again: --fail-on and "
      "--allow-partial say what that means. Finished Jobs go after a week.\n\n"
      "Kubernetes lets nobody give others more than he has: whoever installs this has to be "
      "allowed to list those kinds himself.",
      {{"Every morning",
        "kubectl ai audit install -n audit --image registry.example.org/kubectl-ai:1"},
       {"Once, as Prometheus metrics",
        "kubectl ai audit install --once --image IMAGE -- -o prometheus --fail-on never"},
       {"For a GitOps repository", "kubectl ai audit install --image IMAGE --print > audit.yaml"},
       {"See what was found",
        "kubectl logs -n audit -l app.kubernetes.io/part-of=kubectl-ai-audit --tail=-1"}});
  command.add_option("--image", options->image, "Image that holds kubectl-ai-audit")
      ->required()
      ->type_name("IMAGE");
  CLI::Option* const schedule =
      command
          .add_option("--schedule", options->schedule,
                      "When, as CronJobs have it (" + options->schedule + ")")
          ->type_name("CRON");
  command.add_flag("--once", options->once, "Run now, and only once")->excludes(schedule);
  command
      .add_option("--select", options->select, "Check only these: rules, categories, severities")
      ->type_name("RULE,…");
  command.add_option("--skip", options->skip, "Leave these out: rules, categories, severities")
      ->type_name("RULE,…");
  command.add_flag("--print", options->print, "Print the manifests, and ask no server");
  command.add_flag("--force-conflicts", options->write.force_conflicts,
                   "Take over what others have made or set");
  add_write_flags(command, *options);
  commands.take_rest(command, options->arguments);

  auto away = std::make_shared<InstallOptions>();
  CLI::App& remove =
      commands.add("uninstall", "Take away what install has made",
                   [away](cli::Session& session) { return uninstall(session, *away); });
  commands.describe(
      remove,
      "Deletes the CronJob and the Job, their accounts and roles; of the namespace that "
      "-n names, or with -A of all. What was applied from --print is not ours to "
      "delete.",
      {{"Of one namespace", "kubectl ai audit uninstall -n audit"}});
  remove.add_flag("--force-conflicts", away->write.force_conflicts,
                  "Delete objects of ours that others apply as well");
  add_write_flags(remove, *away);
}

}  // namespace kai::audit_command
