// Governance: what is set over the pods of others: defaults, priorities, autoscalers, and
// what Kubeflow lets its users do. Plain values that point into a TextStore.
#pragma once

#include <kai/audit/facts/head.hpp>
#include <kai/audit/path.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace kai::audit {

// The resources for which containers get a default, as the API server completes a
// LimitRange: a maximum is the default limit, and that the default request.
struct LimitRange {
  Head head;
  std::vector<Text> requests;
  std::vector<Text> limits;
};

constexpr bool is_system_priority_class(std::string_view name) {
  return name == "system-node-critical" || name == "system-cluster-critical";
}

struct PriorityClass {
  Head head;
  std::int64_t value = 0;
  bool global_default = false;

  // Made by the API server, which lets nobody else have a name that begins so.
  [[nodiscard]] bool is_system() const { return is_system_priority_class(head.name); }
};

struct Autoscaler {
  Head head;
  Text target_kind;
  Text target_name;
  FieldPath cpu;  // of the first metric that is the pods' CPU; empty: there is none
  bool on_cpu = false;
  bool on_resources = false;  // CPU or memory, which metrics.k8s.io gives
  bool on_others = false;     // looks at more than the pods' CPU and memory
  bool target_read = false;   // its target is among the objects that were read
};

struct KubeflowProfile {
  Head head;
  bool has_quota = false;
};

// A user of dex's that stands in its configuration.
struct StaticLogin {
  Head head;       // of the ConfigMap
  FieldPath path;  // of the configuration
  std::string user;
  std::string hash;  // of the password; empty: it comes from elsewhere
};

struct Governance {
  std::vector<LimitRange> limit_ranges;
  std::vector<PriorityClass> priority_classes;
  std::vector<Autoscaler> autoscalers;
  std::vector<KubeflowProfile> kubeflow_profiles;
  std::vector<StaticLogin> static_logins;

  // Whether containers of a namespace get a request, or a limit, of their own accord.
  [[nodiscard]] bool defaults_request(std::string_view ns, std::string_view resource) const;
  [[nodiscard]] bool defaults_limit(std::string_view ns, std::string_view resource) const;
  // Pods without a priority class get this one; nullptr: there is none.
  [[nodiscard]] const PriorityClass* global_default() const;
  [[nodiscard]] const PriorityClass* find_priority_class(std::string_view name) const;
};

// A text of a ConfigMap reduced to the logins in it that Kubeflow ships, as read from it: no
// other user, and no other hash. `rename` gets the users. Empty when there is none.
std::string keep_shipped_logins(std::string_view configuration,
                                const std::function<std::string(std::string_view)>& rename);

}  // namespace kai::audit
