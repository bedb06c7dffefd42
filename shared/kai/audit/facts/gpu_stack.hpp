// What the GPU stack is configured to do, and what of it runs on each node.
#pragma once

#include <kai/audit/facts/text.hpp>
#include <kai/audit/finding.hpp>
#include <kai/model/resource.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace kai::audit {

struct Facts;
struct Node;

// One entry of a ConfigMap that tells NVIDIA's device plugin to share GPUs.
struct SharingConfig {
  struct Resource {
    std::string name;            // "nvidia.com/gpu"
    std::string advertised;      // under which name pods ask for a share
    std::int64_t replicas = -1;  // -1: not stated, or no number
  };
  // A key in a place where the device plugin does not look for it.
  struct Stray {
    std::string where;  // "timeSlicing", "sharing.timeSlicing.replicas"
    std::string home;   // "sharing.timeSlicing", "sharing.timeSlicing.resources[]"
  };
  model::ObjectRef object;
  Origin origin;
  std::string entry;  // the key in data
  // timeSlicing or mps; empty: neither stands where it must, or (without an entry) other
  // entries of the ConfigMap share nothing.
  std::string strategy;
  bool one_each = false;  // a request of more than one share fails
  std::vector<Resource> resources;
  std::vector<Stray> strays;
};

// Whether an entry of a ConfigMap may be a configuration of the device plugin. A ConfigMap
// can hold anything: of other entries nothing is read or saved.
bool may_be_plugin_config(std::string_view text);

// What runs on a node for its GPUs, by the images of pods that have not ended.
struct NodeStack {
  bool device_plugin = false;
  bool dra_driver = false;
  bool exporter = false;
};
// By node name; nodes without any of it are not there.
std::unordered_map<std::string_view, NodeStack> stack_by_node(const Facts& facts);

// Whether the absence of a pod proves anything: a dump without a single one has left them out.
bool pods_are_known(const Facts& facts);

// NVIDIA's labels and NFD's for its devices: what says that a device plugin belongs here.
const Label* nvidia_evidence(const Node& node);
// Any resource of the vendor's: GPUs passed through to virtual machines and resources that
// the device plugin was told to rename carry names of their own.
bool advertises_nvidia(const Node& node);
// Labels by which somebody says that there shall be no device plugin on this node.
bool excluded_on_purpose(const Node& node);
// The cloud's controller has not finished with the node.
bool is_initialising(const Node& node);

// The state of a driver upgrade that is under way: nvidia.com/gpu-driver-upgrade-state,
// unless it is done, failed or only waits for its turn.
bool driver_is_changing(const Node& node);

}  // namespace kai::audit
