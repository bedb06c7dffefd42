#include "setup_plan.hpp"

#include "diagnosis.hpp"

#include <kai/apply/ownership.hpp>
#include <kai/model/gpu.hpp>
#include <kai/model/names.hpp>
#include <kai/model/scheduling.hpp>

#include <algorithm>
#include <map>
#include <set>

namespace kai::gpu {

namespace {

using model::Node;
using model::Resource;

Error unknown_nodes(const std::vector<std::string>& missing, const ClusterFacts& facts) {
  const std::vector<std::string> known = facts.node_names();
  std::string message;
  for (const std::string& name : missing) {
    message += (message.empty() ? "" : "; ") + ("node \"" + name + "\" does not exist");
    if (const auto nearest = model::nearest_name(name, known)) {
      message += ", did you mean \"" + *nearest + "\"?";
    }
  }
  return Error(ErrorCode::not_found, std::move(message)).with_hint("nothing was written");
}

// Adds the nodes of those names; returns the names that do not exist.
std::vector<std::string> add_by_name(const std::vector<std::string>& names,
                                     const ClusterFacts& facts, std::set<std::string>& chosen) {
  std::vector<std::string> missing;
  for (const std::string& name : names) {
    if (facts.node(name) != nullptr) {
      chosen.insert(name);
    } else if (std::find(missing.begin(), missing.end(), name) == missing.end()) {
      missing.push_back(name);
    }
  }
  return missing;
}

std::vector<const Node*> nodes_of(const std::set<std::string>& names, const ClusterFacts& facts) {
  std::vector<const Node*> nodes;
  for (const std::string& name : names) nodes.push_back(facts.node(name));
  return nodes;
}

// The GPU resources of others that a node advertises and NVIDIA's not: "amd.com/gpu".
std::optional<std::string> other_vendors_gpu(const Node& node) {
  std::optional<std::string> other;
  for (const auto& [resource, quantity] : node.capacity) {
    if (!model::is_gpu_resource(resource) || quantity.is_zero()) continue;
    if (resource.starts_with("nvidia.com/")) return std::nullopt;
    if (!other) other = resource;
  }
  return other;
}

// Our label, taint and device plugin would only be in these nodes' way. Without a stack,
// setup just labels and taints.
Result<> refuse_other_vendors(const SetupRequest& request, const std::set<std::string>& chosen,
                              const ClusterFacts& facts) {
  if (request.stack == StackChoice::none) return {};
  for (const std::string& name : chosen) {
    const auto resource = other_vendors_gpu(*facts.node(name));
    if (!resource) continue;
    return fail(Error(ErrorCode::usage,
                      "node \"" + name + "\" has " + *resource + ", and setup serves NVIDIA's GPUs")
                    .with_hint("nothing was written; leave the node out, or only label and taint "
                               "it: --stack none --label KEY=VALUE --taint " +
                               *resource + "=true:NoSchedule"));
  }
  return {};
}

// An NVIDIA GPU: the others have device plugins of their own.
bool is_detected(const Node& node) {
  const bool advertises =
      std::any_of(node.capacity.begin(), node.capacity.end(), [](const auto& entry) {
        return entry.first.starts_with("nvidia.com/") && model::is_gpu_resource(entry.first) &&
               !entry.second.is_zero();
      });
  // Not by our own label: what setup has set proves nothing about the hardware.
  return advertises || std::any_of(node.labels.begin(), node.labels.end(), [](const auto& label) {
           return label.first != model::k_nvidia_gpu &&
                  model::is_gpu_evidence(label.first, label.second);
         });
}

Error stack_in_the_way(const Stack& stack) {
  const bool is_operator = stack.kind == StackKind::gpu_operator;
  Error error(ErrorCode::conflict, is_operator
                                       ? "gpu-operator manages the GPUs of this cluster already"
                                       : stack.name + " serves the GPUs of this cluster already");
  return std::move(error).with_hint(
      std::string("two device plugins on one node take the kubelet's socket from each other; ") +
      (is_operator ? "leave --stack out or say --stack operator"
                   : "remove it first, or leave --stack out to keep it"));
}

class Planner {
 public:
  Planner(const SetupRequest& request, const std::vector<const Node*>& targets,
          const ClusterFacts& facts)
      : m_request(request), m_targets(targets), m_facts(facts) {}

