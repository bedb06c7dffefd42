#include <kai/audit/facts/gpu.hpp>

#include <kai/model/gpu.hpp>

#include <algorithm>
#include <array>

namespace kai::audit {
namespace {

using model::Quantity;

// Marks of the other vendors' labellers and of clouds; is_gpu_evidence() knows NVIDIA's.
bool is_other_gpu_label(std::string_view key, std::string_view value) {
  if (value == "false") return false;
  static constexpr std::array<std::string_view, 6> k_keys = {
      "feature.node.kubernetes.io/amd-gpu", "intel.feature.node.kubernetes.io/gpu",
      "cloud.google.com/gke-accelerator",   "k8s.amazonaws.com/accelerator",
      "kubernetes.azure.com/accelerator",   "node.kubernetes.io/gpu"};
  if (std::find(k_keys.begin(), k_keys.end(), key) != k_keys.end()) return true;
  static constexpr std::array<std::string_view, 5> k_prefixes = {
      "nvidia.com/gpu.product", "amd.com/gpu", "beta.amd.com/gpu", "gpu.intel.com/",
      "karpenter.k8s.aws/instance-gpu-"};
  return std::any_of(k_prefixes.begin(), k_prefixes.end(),
                     [&](std::string_view prefix) { return key.starts_with(prefix); });
}

}  // namespace

// Bounded, so that no sum of them over nodes and pods overflows, whatever a file says.
std::int64_t gpu_count(const Amounts& amounts) {
  constexpr std::int64_t k_most = 1'000'000'000;
  std::int64_t count = 0;
  for (const Amount& amount : amounts) {
    if (!model::is_gpu_resource(amount.resource)) continue;
    count += std::clamp<std::int64_t>(amount.quantity.value(), 0, k_most);
  }
  return std::min(count, k_most);
}

std::string describe_gpus(const Amounts& amounts) {
  std::string text;
  for (const Amount& amount : amounts) {
    if (!model::is_gpu_resource(amount.resource) || amount.quantity.is_zero()) continue;
    if (!text.empty()) text += " + ";
    text += amount.quantity.to_string() + " " + amount.resource.str();
  }
  return text;
}

bool advertises_gpus(const Node& node) {
  return gpu_count(node.capacity) > 0;
}

const Label* gpu_label(const Node& node) {
  for (const Label* label : node.head.labels->items()) {
    if (model::is_gpu_evidence(label->key, label->value)) return label;
  }
  for (const Label* label : node.head.labels->items()) {
    if (is_other_gpu_label(label->key, label->value)) return label;
  }
  return nullptr;
}

bool is_gpu_node(const Node& node) {
  return advertises_gpus(node) || gpu_label(node) != nullptr;
}

std::string list_names(const std::vector<std::string>& names, std::size_t at_most) {
  const std::size_t shown = names.size() <= at_most + 1 ? names.size() : at_most;
  std::string text;
  for (std::size_t i = 0; i < shown; ++i) {
    const bool last = i + 1 == shown && shown == names.size();
    if (i > 0) text += last ? " and " : ", ";
    text += names[i];
  }
  if (shown < names.size()) text += " and " + std::to_string(names.size() - shown) + " more";
  return text;
}

std::string count_of(std::int64_t count, std::string_view singular) {
  return std::to_string(count) + " " + std::string(singular) + (count == 1 ? "" : "s");
}

bool is_transient(const model::Taint& taint) {
  static constexpr std::array<std::string_view, 9> k_prefixes = {
      "node.kubernetes.io/",
      "node.cloudprovider.kubernetes.io/",
      "ToBeDeletedByClusterAutoscaler",
      "DeletionCandidateOfClusterAutoscaler",
      "cluster-autoscaler.kubernetes.io/",
      "ignore-taint.cluster-autoscaler.kubernetes.io/",
      "startup-taint.cluster-autoscaler.kubernetes.io/",
      "karpenter.sh/",
      "nvidia.com/gpu-driver-upgrade"};
  return std::any_of(k_prefixes.begin(), k_prefixes.end(),
                     [&](std::string_view prefix) { return taint.key.starts_with(prefix); });
}

std::vector<model::Taint> lasting_taints(const Node& node) {
  std::vector<model::Taint> taints;
  for (const model::Taint& taint : node.taints) {
    if ((taint.effect == "NoSchedule" || taint.effect == "NoExecute") && !is_transient(taint)) {
      taints.push_back(taint);
    }
  }
  return taints;
}

std::map<std::string_view, model::Resources> usage_by_node(const Facts& facts) {
  std::map<std::string_view, model::Resources> usage;
  for (const Pod& pod : facts.pods) {
    if (pod.node.empty() || pod.finished()) continue;
    model::Resources& used = usage[pod.node];
    model::add(used, pod.spec->requests);
    used["pods"] += Quantity::of(1);
  }
  return usage;
}

bool has_hami(const Facts& facts) {
  if (std::any_of(facts.nodes.begin(), facts.nodes.end(),
                  [](const Node& node) { return node.hami; })) {
    return true;
  }
  // Its own keys in a quota, and its scheduler's name in pods, betray it where nodes
  // cannot be seen.
  for (const Quota& quota : facts.quotas) {
    for (const Quota::Entry& entry : quota.hard) {
      const std::string_view key = entry.key;
      if (key.find("nvidia.com/gpumem") != std::string_view::npos ||
          key.find("nvidia.com/gpucores") != std::string_view::npos) {
        return true;
      }
    }
  }
  return std::any_of(facts.templates.begin(), facts.templates.end(), [](const PodTemplate& spec) {
    if (spec.placement.scheduler_name == "hami-scheduler") return true;
    return std::any_of(spec.containers.begin(), spec.containers.end(), [](const Container& c) {
      const std::string_view image = c.image;
      return image.find("projecthami/") != std::string_view::npos || image.ends_with("/hami");
    });
  });
}

namespace {

bool has_queue_label(const LabelSet& labels) {
  static constexpr std::array<std::string_view, 5> k_labels = {
      "kueue.x-k8s.io/queue-name", "kueue.x-k8s.io/managed", "kai.scheduler/queue", "runai/queue",
      "volcano.sh/queue-name"};
  return std::any_of(k_labels.begin(), k_labels.end(),
                     [&](std::string_view key) { return labels.has(key); });
}

bool has_queueing_scheduler(const PodTemplate& spec) {
  static constexpr std::array<std::string_view, 4> k_schedulers = {"volcano", "kai-scheduler",
                                                                   "runai-scheduler", "yunikorn"};
  return std::find(k_schedulers.begin(), k_schedulers.end(), spec.placement.scheduler_name) !=
         k_schedulers.end();
}

}  // namespace

bool is_queued(const Pod& pod) {
  return has_queue_label(*pod.labels) || has_queueing_scheduler(*pod.spec);
}

bool is_queued(const Subject& subject) {
  // Kueue's label is on the Job, others' on the pods.
  return has_queue_label(*subject.pod_labels) || has_queueing_scheduler(*subject.spec) ||
         (subject.workload != nullptr && has_queue_label(*subject.workload->head.labels));
}

}  // namespace kai::audit
