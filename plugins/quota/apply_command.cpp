// kubectl ai quota apply, and plan, which is apply without the writing; and undo.
#include "commands.hpp"
#include "plan.hpp"

#include <kai/cli/plan_steps.hpp>
#include <kai/cli/profile_file.hpp>
#include <kai/output/table.hpp>

#include <memory>
#include <utility>

namespace kai::quota {

namespace {

using cli::ExitCode;
using cli::Output;

struct ApplyOptions {
  QuotaFlags flags;
  std::vector<std::string> filenames;
  cli::WriteOptions write;
  Output output = Output::table;
};

constexpr std::size_t k_most_lines = 30;  // of what is in use

std::string use_text(const std::vector<UseLine>& use, const output::Palette& palette, int width) {
  output::Table table({{"  NAMESPACE"},
                       {"RESOURCE"},
                       {"USED", output::Align::right},
                       {"ALLOWED", output::Align::right}});
  for (std::size_t i = 0; i < use.size() && i < k_most_lines; ++i) {
    const UseLine& line = use[i];
    const bool over = line.used && *line.used > line.hard;
    table.add_row({"  " + line.ns, line.key + (line.priority.empty() ? "" : " of " + line.priority),
                   output::Cell(line.used ? line.used->to_string() : "?",
                                over ? output::Style::bad : output::Style::plain),
                   line.hard.to_string()});
  }
  if (table.empty()) return {};
  std::string text = table.render(palette, width);
  if (use.size() > k_most_lines) {
    text += "  … and " + std::to_string(use.size() - k_most_lines) + " more: -o json has all\n";
  }
  return text;
}

model::Json use_json(const std::vector<UseLine>& use) {
  model::Json list = model::Json::array();
  for (const UseLine& line : use) {
    model::Json json{
        {"namespace", line.ns}, {"resource", line.key}, {"hard", line.hard.to_string()}};
    if (!line.priority.empty()) json.emplace("priorityClass", line.priority);
    if (line.used) json.emplace("used", line.used->to_string());
    list.push_back(std::move(json));
  }
  return list;
}

cli::PlanTold told_of(cli::Session& session, QuotaPlan& plan) {
  cli::PlanContext context;
  context.title = "In use now";
  context.section = use_text(plan.use, session.palette(), session.context().out_terminal.width);
  context.document["use"] = use_json(plan.use);
  context.impacts = std::move(plan.impacts);
  context.notes = std::move(plan.notes);
  return cli::tell("QuotaPlan", std::move(context));
}

// The one namespace that is asked about, so that nothing else has to be read; else "".
std::string only_namespace(const Request& request) {
  return request.namespaces.size() == 1 ? request.namespaces.front().ns : "";
}

Result<ExitCode> run_apply(cli::Session& session, ApplyOptions options) {
  KAI_TRY_ASSIGN(const auto file, cli::read_profile(options.filenames, session.context().in));
  options.flags.ns = session.flags().connection.ns;
  KAI_TRY_ASSIGN(const Request request,
                 make_request(options.flags, file ? &file->profile : nullptr));
  KAI_TRY_ASSIGN(kube::Client* const client, session.client());
  cli::say_busy(session, "reading quotas, namespaces, pods and nodes");
  KAI_TRY_ASSIGN(const ClusterState state, read_cluster(*client, only_namespace(request)));
  const auto force = options.write.force_conflicts ? kube::Force::yes : kube::Force::no;
  KAI_TRY_ASSIGN(QuotaPlan plan, make_plan(request, state, force));
  const std::size_t count = request.namespaces.size();
  const std::string names = std::to_string(count) + (count == 1 ? " namespace" : " namespaces");
  options.write.question = "Set the quotas of " + names + "?";
  options.write.nothing_to_do = "Nothing to do: " + names + " set up already, 0 writes";
  options.write.way_back = ", or undo to take them back";
  const cli::PlanTold told = told_of(session, plan);
  return cli::plan_and_write(session, std::move(plan.steps), told, options.write, options.output);
}

Result<ExitCode> run_undo(cli::Session& session, ApplyOptions options) {
  KAI_TRY_ASSIGN(kube::Client* const client, session.client());
  const std::string& ns = session.flags().connection.ns;
  cli::say_busy(session, "looking for quotas of ours");
  KAI_TRY_ASSIGN(const ClusterState state, read_quotas(*client, ns));
  const auto force = options.write.force_conflicts ? kube::Force::yes : kube::Force::no;
  QuotaPlan plan = make_undo(state, force);
  options.write.question = "Take this back?";
  options.write.nothing_to_do = "Nothing to do: nothing " +
                                (ns.empty() ? std::string("here") : "in " + ns) +
                                " was set by kubectl ai quota, 0 writes";
  options.write.way_back = ", or undo again to go on";
  const cli::PlanTold told = told_of(session, plan);
  return cli::plan_and_write(session, std::move(plan.steps), told, options.write, options.output);
}

void add_flags(CLI::App& command, ApplyOptions& options) {
  cli::add_profile_flag(command, options.filenames);
  command.add_option("--gpus", options.flags.gpus, "GPUs that the namespace may ask for")
      ->type_name("N");
  command
      .add_option("--hard", options.flags.hard,
                  "What the namespace may use, by the quota's key; may be repeated")
      ->type_name("KEY=AMOUNT")
      ->allow_extra_args(false);
  command
      .add_option("--default", options.flags.defaults,
                  "What a container gets that asks for nothing; may be repeated")
      ->type_name("RESOURCE=AMOUNT")
      ->allow_extra_args(false);
  command.add_flag("--force-conflicts", options.write.force_conflicts,
                   "Take over what other field managers have set");
  cli::add_output_flag(command, options.output, {Output::table, Output::json, Output::yaml});
}

}  // namespace

void add_apply(cli::Commands& commands) {
  const auto options = std::make_shared<ApplyOptions>();
  CLI::App& apply =
      commands.add("apply", "Limit what namespaces may use, and give pods sensible defaults",
                   [options](cli::Session& session) { return run_apply(session, *options); });
  add_flags(apply, *options);
  cli::add_yes_flag(apply, options->write.yes);
  cli::add_dry_run_flag(apply, options->write.dry_run);
  commands.describe(
      apply,
      "Sets the ResourceQuotas and the LimitRange of the profile's namespaces, or of the one that "
      "-n names. Shows first what pods use of it now, and which of them could not be made again. "
      "Quotas that others have made stay, and count as well. Keys that Kubernetes never counts, "
      "such as limits.nvidia.com/gpu, become the ones that it does.",
      {{"As the platform's profile says", "kubectl ai quota apply -f lab.yaml"},
       {"One namespace",
        "kubectl ai quota apply -n team --gpus 4 --hard requests.cpu=64 --default cpu=500m"}});

  const auto plan_options = std::make_shared<ApplyOptions>();
  plan_options->write.only_plan = true;
  CLI::App& plan = commands.add(
      "plan", "Show what apply would change; exit 1 when something would",
      [plan_options](cli::Session& session) { return run_apply(session, *plan_options); });
  add_flags(plan, *plan_options);
  commands.describe(
      plan, "Takes the flags of apply and writes nothing.",
      {{"Is the platform as its profile says?", "kubectl ai quota plan -f lab.yaml"}});
}

void add_undo(cli::Commands& commands) {
  const auto options = std::make_shared<ApplyOptions>();
  CLI::App& undo =
      commands.add("undo", "Take back exactly what apply has set",
                   [options](cli::Session& session) { return run_undo(session, *options); });
  cli::add_undo_flags(undo, options->write, options->output);
  commands.describe(undo,
                    "Deletes the ResourceQuotas and LimitRanges that apply has made, in the "
                    "namespace that -n names or in all of them. Those of others stay, and so do "
                    "namespaces.",
                    {{"Of one namespace", "kubectl ai quota undo -n team"}});
}

}  // namespace kai::quota
