#include "diagnosis.hpp"
#include "explain.hpp"
#include "node_setup.hpp"

#include <kai/model/gpu.hpp>
#include <kai/model/managed_fields.hpp>
#include <kai/output/text_block.hpp>

#include <algorithm>

namespace kai::gpu {

namespace {

using model::Node;

class NodeExplainer {
 public:
  NodeExplainer(const Node& node, const model::Resource& object, const ClusterFacts& facts)
      : m_node(node), m_facts(facts), m_owners(model::field_owners(object.json())) {}

  NodeExplanation explain() {
    m_result.node = m_node.name;
    check_ready();
    check_cordon();
    check_labels();
    check_taints();
    check_hardware();
    check_plugin();
    check_resources();
    check_mig();
    check_room();
    summarise();
    return std::move(m_result);
  }

 private:
  void add(std::string subject, Verdict verdict, std::string text) {
    m_result.checks.push_back({std::move(subject), verdict, std::move(text)});
  }

  void check_ready() {
    if (m_node.ready()) {
      add("ready", Verdict::good, "Ready, kubelet " + m_node.kubelet_version);
      return;
    }
    const model::Condition* ready = m_node.condition("Ready");
    std::string text = "NotReady";
    if (ready == nullptr) {
      text += ": its kubelet has reported no state";
    } else {
      if (!ready->reason.empty()) text += " (" + ready->reason + ")";
      if (!ready->message.empty()) text += ": " + ready->message;
      if (!ready->since.empty()) text += ", since " + ready->since;
    }
    add("ready", Verdict::bad, std::move(text));
  }

  void check_cordon() {
    if (m_node.unschedulable) {
      add("cordon", Verdict::bad,
          "cordoned: no new pod comes here; kubectl uncordon " + m_node.name);
    }
  }

  void check_labels() {
    bool any = false;
    for (const auto& [key, value] : m_node.labels) {
      if (!model::is_gpu_evidence(key, value)) continue;
      any = true;
      std::string text = key;
      text += "=";
      text += value;
      const auto managers = model::managers_of(m_owners, {"metadata", "labels", key});
      if (!managers.empty()) text += ", set by " + managers.front();
      add("label", Verdict::good, std::move(text));
    }
    if (!any) add("label", Verdict::info, "no label marks it as a GPU node");
  }

  void check_taints() {
    NodeRecord record;
    if (const auto found = m_node.annotations.find(k_record_annotation);
        found != m_node.annotations.end()) {
      record = NodeRecord::parse(found->second);
    }
    bool repels = false;
    for (const model::Taint& taint : m_node.taints) {
      repels |= taint.effect != "PreferNoSchedule";
      const bool ours =
          std::find(record.taints.begin(), record.taints.end(), taint) != record.taints.end();
      add("taint", Verdict::info, taint.to_string() + (ours ? ", set by kubectl-ai" : ""));
    }
    if (!repels) {
      add("taint", Verdict::info, "no taint: pods that need no GPU may take its CPU and memory");
    }
  }

  void check_hardware() {
    bool nfd = false;
    bool sees = false;
    for (const auto& [key, value] : m_node.labels) {
      if (!key.starts_with("feature.node.kubernetes.io/")) continue;
      nfd = true;
      sees |= model::is_gpu_evidence(key, value);
    }
    if (!nfd) {
      add("hardware", Verdict::info, "not known: no node feature discovery here");
    } else if (sees) {
      add("hardware", Verdict::good, "node feature discovery sees an NVIDIA device");
    } else if (!advertises()) {
      add("hardware", Verdict::bad, "node feature discovery sees no NVIDIA device");
    }
  }

  void check_plugin() {
    const Stack stack = recognise_stack(m_facts.daemon_sets, m_facts.has_cluster_policy);
    for (const DaemonSet* set : stack.plugins) {
      if (!runs_on(*set, m_node)) continue;
      add("device plugin", Verdict::good, set->ref.to_string() + " selects the node");
      return;
    }
    if (const auto reason = why_no_gpus(m_node, m_facts)) {
      add("device plugin", Verdict::bad, *reason);
    } else if (stack.plugins.empty()) {
      add("device plugin", Verdict::info,
          "GPUs are advertised, by no DaemonSet of a known device plugin");
    } else {
      add("device plugin", Verdict::info,
          stack.name + " does not select the node: its GPUs stay only until the kubelet restarts");
    }
  }

  [[nodiscard]] bool advertises() const {
    const auto names = gpu_resources(m_node);
    return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
      return !model::amount_of(m_node.allocatable, name).is_zero();
    });
  }

