// kubectl ai policy apply, and plan, which is apply without the writing; and undo.
#include "commands.hpp"
#include "foreign.hpp"
#include "plan.hpp"
#include "pod_security.hpp"

#include <kai/cli/plan_steps.hpp>
#include <kai/cli/profile_file.hpp>

#include <iterator>
#include <memory>
#include <optional>
#include <set>
#include <utility>

namespace kai::policy {

namespace {

using cli::ExitCode;
using cli::Output;

struct ApplyOptions {
  PolicyFlags flags;
  std::vector<std::string> filenames;
  cli::WriteOptions write;
  Output output = Output::table;
};

template <class T>
void append(std::vector<T>& list, std::vector<T>&& more) {
  list.insert(list.end(), std::make_move_iterator(more.begin()),
              std::make_move_iterator(more.end()));
}

std::string names_of(const Request& request) {
  if (request.namespaces.size() == 1) return request.namespaces.front().ns;
  return std::to_string(request.namespaces.size()) + " namespaces";
}

// Why a plan is not carried out without --force; nullopt: it may be.
std::optional<Error> refusal(bool rejects, bool cuts) {
  if (!rejects && !cuts) return std::nullopt;
  std::string what;
  if (rejects) what = "pods that run now would be refused on their next restart";
  if (cuts) what += std::string(rejects ? ", and " : "") + "flows that are there would be cut";
  return Error(ErrorCode::conflict, what)
      .with_hint(
          "nothing was written" +
          std::string(rejects ? "; `kubectl ai policy fix` shows what to change in the pods" : "") +
          "; --force does it all the same");
}

// Policies of other APIs, which count as well and are not evaluated.
std::vector<std::string> foreign_notes(kube::Client& client, const Request& request) {
  std::set<std::string> namespaces;
  for (const Wanted& wanted : request.namespaces) {
    if (wanted.isolates()) namespaces.insert(wanted.ns);
  }
  ForeignPolicies foreign(std::move(namespaces));
  foreign.read(client);
  return foreign.notes();
}

Result<ExitCode> write(cli::Session& session, const Request& request, const ClusterState& state,
                       PolicyPlan plan, ApplyOptions& options) {
  KAI_TRY_ASSIGN(cli::TriedPlan tried,
                 cli::try_plan(session, std::move(plan.steps), options.write));
  Rejections rejections = take_rejections(tried.plan.set, request, state);
  if (!options.flags.force) options.write.refusal = refusal(rejections.running, plan.cuts);
  cli::PlanContext context;
  context.impacts = std::move(rejections.impacts);
  append(context.impacts, std::move(plan.impacts));
  context.notes = std::move(plan.notes);
  append(context.notes, std::move(rejections.notes));
  if (options.write.refusal && options.write.only_plan) {
    context.notes.push_back("apply refuses this without --force");
  }
  const cli::PlanTold told = cli::tell("PolicyPlan", std::move(context));
  return cli::write_tried(session, tried, told, options.write, options.output);
}

Result<ExitCode> run_apply(cli::Session& session, ApplyOptions options) {
  KAI_TRY_ASSIGN(const auto file, cli::read_profile(options.filenames, session.context().in));
  options.flags.ns = session.flags().connection.ns;
  KAI_TRY_ASSIGN(const Request request,
                 make_request(options.flags, file ? &file->profile : nullptr));
  KAI_TRY_ASSIGN(kube::Client* const client, session.client());
  cli::say_busy(session, "reading namespaces, policies, roles and pods");
  KAI_TRY_ASSIGN(const ClusterState state, read_state(*client, request));
  const auto force = options.write.force_conflicts ? kube::Force::yes : kube::Force::no;
  KAI_TRY_ASSIGN(PolicyPlan plan, make_plan(request, state, force));
  if (request.isolates()) append(plan.notes, foreign_notes(*client, request));
  const std::string names = names_of(request);
  options.write.question = "Set the policies of " + names + "?";
  options.write.nothing_to_do =
      "Nothing to do: the policies of " + names + " are as they should be, 0 writes";
  options.write.way_back = ", or undo to take them back";
  return write(session, request, state, std::move(plan), options);
}

Result<ExitCode> run_undo(cli::Session& session, ApplyOptions options) {
  KAI_TRY_ASSIGN(kube::Client* const client, session.client());
  const std::string& ns = session.flags().connection.ns;
  cli::say_busy(session, "looking for policies of ours");
  KAI_TRY_ASSIGN(const ClusterState state, read_owned(*client, ns));
  const auto force = options.write.force_conflicts ? kube::Force::yes : kube::Force::no;
  options.write.question = "Take this back?";
  options.write.nothing_to_do = "Nothing to do: nothing " +
                                (ns.empty() ? std::string("here") : "in " + ns) +
                                " was set by kubectl ai policy, 0 writes";
  options.write.way_back = ", or undo again to go on";
  options.flags.force = true;  // a level that is taken back turns nobody away
  return write(session, {}, state, make_undo(state, force), options);
}

void add_flags(CLI::App& command, ApplyOptions& options) {
  PolicyFlags& flags = options.flags;
  cli::add_profile_flag(command, options.filenames);
  command
      .add_option("--pod-security", flags.pod_security,
                  "Pod Security level to enforce, audit and warn: privileged, baseline, restricted")
      ->type_name("LEVEL");
  command
      .add_option("--pod-security-version", flags.pod_security_version,
                  "Its version: latest or v1.N")
      ->type_name("VERSION");
  cli::add_choice_flag(command, "--isolate", flags.isolate, {"both", "ingress"},
                       "Deny what is not allowed: in and out, or in alone");
  command.add_flag("--dns", flags.dns, "Let pods out to the cluster's DNS");
  command.add_flag("--api-server", flags.api_server, "Let pods out to the API server");
  command
      .add_option("--allow-from", flags.allow_from,
                  "Let in from a namespace or a block of addresses; may be repeated")
      ->type_name("NAMESPACE|CIDR[:PORT,…]")
      ->allow_extra_args(false);
  command
      .add_option("--allow-to", flags.allow_to,
                  "Let out to a namespace or a block of addresses; may be repeated")
      ->type_name("NAMESPACE|CIDR[:PORT,…]")
      ->allow_extra_args(false);
  command
      .add_option("--role", flags.roles,
                  "Give ai-researcher or ai-operator to a user, group or serviceaccount; may be "
                  "repeated")
      ->type_name("ROLE=KIND:NAME")
      ->allow_extra_args(false);
  command.add_flag("--force", flags.force,
                   "Set a level that pods which run now break, or cut flows that are there");
  command.add_flag("--force-conflicts", options.write.force_conflicts,
                   "Take over what other field managers have set");
  cli::add_output_flag(command, options.output, {Output::table, Output::json, Output::yaml});
}

}  // namespace

void add_apply(cli::Commands& commands) {
  const auto options = std::make_shared<ApplyOptions>();
  CLI::App& apply =
      commands.add("apply", "Set Pod Security, NetworkPolicies and roles of namespaces",
                   [options](cli::Session& session) { return run_apply(session, *options); });
  add_flags(apply, *options);
  cli::add_yes_flag(apply, options->write.yes);
  cli::add_dry_run_flag(apply, options->write.dry_run);
  commands.describe(
      apply,
      "Sets what the profile says of its namespaces, or the flags of the one that -n names: the "
      "Pod Security labels, NetworkPolicies, and the roles ai-researcher and ai-operator. Shows "
      "first whom that hits: running pods that the server would refuse when they are made again, "
      "and flows that would be cut; it stops there without --force. What others have set stays.",
      {{"As the platform's profile says", "kubectl ai policy apply -f lab.yaml"},
       {"One namespace", "kubectl ai policy apply -n team --pod-security restricted"},
       {"Closed, but for monitoring and DNS",
        "kubectl ai policy apply -n team --isolate both --dns --allow-from monitoring"},
       {"A role for a group",
        "kubectl ai policy apply -n team --role ai-researcher=group:researchers"}});

  const auto plan_options = std::make_shared<ApplyOptions>();
  plan_options->write.only_plan = true;
  CLI::App& plan = commands.add(
      "plan", "Show what apply would change; exit 1 when something would",
      [plan_options](cli::Session& session) { return run_apply(session, *plan_options); });
  add_flags(plan, *plan_options);
  commands.describe(
      plan, "Takes the flags of apply and writes nothing.",
      {{"Is the platform as its profile says?", "kubectl ai policy plan -f lab.yaml"}});
}

void add_undo(cli::Commands& commands) {
  const auto options = std::make_shared<ApplyOptions>();
  CLI::App& undo =
      commands.add("undo", "Take back exactly what apply has set",
                   [options](cli::Session& session) { return run_undo(session, *options); });
  cli::add_undo_flags(undo, options->write, options->output);
  commands.describe(undo,
                    "Takes the Pod Security labels off that apply has set and deletes the "
                    "NetworkPolicies, Roles and RoleBindings that it has made, in the namespace "
                    "that -n names or in all of them. Those of others stay, and so do namespaces.",
                    {{"Of one namespace", "kubectl ai policy undo -n team"}});
}

}  // namespace kai::policy
