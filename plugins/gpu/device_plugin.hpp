// The objects of our own GPU stack, made from the embedded manifests: RuntimeClass,
// configuration, device plugin, and the MPS daemon where it is asked for. Pure functions.
#pragma once

#include "facts.hpp"
#include "request.hpp"

#include <kai/base/result.hpp>
#include <kai/model/node.hpp>
#include <kai/model/resource.hpp>

#include <string_view>
#include <vector>

namespace kai::gpu {

inline constexpr std::string_view k_component = "kubectl-ai-gpu";  // part-of label
inline constexpr std::string_view k_stack_namespace = "kube-system";
inline constexpr std::string_view k_runtime_class = "nvidia";
inline constexpr std::string_view k_plugin_name = "nvidia-device-plugin";
inline constexpr std::string_view k_mps_name = "nvidia-mps-control-daemon";

struct DevicePluginWish {
  std::vector<model::NodeSelectorTerm> nodes;  // ORed; where it runs
  std::vector<model::Toleration> tolerations;  // beside nvidia.com/gpu
  Sharing sharing;
  std::string mig_strategy = "none";
};

// Where the plugin has to run and what it has to tolerate there, so that `targets` are
// served and no node that it serves already is dropped: nodes are found by the request's
// labels, and by those terms of the present plugin (nullptr: none) that still find some.
DevicePluginWish plan_device_plugin(const SetupRequest& request,
                                    const std::vector<const model::Node*>& targets,
                                    const ClusterFacts& facts, const DaemonSet* present);

// The plugin's configuration file (version v1 of its format), as YAML.
std::string plugin_config(const Sharing& sharing, std::string_view mig_strategy);

// All objects in the order of writing, with our labels; without the RuntimeClass when
// `with_runtime_class` is off, because one is there that is not ours.
enum class WithRuntimeClass { no, yes };
Result<std::vector<model::Resource>> device_plugin_objects(const DevicePluginWish& wish,
                                                           WithRuntimeClass runtime_class);

// A taint that comes and goes with a node's state; nobody plans for it.
bool is_lifecycle_taint(const model::Taint& taint);

}  // namespace kai::gpu