  Result<SetupPlan> plan(const std::vector<Resource>& objects,
                         const std::optional<Resource>& runtime_class, kube::Force force) {
    NodeWish wish;
    wish.labels = m_request.labels;
    wish.taint = m_request.taint;
    wish.force = force;
    wish.existing_taint =
        m_request.taint_is_explicit ? ExistingTaint::conflict : ExistingTaint::accept;

    KAI_TRY(plan_stack(runtime_class));
    for (std::size_t i = 0; i < m_targets.size(); ++i) {
      const Node& node = *m_targets[i];
      for (apply::Step& step : setup_steps(objects[i], wish))
        m_plan.steps.push_back(std::move(step));
      if (const auto taint = new_taint(node.taints, wish)) {
        for (Impact& impact : impact_of(*taint, node, m_facts)) {
          m_plan.impacts.push_back(std::move(impact));
        }
      } else if (wish.taint) {
        note_other_value(node, *wish.taint);
      }
      note_no_gpus(node);
    }
    note_kept_taints();
    for (const std::string& what : m_facts.not_read) {
      m_plan.notes.push_back("not read, so its impact is not known: " + what);
    }
    return std::move(m_plan);
  }

 private:
  // What is there decides, unless the request says otherwise.
  Result<> plan_stack(const std::optional<Resource>& runtime_class) {
    const Stack stack = recognise_stack(m_facts.daemon_sets, m_facts.has_cluster_policy);
    const bool foreign =
        stack.kind == StackKind::gpu_operator || stack.kind == StackKind::other_plugin;
    switch (m_request.stack) {
      case StackChoice::none: return {};
      case StackChoice::gpu_operator:
        if (stack.kind != StackKind::gpu_operator) {
          m_plan.notes.emplace_back(
              "gpu-operator is not in this cluster: no GPU is advertised until it is installed");
        }
        return {};
      case StackChoice::device_plugin:
        if (foreign) return fail(stack_in_the_way(stack));
        return plan_device_plugin_stack(stack, runtime_class);
      case StackChoice::automatic:
        if (foreign) return leave_alone(stack);
        return plan_device_plugin_stack(stack, runtime_class);
    }
    return {};
  }

  Result<> leave_alone(const Stack& stack) {
    const bool configured =
        m_request.sharing.mode != SharingMode::none || m_request.mig_strategy != "none";
    if (configured) {
      return fail(Error(ErrorCode::conflict, stack.name +
                                                 " serves the GPUs of this cluster: "
                                                 "sharing and MIG belong into its configuration")
                      .with_hint("leave out --time-slicing, --mps and --mig-strategy"));
    }
    m_plan.notes.push_back(stack.name + " serves the GPUs and is left alone");
    // It is somebody else's to change; but a taint that it does not tolerate ends it.
    for (const DaemonSet* set : stack.plugins) {
      if (!m_request.taint ||
          std::any_of(
              set->placement.tolerations.begin(), set->placement.tolerations.end(),
              [&](const auto& toleration) { return toleration.tolerates(*m_request.taint); })) {
        continue;
      }
      m_plan.notes.push_back(set->ref.to_string() + " does not tolerate taint " +
                             m_request.taint->to_string() +
                             ": it will not come back to these nodes, and their GPUs will go");
    }
    return {};
  }

  Result<> plan_device_plugin_stack(const Stack& stack,
                                    const std::optional<Resource>& runtime_class) {
    if (m_request.labels.empty()) {
      return fail(
          Error(ErrorCode::usage, "the device plugin finds its nodes by a label, and none is set")
              .with_hint("give one by --label, or say --stack none"));
    }
    const DaemonSet* present = nullptr;
    for (const DaemonSet* set : stack.plugins) {
      if (set->ref.name == k_plugin_name) present = set;
    }
    auto with_class = WithRuntimeClass::yes;
    if (runtime_class && apply::ownership_of(*runtime_class) != apply::Ownership::whole) {
      // Same name, same meaning: it names the runtime's handler.
      with_class = WithRuntimeClass::no;
      m_plan.notes.push_back("RuntimeClass nvidia is there already and is left alone");
    }
    const DevicePluginWish wish = plan_device_plugin(m_request, m_targets, m_facts, present);
    KAI_TRY_ASSIGN(std::vector<Resource> objects, device_plugin_objects(wish, with_class));
    for (Resource& object : objects) {
      std::string note = describe(object, wish);
      m_plan.steps.push_back(
          {apply::ApplyConfig{std::move(object), std::nullopt}, std::move(note)});
    }
    remove_stale_mps();
    note_further_nodes(wish);
    m_plan.serves_gpus = true;
    return {};
  }

  [[nodiscard]] std::string describe(const Resource& object, const DevicePluginWish& wish) const {
    if (object.kind() == "ConfigMap") {
      switch (wish.sharing.mode) {
        case SharingMode::none: return {};
        case SharingMode::time_slicing:
          return "time-slicing, " + std::to_string(wish.sharing.replicas) + " pods to a GPU";
        case SharingMode::mps:
          return "MPS, " + std::to_string(wish.sharing.replicas) + " pods to a GPU";
      }
    }
    if (object.kind() != "DaemonSet") return {};
    std::string note(object.label("app.kubernetes.io/version").value_or(""));
    note += " on nodes with";
    for (const auto& [key, value] : m_request.labels) note += " " + key + "=" + value;
    return note;
  }

