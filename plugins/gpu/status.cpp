#include "status.hpp"

#include "diagnosis.hpp"
#include "node_setup.hpp"

#include <kai/model/gpu.hpp>

#include <algorithm>
#include <charconv>

namespace kai::gpu {

namespace {

using model::Node;

// With the single strategy MIG devices go by the name of whole GPUs.
UnitKind unit_of(const Node& node, std::string_view resource) {
  const bool single = node.label(model::k_label_mig_strategy) == "single" &&
                      node.label(model::k_label_gpu_product).find("-MIG-") != std::string::npos;
  if (model::is_mig_resource(resource) || single) return UnitKind::mig_device;
  const std::string_view replicas = node.label(model::k_label_gpu_replicas);
  const bool shared = !replicas.empty() && replicas != "1" && replicas != "0";
  return shared || resource.ends_with(".shared") ? UnitKind::shared_slot : UnitKind::gpu;
}

void add_to(GpuCount& sum, const GpuCount& count) {
  sum.total += count.total;
  sum.allocatable += count.allocatable;
  sum.used += count.used;
  sum.free += count.free;
}

std::string product_of(const Node& node) {
  const std::string_view nvidia = node.label(model::k_label_gpu_product);
  return std::string(nvidia.empty() ? node.label("amd.com/gpu.product-name") : nvidia);
}

std::string mig_of(const Node& node) {
  const std::string_view strategy = node.label(model::k_label_mig_strategy);
  const bool advertised =
      std::any_of(node.capacity.begin(), node.capacity.end(),
                  [](const auto& entry) { return model::is_mig_resource(entry.first); });
  const std::string_view config = node.label(model::k_label_mig_config);
  if (config == "all-disabled" && !advertised) return {};
  std::string text;
  if (strategy == "single" || strategy == "mixed") {
    text = strategy;
  } else if (advertised) {
    text = "mixed";
  }
  if (!config.empty() && config != "all-disabled") {
    text += (text.empty() ? "" : " ") + ("(" + std::string(config) + ")");
  }
  // The strategy alone is the plugin's setting: GPUs without MIG carry it as well.
  return advertised || !config.empty() || strategy == "single" ? text : std::string();
}

std::string sharing_of(const Node& node) {
  const std::string_view strategy = node.label(model::k_label_sharing_strategy);
  const std::string_view replicas = node.label(model::k_label_gpu_replicas);
  if (!strategy.empty() && strategy != "none") {
    return std::string(strategy) + (replicas.empty() ? "" : " " + std::string(replicas));
  }
  if (replicas.empty() || replicas == "1" || replicas == "0") return {};
  return "shared " + std::string(replicas);
}

std::string driver_of(const Node& node) {
  const std::string_view full = node.label(model::k_label_driver);
  if (!full.empty()) return std::string(full);
  const std::string_view major = node.label("nvidia.com/cuda.driver.major");
  const std::string_view minor = node.label("nvidia.com/cuda.driver.minor");
  if (major.empty()) return {};
  return std::string(major) + (minor.empty() ? "" : "." + std::string(minor));
}

std::string marking_label(const Node& node) {
  for (const std::string_view key : {model::k_nvidia_gpu, model::k_label_gpu_present}) {
    const std::string_view value = node.label(key);
    if (!value.empty()) return std::string(key) + "=" + std::string(value);
  }
  return {};
}

std::vector<std::string> gpu_taints(const Node& node) {
  NodeRecord record;
  if (const auto found = node.annotations.find(k_record_annotation);
      found != node.annotations.end()) {
    record = NodeRecord::parse(found->second);
  }
  std::vector<std::string> taints;
  for (const model::Taint& taint : node.taints) {
    const bool ours =
        std::find(record.taints.begin(), record.taints.end(), taint) != record.taints.end();
    if (ours || model::is_gpu_resource(taint.key)) taints.push_back(taint.to_string());
  }
  return taints;
}

std::string condition_text(const model::Condition* condition) {
  if (condition == nullptr) return "its kubelet has reported no state";
  if (condition->message.empty()) return condition->reason;
  return condition->message;
}

// Zero when it is no number.
std::int64_t whole_number(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? number : 0;
}

// Free is what a new pod can have.
void take_free(NodeStatus& status) {
  for (GpuCount& count : status.gpus) count.free = 0;
}

void set_state(NodeStatus& status, const Node& node, const ClusterFacts& facts) {
  const GpuCount sum = status.sum();
  if (!node.ready() || node.unschedulable) take_free(status);
  const std::string_view mig_state = node.label(model::k_label_mig_state);
  if (!node.ready()) {
    status.state = NodeState::not_ready;
    status.problem = condition_text(node.condition("Ready"));
    status.lost = sum.total;
  } else if (const auto reason = why_no_gpus(node, facts)) {
    status.state = NodeState::no_gpus;
    status.problem = *reason;
    // Feature discovery remembers how many there were.
    const std::int64_t expected = whole_number(node.label(model::k_label_gpu_count));
    status.lost = std::max(sum.total, expected);
  } else if (mig_state == "pending" || mig_state == "failed" || mig_state == "rebooting") {
    status.state = NodeState::mig_pending;
    status.problem = "MIG reconfiguration is " + std::string(mig_state);
    status.lost = sum.total - sum.allocatable;
  } else if (sum.allocatable < sum.total) {
    status.state = NodeState::degraded;
    status.lost = sum.total - sum.allocatable;
    status.problem = std::to_string(status.lost) + " of " + std::to_string(sum.total) +
                     " withdrawn as unhealthy by the device plugin";
  } else if (node.unschedulable) {
    status.state = NodeState::cordoned;
    status.lost = sum.free;
    status.problem = "cordoned: its free GPUs cannot be used";
  }
  // A cordon hides behind a worse state, but what is free is lost all the same.
  if (node.unschedulable && status.state == NodeState::degraded) {
    status.lost += sum.free;
    status.problem += ", and cordoned";
  }
}

}  // namespace

std::string_view to_string(NodeState state) {
  switch (state) {
    case NodeState::ready: return "Ready";
    case NodeState::not_ready: return "NotReady";
    case NodeState::cordoned: return "Cordoned";
    case NodeState::no_gpus: return "NoGPUs";
    case NodeState::degraded: return "Degraded";
    case NodeState::mig_pending: return "MIGPending";
  }
  return "";
}

GpuCount NodeStatus::sum() const {
  GpuCount total;
  for (const GpuCount& count : gpus) add_to(total, count);
  return total;
}

GpuStatus summarise(const std::vector<const Node*>& nodes, const ClusterFacts& facts) {
  GpuStatus result;
  result.not_read = facts.not_read;
  result.usage_known =
      std::none_of(facts.not_read.begin(), facts.not_read.end(),
                   [](const std::string& what) { return what.starts_with("pods:"); });
  const auto usage = usage_by_node(facts.pods);
  for (const Node* node : nodes) {
    NodeStatus status;
    status.name = node->name;
    status.product = product_of(*node);
    const auto used = usage.find(node->name);
    for (const std::string& resource : gpu_resources(*node)) {
      GpuCount count;
      count.resource = resource;
      count.unit = unit_of(*node, resource);
      count.total = model::amount_of(node->capacity, resource).value();
      count.allocatable = model::amount_of(node->allocatable, resource).value();
      if (used != usage.end()) count.used = model::amount_of(used->second, resource).value();
      count.free = std::max<std::int64_t>(0, count.allocatable - count.used);
      // With the mixed strategy a node lists the whole-GPU resource at zero: no news.
      if (count.total == 0 && count.used == 0 && node->capacity.size() > 1 &&
          gpu_resources(*node).size() > 1) {
        continue;
      }
      status.gpus.push_back(std::move(count));
    }
    status.mig = mig_of(*node);
    status.sharing = sharing_of(*node);
    status.driver = driver_of(*node);
    status.label = marking_label(*node);
    status.taints = gpu_taints(*node);
    set_state(status, *node, facts);
    add_to(result.sum, status.sum());
    result.lost += status.lost;
    result.nodes.push_back(std::move(status));
  }
  return result;
}

}  // namespace kai::gpu
