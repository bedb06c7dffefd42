// kubectl ai gpu setup, and plan, which is setup without the writing.
#include "commands.hpp"
#include "diagnosis.hpp"
#include "setup_plan.hpp"
#include "writing.hpp"

#include <kai/apply/parallel.hpp>
#include <kai/base/context.hpp>
#include <kai/cli/profile_file.hpp>
#include <kai/model/duration.hpp>

#include <istream>
#include <memory>

namespace kai::gpu {

namespace {

using cli::ExitCode;
using model::Resource;

constexpr std::chrono::milliseconds k_poll{2000};

struct SetupOptions {
  SetupFlags flags;
  std::vector<std::string> filenames;
  WriteOptions write;
  bool wait = true;
  std::chrono::milliseconds timeout{std::chrono::minutes(5)};
};

Result<std::optional<model::GpuProfile>> read_gpu_profile(const std::vector<std::string>& filenames,
                                                          std::istream& standard_input) {
  KAI_TRY_ASSIGN(auto file, cli::read_profile(filenames, standard_input));
  if (!file) return std::nullopt;
  if (!file->profile.gpu) {
    return fail(Error(ErrorCode::invalid_input, "the profile has no section spec.gpu")
                    .at({file->name, 0, 0}));
  }
  return std::move(file->profile.gpu);
}

Result<std::vector<Resource>> read_objects(kube::Client& client,
                                           const std::vector<const model::Node*>& targets) {
  KAI_TRY_ASSIGN(const auto type, client.resource_type("v1", "Node"));
  std::vector<Result<Resource>> read(targets.size());
  apply::parallel(targets.size(),
                  [&](std::size_t i) { read[i] = client.get(type, {}, targets[i]->name); });
  std::vector<Resource> objects;
  for (auto& result : read) {
    if (!result) return fail(std::move(result).error());
    objects.push_back(*std::move(result));
  }
  return objects;
}

Result<std::optional<Resource>> read_runtime_class(kube::Client& client) {
  KAI_TRY_ASSIGN(const auto type, client.resource_type("node.k8s.io/v1", "RuntimeClass"));
  return client.get_if_exists(type, {}, k_runtime_class);
}

// Waits until every target advertises GPUs that can; says of the others why not.
Result<> wait_for_gpus(cli::Session& session, kube::Client& client,
                       const std::vector<std::string>& targets, std::chrono::milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  for (;;) {
    KAI_TRY_ASSIGN(const ClusterFacts facts, collect(client, {PodsOf::gpu_users, true}));
    std::size_t serving = 0;
    std::vector<std::string> waiting;
    std::vector<std::string> hopeless;
    for (const std::string& name : targets) {
      const model::Node* node = facts.node(name);
      if (node == nullptr) continue;
      const auto reason = why_no_gpus(*node, facts);
      if (!reason) {
        ++serving;
      } else {
        (may_serve_soon(*node) ? waiting : hopeless).push_back(name + ": " + *reason);
      }
    }
    if (waiting.empty()) {
      for (const std::string& line : hopeless) session.warn("no GPU on " + line);
      session.note(std::to_string(serving) +
                   (serving == 1 ? " node advertises" : " nodes advertise") + " GPUs");
      return {};
    }
    session.progress("waiting for GPUs on " + std::to_string(waiting.size()) + " of " +
                     std::to_string(targets.size()) + " nodes; " + waiting.front());
    if (session.context().cancel.requested() || session.context().cancel.wait_for(k_poll)) {
      return fail(ErrorCode::cancelled,
                  "interrupted: everything was written, GPUs are not "
                  "advertised yet on " +
                      std::to_string(waiting.size()) + " nodes");
    }
    if (timeout.count() > 0 && std::chrono::steady_clock::now() >= deadline) {
      Error error(ErrorCode::timed_out, "after " + model::format_duration(timeout) +
                                            ", no GPU is advertised on " +
                                            std::to_string(waiting.size()) + " of " +
                                            std::to_string(targets.size()) + " nodes");
      for (const std::string& line : waiting) error.causes.push_back({"", "", line});
      return fail(std::move(error).with_hint("kubectl ai gpu explain node NAME"));
    }
  }
}

Result<ExitCode> run_setup(cli::Session& session, SetupOptions options) {
  KAI_TRY_ASSIGN(const auto profile, read_gpu_profile(options.filenames, session.context().in));
  KAI_TRY_ASSIGN(const SetupRequest request, make_request(options.flags, profile));

  KAI_TRY_ASSIGN(kube::Client * client, session.client());
  say_busy(session, "reading nodes, pods and daemonsets");
  KAI_TRY_ASSIGN(const ClusterFacts facts, collect(*client, {PodsOf::every_node, true}));
  KAI_TRY_ASSIGN(const auto targets, select_targets(request, facts));
  KAI_TRY_ASSIGN(const std::vector<Resource> objects, read_objects(*client, targets));
  KAI_TRY_ASSIGN(const auto runtime_class, read_runtime_class(*client));

  const auto force = options.write.force_conflicts ? kube::Force::yes : kube::Force::no;
  KAI_TRY_ASSIGN(SetupPlan plan,
                 plan_setup(request, targets, objects, facts, runtime_class, force));

  std::vector<std::string> names;
  for (const model::Node* node : targets) names.push_back(node->name);
  const std::string count = std::to_string(names.size()) + (names.size() == 1 ? " node" : " nodes");
  options.write.question = "Set up " + count + "?";
  options.write.nothing_to_do = "Nothing to do: " + count + " set up already, 0 writes";

  AfterWrites after;
  if (plan.serves_gpus && options.wait) {
    after = [&](const apply::ChangeSet&) {
      return wait_for_gpus(session, *client, names, options.timeout);
    };
  }
  return plan_and_write(session,
                        {std::move(plan.steps), std::move(plan.impacts), std::move(plan.notes)},
                        options.write, after);
}

void add_flags(cli::Commands& commands, CLI::App& command, SetupOptions& options) {
  commands.offer(
      command.add_option("nodes", options.flags.nodes, "Nodes to set up")->type_name("NODE"),
      cli::Offer::nodes);
  cli::add_selector_flag(command, options.flags.selector);
  command.add_flag("--detected", options.flags.detected,
                   "Every node on which a device plugin or node feature discovery has found GPUs");
  cli::add_profile_flag(command, options.filenames);
  cli::add_choice_flag(command, "--stack", options.flags.stack,
                       {"device-plugin", "operator", "none"},
                       "What serves the GPUs; by default what is there, else our device plugin");
  command
      .add_option("--label", options.flags.labels,
                  "Label to set, instead of nvidia.com/gpu=true; may be repeated")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
  command
      .add_option("--taint", options.flags.taint,
                  "Taint to set, instead of nvidia.com/gpu=true:NoSchedule; none for no taint")
      ->type_name("KEY=VALUE:EFFECT");
  command
      .add_option("--time-slicing", options.flags.time_slicing,
                  "Let N pods take turns on each GPU; their memory is not separated")
      ->type_name("N");
  command
      .add_option("--mps", options.flags.mps,
                  "Let N pods use each GPU at once, each with its share of memory")
      ->type_name("N");
  cli::add_choice_flag(command, "--mig-strategy", options.flags.mig_strategy,
                       {"none", "single", "mixed"}, "How MIG devices are advertised");
  command.add_flag("--force-conflicts", options.write.force_conflicts,
                   "Take over labels and taints that other field managers have set");
  cli::add_output_flag(command, options.write.output,
                       {cli::Output::table, cli::Output::json, cli::Output::yaml});
}

}  // namespace

void add_setup(cli::Commands& commands) {
  const auto options = std::make_shared<SetupOptions>();
  CLI::App& setup =
      commands.add("setup", "Label and taint GPU nodes, and serve their GPUs",
                   [options](cli::Session& session) { return run_setup(session, *options); });
  add_flags(commands, setup, *options);
  cli::add_yes_flag(setup, options->write.yes);
  cli::add_dry_run_flag(setup, options->write.dry_run);
  cli::add_wait_flags(setup, options->wait, options->timeout);
  commands.describe(
      setup,
      "Sets a label and a taint on the nodes and installs the RuntimeClass nvidia and NVIDIA's "
      "device plugin, unless gpu-operator or another plugin serves the GPUs already. Shows first "
      "what will change and whom it hits. What others have set stays; running it again changes "
      "nothing.",
      {{"Two nodes", "kubectl ai gpu setup gpu-a gpu-b"},
       {"Every node on which GPUs were found", "kubectl ai gpu setup --detected"},
       {"As the platform's profile says", "kubectl ai gpu setup -f lab.yaml"},
       {"Four pods to a GPU, and another taint",
        "kubectl ai gpu setup -l pool=gpu --time-slicing 4 --taint pool=gpu:NoSchedule"}});

  const auto plan_options = std::make_shared<SetupOptions>();
  plan_options->write.only_plan = true;
  CLI::App& plan = commands.add(
      "plan", "Show what setup would change; exit 1 when something would",
      [plan_options](cli::Session& session) { return run_setup(session, *plan_options); });
  add_flags(commands, plan, *plan_options);
  commands.describe(plan, "Takes the flags of setup and writes nothing.",
                    {{"Is the platform as its profile says?", "kubectl ai gpu plan -f lab.yaml"}});
}

}  // namespace kai::gpu
