// kubectl ai gpu undo: takes back what setup has set, and nothing else.
#include "commands.hpp"
#include "device_plugin.hpp"
#include "setup_plan.hpp"
#include "writing.hpp"

#include <kai/apply/ownership.hpp>
#include <kai/apply/parallel.hpp>
#include <kai/model/managed_fields.hpp>

#include <algorithm>
#include <memory>

namespace kai::gpu {

namespace {

using cli::ExitCode;
using model::Resource;

struct UndoOptions {
  std::vector<std::string> nodes;
  std::string selector;
  WriteOptions write;
};

// Every kind of which setup or test creates objects.
std::vector<model::ObjectRef> owned_kinds() {
  const std::string ns(k_stack_namespace);
  return {{"apps/v1", "DaemonSet", ns, ""},
          {"v1", "ConfigMap", ns, ""},
          {"node.k8s.io/v1", "RuntimeClass", "", ""},
          {"v1", "Pod", "", ""}};
}

// Nodes with anything of ours, by what lists show: our record, or our manager's name.
Result<std::vector<std::string>> touched_nodes(kube::Client& client,
                                               const std::vector<std::string>* among) {
  KAI_TRY_ASSIGN(const auto type, client.resource_type("v1", "Node"));
  kube::ListOptions list;
  list.metadata_only = true;
  std::vector<std::string> names;
  KAI_TRY(client.list(type, list, [&](Resource&& node) -> Result<> {
    if (among != nullptr && std::find(among->begin(), among->end(), node.name()) == among->end()) {
      return {};
    }
    const auto owners = model::field_owners(node.json());
    if (node.annotation(k_record_annotation) ||
        model::find_owner(owners, kube::k_field_manager, "Apply") != nullptr) {
      names.emplace_back(node.name());
    }
    return {};
  }));
  return names;
}

Result<> add_node_steps(kube::Client& client, const std::vector<std::string>& names,
                        WriteInput& input) {
  KAI_TRY_ASSIGN(const auto type, client.resource_type("v1", "Node"));
  std::vector<Result<std::optional<Resource>>> read(names.size());
  apply::parallel(names.size(),
                  [&](std::size_t i) { read[i] = client.get_if_exists(type, {}, names[i]); });
  for (auto& result : read) {
    if (!result) return fail(std::move(result).error());
    if (!*result) continue;  // gone meanwhile, and with it all that we set
    for (apply::Step& step : undo_steps(**result)) input.steps.push_back(std::move(step));
  }
  return {};
}

Result<> add_object_steps(kube::Client& client, kube::Force force, WriteInput& input) {
  KAI_TRY_ASSIGN(const std::vector<Resource> objects,
                 apply::find_owned(client, owned_kinds(), k_component));
  for (const Resource& object : objects) {
    // Pods of our DaemonSets carry our labels and go with them.
    if (object.kind() == "Pod" && object.label("app.kubernetes.io/name") != "kubectl-ai-gpu-test") {
      continue;
    }
    apply::take_back(object, force, input.steps, input.notes);
  }
  return {};
}

Result<ExitCode> run_undo(cli::Session& session, UndoOptions options) {
  KAI_TRY_ASSIGN(kube::Client * client, session.client());
  const bool everything = options.nodes.empty() && options.selector.empty();
  say_busy(session, "looking for what setup has set");

  WriteInput input;
  std::vector<std::string> chosen;
  if (!everything) {
    KAI_TRY_ASSIGN(const ClusterFacts facts, collect(*client, {}));
    KAI_TRY_ASSIGN(const auto nodes, select_nodes(options.nodes, options.selector, facts));
    for (const model::Node* node : nodes) chosen.push_back(node->name);
  }
  KAI_TRY_ASSIGN(const auto names, touched_nodes(*client, everything ? nullptr : &chosen));
  KAI_TRY(add_node_steps(*client, names, input));
  if (everything) {
    const auto force = options.write.force_conflicts ? kube::Force::yes : kube::Force::no;
    KAI_TRY(add_object_steps(*client, force, input));
  } else {
    input.notes.emplace_back(
        "the device plugin and its RuntimeClass stay for the other nodes; undo without a node "
        "removes them too");
  }
  options.write.question = "Take this back?";
  options.write.nothing_to_do = "Nothing to do: nothing here was set by kubectl ai gpu, 0 writes";
  return plan_and_write(session, std::move(input), options.write);
}

}  // namespace

void add_undo(cli::Commands& commands) {
  const auto options = std::make_shared<UndoOptions>();
  CLI::App& undo =
      commands.add("undo", "Take back exactly what setup has set",
                   [options](cli::Session& session) { return run_undo(session, *options); });
  commands.offer(undo.add_option("nodes", options->nodes, "Only these nodes")->type_name("NODE"),
                 cli::Offer::nodes);
  cli::add_selector_flag(undo, options->selector);
  undo.add_flag("--force-conflicts", options->write.force_conflicts,
                "Delete objects of ours that others apply as well");
  cli::add_yes_flag(undo, options->write.yes);
  cli::add_dry_run_flag(undo, options->write.dry_run);
  cli::add_output_flag(undo, options->write.output,
                       {cli::Output::table, cli::Output::json, cli::Output::yaml});
  commands.describe(
      undo,
      "Removes the labels and taints that setup has added and puts back those that it was told to "
      "take over; what was there before, or was set by others, stays. Without a node it also "
      "deletes the device plugin, its configuration and the RuntimeClass.",
      {{"Everything", "kubectl ai gpu undo"}, {"One node", "kubectl ai gpu undo gpu-a"}});
}

}  // namespace kai::gpu
