// What rules about security see beside roles: what a pod spec breaks of the Pod Security
// Standards, webhooks with the Services behind them, and policies of other APIs. Plain values.
#pragma once

#include <kai/audit/facts/head.hpp>
#include <kai/model/json.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace kai::audit {

// The controls of the Pod Security Standards in their latest version (1.37), as
// k8s.io/pod-security-admission checks them.
enum class PodControl : std::uint8_t {
  // baseline
  app_armor,
  capabilities,
  host_namespaces,
  host_path_volumes,
  host_ports,
  host_probes,
  privileged,
  proc_mount,
  selinux,
  seccomp,
  sysctls,
  windows_host_process,
  // restricted
  privilege_escalation,
  restricted_capabilities,
  restricted_proc_mount,
  restricted_volumes,
  run_as_non_root,
  run_as_user,
  restricted_seccomp,
};
inline constexpr PodControl k_first_restricted = PodControl::privilege_escalation;
// As the standards' documentation names it: "Host Namespaces".
std::string_view to_string(PodControl control);

// A control that a pod spec breaks, at the first field that does.
struct PodBreach {
  PodControl control = PodControl::app_armor;
  std::uint16_t count = 1;  // fields that break it
  Text path;                // JSON pointer, from what holds the pod's metadata and spec
  Text value;               // what stands there, or "not set"
};

// What an audit needs to know of a container to write a patch that hardens it.
enum Hardening : std::uint8_t {
  k_has_context = 1U << 0U,       // securityContext is there
  k_has_capabilities = 1U << 1U,  // and capabilities in it
  k_wants_no_escalation = 1U << 2U,
  k_wants_drop_all = 1U << 3U,
  k_wants_non_root = 1U << 4U,
  k_wants_seccomp = 1U << 5U,
};

struct PodSecurity {
  std::vector<PodBreach> breaches;       // one for each control broken, in their order
  std::vector<std::uint8_t> containers;  // Hardening, in the order of PodTemplate::containers
  std::uint8_t pod = 0;                  // the same of the pod's own securityContext
  bool debugged = false;                 // what ephemeral containers break counts, too

  [[nodiscard]] bool breaks_baseline() const {
    return !breaches.empty() && breaches.front().control < k_first_restricted;
  }
  [[nodiscard]] bool breaks_restricted() const { return !breaches.empty(); }
};

// Evaluates a pod spec; `metadata` (or null) is the pod's.
PodSecurity read_pod_security(const model::Json& spec, const model::Json* metadata,
                              TextStore& texts);
// Every host that a probe or a hook of the container calls, with its path in it.
void each_handler_host(
    const model::Json& container,
    const std::function<void(std::string_view host, const FieldPath& path)>& visit);
// Every annotation that chooses an AppArmor profile, as before Kubernetes 1.30.
void each_app_armor_annotation(
    const model::Json* metadata,
    const std::function<void(std::string_view key, std::string_view value)>& visit);

struct Service {
  Head head;
  const LabelSet* selector = nullptr;  // of its pods; empty: somebody else fills in endpoints
};

// A webhook that is called through a Service and whose failure refuses the request.
struct Webhook {
  Head head;         // the configuration's
  std::string name;  // "pods.example.com"
  std::string service_ns;
  std::string service;
  std::string resources;  // what it is asked about: "pods and deployments"
  std::uint16_t index = 0;
};

// A network policy of another API than Kubernetes' own; without a namespace it is for all.
struct ForeignPolicy {
  Head head;
};

struct SecurityFacts {
  std::vector<Service> services;
  std::vector<Webhook> webhooks;
  std::vector<ForeignPolicy> foreign_policies;
};

}  // namespace kai::audit