  void check_resources() {
    const auto usage = usage_by_node(m_facts.pods);
    const auto used = usage.find(m_node.name);
    for (const std::string& name : gpu_resources(m_node)) {
      const auto total = model::amount_of(m_node.capacity, name).value();
      const auto allocatable = model::amount_of(m_node.allocatable, name).value();
      const auto taken = used == usage.end() ? 0 : model::amount_of(used->second, name).value();
      if (total == 0 && gpu_resources(m_node).size() > 1) continue;
      std::string text = name + ": " + std::to_string(total) + " in all, " + std::to_string(taken) +
                         " used, " +
                         std::to_string(std::max<std::int64_t>(0, allocatable - taken)) + " free";
      if (allocatable < total) {
        text += "; " + std::to_string(total - allocatable) +
                " withdrawn as unhealthy: the device plugin's log on this node says why";
      }
      m_free += std::max<std::int64_t>(0, allocatable - taken);
      add("gpus", total == 0 || allocatable < total ? Verdict::bad : Verdict::good,
          std::move(text));
    }
    for (const model::Pod& pod : m_facts.pods) {
      if (pod.placement.node_name == m_node.name && !pod.finished() && pod.gpus() > 0) {
        add("pod", Verdict::info, pod.ns + "/" + pod.name + " holds " + std::to_string(pod.gpus()));
      }
    }
    if (gpu_resources(m_node).empty()) {
      const auto reason = why_no_gpus(m_node, m_facts);
      add("gpus", Verdict::bad, "none advertised: " + reason.value_or("no reason found"));
    }
  }

  void check_mig() {
    const std::string_view state = m_node.label(model::k_label_mig_state);
    if (state.empty()) return;
    const bool fine = state == "success";
    add("mig", fine ? Verdict::good : Verdict::bad,
        "configuration " + std::string(m_node.label(model::k_label_mig_config)) + ": " +
            std::string(state));
  }

  // Free GPUs that no pod can get, because the rest of the node is taken.
  void check_room() {
    if (m_free == 0) return;
    const auto usage = usage_by_node(m_facts.pods);
    const auto used = usage.find(m_node.name);
    if (used == usage.end()) return;
    for (const std::string_view name : {"cpu", "memory", "pods"}) {
      const model::Quantity most = model::amount_of(m_node.allocatable, name);
      model::Quantity left = most;
      left -= model::amount_of(used->second, name);
      // Less than a twentieth of the node is too little for a GPU's worth of work.
      if (most.is_zero() || left.value() * 20 >= most.value()) continue;
      if (left < model::Quantity()) left = model::Quantity();
      add("room", Verdict::bad,
          std::string(name) + ": only " + left.to_string() + " of " + most.to_string() +
              " left, so its free GPUs are stranded");
    }
  }

  void summarise() {
    const auto bad = std::find_if(m_result.checks.begin(), m_result.checks.end(),
                                  [](const Check& check) { return check.verdict == Verdict::bad; });
    m_result.serves = bad == m_result.checks.end() && advertises();
    if (bad != m_result.checks.end()) {
      m_result.summary = bad->text;
    } else {
      m_result.summary = "its GPUs can be used";
    }
  }

  const Node& m_node;
  const ClusterFacts& m_facts;
  std::vector<model::FieldOwner> m_owners;
  NodeExplanation m_result;
  std::int64_t m_free = 0;
};

std::string_view verdict_name(Verdict verdict) {
  switch (verdict) {
    case Verdict::good: return "ok";
    case Verdict::bad: return "problem";
    case Verdict::info: return "info";
  }
  return "";
}

}  // namespace

NodeExplanation explain_node(const Node& node, const model::Resource& object,
                             const ClusterFacts& facts) {
  return NodeExplainer(node, object, facts).explain();
}

std::string node_text(const NodeExplanation& explanation, const output::Palette& palette,
                      int width) {
  using output::Style;
  const std::string title = "Node " + output::safe_text(explanation.node);
  // The whole heading is broken into lines; the name in it is painted afterwards.
  std::string text = output::wrap_hanging(title + ": " + explanation.summary, 2, width) + "\n\n";
  if (text.starts_with(title)) text.replace(0, title.size(), palette.paint(Style::bold, title));
  for (const Check& check : explanation.checks) {
    switch (check.verdict) {
      case Verdict::good: text += palette.paint(Style::good, "  ✓ "); break;
      case Verdict::bad: text += palette.paint(Style::bad, "  ✗ "); break;
      case Verdict::info: text += palette.paint(Style::dim, "  · "); break;
    }
    std::string subject = check.subject;
    subject.resize(std::max<std::size_t>(subject.size(), 13), ' ');
    constexpr int indent = 18;
    text += palette.paint(Style::dim, subject) + " " +
            output::wrap_hanging(check.text, indent, width) + "\n";
  }
  return text;
}

model::Json to_json(const NodeExplanation& explanation) {
  model::Json checks = model::Json::array();
  for (const Check& check : explanation.checks) {
    checks.push_back({{"subject", check.subject},
                      {"verdict", verdict_name(check.verdict)},
                      {"text", check.text}});
  }
  return model::Json{{"node", explanation.node},
                     {"servesGPUs", explanation.serves},
                     {"summary", explanation.summary},
                     {"checks", std::move(checks)}};
}

}  // namespace kai::gpu
