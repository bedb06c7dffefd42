// The kinds of objects that rules read, and how they are read live.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string_view>

namespace kai::audit {

// In the order in which a live audit asks for them: the largest list first.
enum class Kind : std::uint8_t {
  pod,
  node,
  name_space,
  resource_quota,
  network_policy,
  deployment,
  stateful_set,
  daemon_set,
  job,
  cron_job,
  replication_controller,
  role,
  role_binding,
  prometheus_rule,
  ingress,
  horizontal_pod_autoscaler,
  pod_disruption_budget,
  persistent_volume_claim,
  persistent_volume,
  storage_class,
  velero_backup,
  velero_schedule,
  velero_location,
  velero_restore,
  service_monitor,
  prometheus,
  prometheus_agent,
  api_service,
  cluster_role,
  cluster_role_binding,
  service,
  validating_webhooks,
  mutating_webhooks,
  cilium_policy,
  cilium_cluster_policy,
  calico_policy,
  calico_global_policy,
  calico_v3_policy,
  calico_v3_global_policy,
  admin_policy,
  baseline_admin_policy,
  cluster_network_policy,
  config_map,
  runtime_class,
  limit_range,
  priority_class,
  kubeflow_profile,
  count_,
};
inline constexpr std::size_t k_kind_count = static_cast<std::size_t>(Kind::count_);

class KindSet {
 public:
  constexpr KindSet() = default;
  constexpr KindSet(std::initializer_list<Kind> kinds) {
    for (const Kind kind : kinds) add(kind);
  }
  constexpr void add(Kind kind) { m_bits |= bit(kind); }
  constexpr void add(const KindSet& more) { m_bits |= more.m_bits; }
  [[nodiscard]] constexpr bool has(Kind kind) const { return (m_bits & bit(kind)) != 0; }
  [[nodiscard]] constexpr bool empty() const { return m_bits == 0; }
  friend constexpr KindSet operator|(KindSet a, const KindSet& b) {
    a.add(b);
    return a;
  }

 private:
  static constexpr std::uint64_t bit(Kind kind) {
    return std::uint64_t{1} << static_cast<unsigned>(kind);
  }
  std::uint64_t m_bits = 0;
};
static_assert(k_kind_count <= 64);

enum class KindScope { cluster, namespaced };
// Whether every server serves the kind, or only with its CRD: then a server without
// it has no such objects, which is an answer and not a gap.
enum class Presence { built_in, custom };
// metadata: only metadata is asked for, as no rule looks at the rest.
enum class Reading { full, metadata };

struct KindInfo {
  Kind kind;
  std::string_view api_version;
  std::string_view name;  // "Pod"
  KindScope scope;
  Presence presence = Presence::built_in;
  Reading reading = Reading::full;
  int page = 0;  // objects a page at most, where they can be large; 0: no matter
};

std::span<const KindInfo> all_kinds();
const KindInfo& info(Kind kind);
// By the kind's name and API group, of any version.
std::optional<Kind> kind_of(std::string_view api_version, std::string_view name);

// The kinds that say what pods run: those with a template, and pods. ReplicaSets are
// not listed live: they are ten old revisions to each that runs, and their pods or
// their Deployment say the same.
inline constexpr KindSet k_workload_kinds = {
    Kind::pod, Kind::deployment, Kind::stateful_set,          Kind::daemon_set,
    Kind::job, Kind::cron_job,   Kind::replication_controller};

// Network policies of other APIs: where there are some, NetworkPolicies alone do not say
// what is let through.
inline constexpr KindSet k_foreign_policies = {
    Kind::cilium_policy,        Kind::cilium_cluster_policy, Kind::calico_policy,
    Kind::calico_global_policy, Kind::calico_v3_policy,      Kind::calico_v3_global_policy,
    Kind::admin_policy,         Kind::baseline_admin_policy, Kind::cluster_network_policy};

}  // namespace kai::audit
