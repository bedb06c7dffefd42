#include "workload.hpp"

#include <kai/apply/ownership.hpp>
#include <kai/model/scheduling.hpp>

#include <algorithm>
#include <string_view>

namespace kai::gpu {

namespace {

using model::Toleration;

// What the DaemonSet controller adds to every pod of a DaemonSet
// (https://kubernetes.io/docs/concepts/workloads/controllers/daemonset/#taints-and-tolerations).
void add_daemon_tolerations(std::vector<Toleration>& tolerations) {
  for (const char* key : {"not-ready", "unreachable"}) {
    tolerations.push_back({"node.kubernetes.io/" + std::string(key), "Exists", "", "NoExecute"});
  }
  for (const char* key : {"disk-pressure", "memory-pressure", "pid-pressure", "unschedulable"}) {
    tolerations.push_back({"node.kubernetes.io/" + std::string(key), "Exists", "", "NoSchedule"});
  }
}

// "nvcr.io/nvidia/k8s-device-plugin:v0.20.0" → "nvcr.io/nvidia/k8s-device-plugin".
std::string_view repository_of(std::string_view image) {
  image = image.substr(0, image.find('@'));
  const std::size_t slash = image.rfind('/');
  const std::size_t colon = image.rfind(':');
  if (colon != std::string_view::npos && (slash == std::string_view::npos || colon > slash)) {
    image = image.substr(0, colon);
  }
  return image;
}

}  // namespace

DaemonSet DaemonSet::from_json(const model::Json& json) {
  DaemonSet set;
  const model::Resource resource(json);
  set.ref = {"apps/v1", "DaemonSet", std::string(resource.ns()), std::string(resource.name())};
  set.uid = resource.uid();
  set.ours = resource.label(apply::k_managed_by_label) == "kubectl-ai";
  if (const model::Json* spec = model::find_path(json, {"spec", "template", "spec"})) {
    set.placement = model::Placement::from_pod_spec(*spec);
    for (const std::string_view kind : {"initContainers", "containers"}) {
      const model::Json* containers = model::find_path(*spec, {kind});
      if (containers == nullptr || !containers->is_array()) continue;
      for (const model::Json& container : *containers) {
        set.images.emplace_back(model::string_at(container, {"image"}));
      }
    }
  }
  add_daemon_tolerations(set.placement.tolerations);
  set.desired = static_cast<int>(model::int_at(json, {"status", "desiredNumberScheduled"}));
  set.ready = static_cast<int>(model::int_at(json, {"status", "numberReady"}));
  return set;
}

bool runs_on(const DaemonSet& set, const model::Node& node) {
  return model::matches_affinity(set.placement, node) &&
         model::first_untolerated(node.taints, set.placement.tolerations) == nullptr;
}

bool is_device_plugin(const DaemonSet& set) {
  return std::any_of(set.images.begin(), set.images.end(), [](std::string_view image) {
    const std::string_view repository = repository_of(image);
    const std::string_view name = repository.substr(repository.rfind('/') + 1);
    // AMD's plugin has the same name, in its own organisation.
    if (name == "k8s-device-plugin") return repository.find("rocm") == std::string_view::npos;
    return name == "nvidia-gpu-device-plugin" || name == "hami" || name == "k8s-vdevice" ||
           name == "gpushare-device-plugin" || name == "k8s-gpushare-plugin";
  });
}

Stack recognise_stack(const std::vector<DaemonSet>& sets, bool has_cluster_policy) {
  Stack ours;
  Stack others;
  for (const DaemonSet& set : sets) {
    if (!is_device_plugin(set)) continue;
    Stack& stack = set.ours ? ours : others;
    stack.plugins.push_back(&set);
    if (stack.name.empty()) stack.name = set.ref.to_string();
  }
  if (has_cluster_policy) {
    others.kind = StackKind::gpu_operator;
    others.name = "gpu-operator";
    return others;
  }
  if (!others.plugins.empty()) {
    others.kind = StackKind::other_plugin;
    return others;
  }
  if (!ours.plugins.empty()) ours.kind = StackKind::ours;
  return ours;
}

}  // namespace kai::gpu