  // The daemon of an earlier choice.
  void remove_stale_mps() {
    if (m_request.sharing.mode == SharingMode::mps) return;
    for (const DaemonSet& set : m_facts.daemon_sets) {
      if (set.ours && set.ref.name == k_mps_name && set.ref.ns == k_stack_namespace) {
        m_plan.steps.push_back({apply::Remove{set.ref, set.uid}, "MPS is not asked for any more"});
      }
    }
  }

  void note_further_nodes(const DevicePluginWish& wish) {
    for (const Node& node : m_facts.nodes) {
      const bool target = std::find(m_targets.begin(), m_targets.end(), &node) != m_targets.end();
      const bool by_request = model::matches(wish.nodes.front(), node);
      if (target || !by_request || node.annotations.contains(k_record_annotation)) continue;
      m_plan.impacts.push_back({ImpactKind::serves_too,
                                node.name,
                                {},
                                {},
                                "carries the label as well, so the device plugin runs there too"});
    }
  }

  void note_other_value(const Node& node, const model::Taint& wished) {
    for (const model::Taint& taint : node.taints) {
      if (taint.key == wished.key && taint.effect == wished.effect && taint.value != wished.value &&
          !m_request.taint_is_explicit) {
        m_kept[taint.to_string()].push_back(node.name);
      }
    }
  }

  void note_kept_taints() {
    for (const auto& [taint, nodes] : m_kept) {
      std::string note = "taint " + taint + " does the job already and stays on ";
      note += nodes.size() == 1 ? nodes.front() : std::to_string(nodes.size()) + " nodes";
      m_plan.notes.push_back(std::move(note));
    }
  }

  void note_no_gpus(const Node& node) {
    const auto reason = why_no_gpus(node, m_facts);
    if (!reason) return;
    // What this very plan brings is no news.
    if (m_plan.serves_gpus && *reason == "no device plugin in the cluster") return;
    m_plan.impacts.push_back({ImpactKind::advertises_none, node.name, {}, {}, *reason});
  }

  const SetupRequest& m_request;
  const std::vector<const Node*>& m_targets;
  const ClusterFacts& m_facts;
  SetupPlan m_plan;
  std::map<std::string, std::vector<std::string>> m_kept;  // nodes by their taint
};

}  // namespace

Result<std::vector<const Node*>> select_targets(const SetupRequest& request,
                                                const ClusterFacts& facts) {
  std::set<std::string> chosen;
  const std::vector<std::string> missing = add_by_name(request.nodes, facts, chosen);
  if (!missing.empty()) return fail(unknown_nodes(missing, facts));
  for (const Node& node : facts.nodes) {
    if ((request.selector && request.selector->matches(node.labels)) ||
        (request.detected && is_detected(node))) {
      chosen.insert(node.name);
    }
  }
  KAI_TRY(refuse_other_vendors(request, chosen, facts));
  if (!chosen.empty()) return nodes_of(chosen, facts);
  if (request.selector) {
    return fail(Error(ErrorCode::not_found,
                      "no node matches selector \"" + request.selector->to_string() + "\"")
                    .with_hint("kubectl get nodes --show-labels"));
  }
  return fail(
      Error(ErrorCode::not_found, "no node has a GPU that can be detected")
          .with_hint("a GPU is detected by what a device plugin advertises or by the labels "
                     "of node feature discovery; without either, name the nodes"));
}

Result<std::vector<const Node*>> select_nodes(const std::vector<std::string>& names,
                                              const std::string& selector,
                                              const ClusterFacts& facts) {
  std::set<std::string> chosen;
  const std::vector<std::string> missing = add_by_name(names, facts, chosen);
  if (!missing.empty()) {
    Error error = unknown_nodes(missing, facts);
    error.hint.clear();
    return fail(std::move(error));
  }
  std::optional<model::LabelSelector> parsed;
  if (!selector.empty()) {
    KAI_TRY_ASSIGN(parsed, model::LabelSelector::parse(selector));
  }
  const bool everything = names.empty() && !parsed;
  for (const Node& node : facts.nodes) {
    if ((everything && is_gpu_node(node)) || (parsed && parsed->matches(node.labels))) {
      chosen.insert(node.name);
    }
  }
  return nodes_of(chosen, facts);
}

Result<SetupPlan> plan_setup(const SetupRequest& request, const std::vector<const Node*>& targets,
                             const std::vector<Resource>& objects, const ClusterFacts& facts,
                             const std::optional<Resource>& runtime_class, kube::Force force) {
  return Planner(request, targets, facts).plan(objects, runtime_class, force);
}

}  // namespace kai::gpu
