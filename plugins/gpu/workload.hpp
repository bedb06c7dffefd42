// DaemonSets as far as GPUs are concerned: which device plugin a cluster runs, and which
// daemons a taint shuts out. Plain values; pure functions.
#pragma once

#include <kai/model/node.hpp>
#include <kai/model/resource.hpp>

#include <string>
#include <vector>

namespace kai::gpu {

struct DaemonSet {
  model::ObjectRef ref;
  std::string uid;
  bool ours = false;  // carries our labels
  std::vector<std::string> images;
  model::Placement placement;  // of its pods, with the tolerations that Kubernetes adds
  int desired = 0;
  int ready = 0;

  static DaemonSet from_json(const model::Json& json);
};

// Whether the DaemonSet controller would put a pod on the node: node selector and
// affinity match, and every NoSchedule and NoExecute taint is tolerated.
bool runs_on(const DaemonSet& set, const model::Node& node);

// A device plugin for NVIDIA GPUs, of whatever origin, by its image.
bool is_device_plugin(const DaemonSet& set);

enum class StackKind {
  none,
  ours,          // the plugin that setup installed
  gpu_operator,  // a ClusterPolicy, or the operator's DaemonSets
  other_plugin,  // somebody else's device plugin
};

struct Stack {
  StackKind kind = StackKind::none;
  std::vector<const DaemonSet*> plugins;  // into the list it was made from
  // "gpu-operator", "DaemonSet kube-system/nvidia-device-plugin-daemonset"; for messages.
  std::string name;
};

// `has_cluster_policy`: an object of kind ClusterPolicy (nvidia.com/v1) exists. The
// operator comes before other plugins, which come before ours: whoever else is there has
// the say.
Stack recognise_stack(const std::vector<DaemonSet>& sets, bool has_cluster_policy);

}  // namespace kai::gpu
