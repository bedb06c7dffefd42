// Node and Pod: what scheduling, GPUs and their failures need to know of the two
// kinds, taken from the API's JSON and no longer tied to it. Plain values; parsing
// never fails: what is absent or of the wrong type stays at its default.
#pragma once

#include <kai/model/quantity.hpp>
#include <kai/model/resource.hpp>
#include <kai/model/selector.hpp>
#include <kai/model/taint.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kai::model {

// Amounts by resource name ("cpu", "nvidia.com/gpu").
using Resources = std::map<std::string, Quantity, std::less<>>;

Resources resources_from_json(const Json& amounts);
// Zero when the resource is not listed.
Quantity amount_of(const Resources& resources, std::string_view name);
void add(Resources& sum, const Resources& more);

// One entry of status.conditions.
struct Condition {
  std::string type;
  std::string status;  // True, False, Unknown
  std::string reason;
  std::string message;
  std::string since;  // lastTransitionTime, RFC 3339
};

struct Node {
  std::string name;
  std::string uid;
  std::string resource_version;
  Labels labels;
  // Only those of this project ("kubectl-ai/…"): the others can weigh kilobytes.
  Labels annotations;
  std::vector<Taint> taints;
  bool unschedulable = false;  // cordoned
  bool deleting = false;
  Resources capacity;
  Resources allocatable;
  std::vector<Condition> conditions;
  std::string kubelet_version;
  std::string runtime_version;

  static Node from_json(const Json& node);

  [[nodiscard]] std::string_view label(std::string_view key) const;  // empty when unset
  [[nodiscard]] const Condition* condition(std::string_view type) const;
  [[nodiscard]] bool ready() const;
};

// One requirement of a node selector term; `op` as Kubernetes writes it.
struct NodeRequirement {
  std::string key;
  std::string op;  // In, NotIn, Exists, DoesNotExist, Gt, Lt
  std::vector<std::string> values;

  // "zone In [a b]".
  [[nodiscard]] std::string to_string() const;
  bool operator==(const NodeRequirement&) const = default;
};

struct NodeSelectorTerm {
  std::vector<NodeRequirement> expressions;  // on labels
  std::vector<NodeRequirement> fields;       // on metadata.name

  static NodeSelectorTerm from_json(const Json& term);
  bool operator==(const NodeSelectorTerm&) const = default;
};

// What a pod template says about where its pods may run. Taken from a PodSpec, so it
// serves pods and workloads alike.
struct Placement {
  std::string node_name;
  std::string scheduler_name;
  std::string runtime_class;
  Labels node_selector;
  // requiredDuringSchedulingIgnoredDuringExecution of the node affinity: terms are
  // ORed; nullopt when there is none, and no term at all matches no node.
  std::optional<std::vector<NodeSelectorTerm>> node_affinity;
  std::vector<Toleration> tolerations;
  // Constraints that need more than pod and node to decide.
  bool has_pod_affinity = false;
  bool has_topology_spread = false;
  bool has_volume_claims = false;
  bool has_host_ports = false;

  static Placement from_pod_spec(const Json& spec);
};

struct ContainerState {
  std::string name;
  std::string image;
  bool ready = false;
  int restarts = 0;
  std::string waiting_reason;  // "CrashLoopBackOff", "ImagePullBackOff"
  std::string waiting_message;
  bool terminated = false;
  int exit_code = 0;
  std::string terminated_reason;
};

struct Pod {
  std::string ns;
  std::string name;
  std::string uid;
  Labels labels;
  std::string owner_kind;  // the controller's; empty for a pod on its own
  std::string owner_name;
  bool is_static = false;  // a mirror of a kubelet's manifest: nothing evicts it
  bool deleting = false;
  std::string created;  // RFC 3339
  std::string phase;    // Pending, Running, Succeeded, Failed, Unknown
  std::string reason;   // status.reason: "Evicted", "UnexpectedAdmissionError"
  std::string message;
  std::string priority_class;
  std::int64_t priority = 0;
  std::string preemption_policy;
  Placement placement;
  std::vector<std::string> scheduling_gates;
  std::vector<std::string> resource_claims;  // dynamic resource allocation
  Resources requests;                        // effective_requests() of the spec
  std::vector<Condition> conditions;
  std::vector<ContainerState> containers;

  static Pod from_json(const Json& pod);

  [[nodiscard]] ObjectRef ref() const;
  [[nodiscard]] const Condition* condition(std::string_view type) const;
  // Succeeded or Failed: it holds no resources any more.
  [[nodiscard]] bool finished() const;
  // The sum of its GPU resources of every name.
  [[nodiscard]] std::int64_t gpus() const;
};

// What the scheduler sets aside for a pod: the containers' requests together, or one
// init container's with the sidecars started before it if that is more, pod-level
// requests, and overhead. A limit without a request counts as the request, as the API
// server defaults it. (KEP-753, KEP-2837.)
Resources effective_requests(const Json& pod_spec);

}  // namespace kai::model
