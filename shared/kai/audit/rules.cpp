#include <kai/audit/rules.hpp>

#include <kai/model/names.hpp>

#include <algorithm>
#include <array>

namespace kai::audit {

std::string_view to_string(Severity severity) {
  switch (severity) {
    case Severity::error: return "error";
    case Severity::warning: return "warning";
    case Severity::info: return "info";
  }
  return "";
}

std::string_view to_string(Category category) {
  switch (category) {
    case Category::gpu_nodes: return "gpu-nodes";
    case Category::gpu_workloads: return "gpu-workloads";
    case Category::quota: return "quota";
    case Category::network: return "network";
    case Category::security: return "security";
    case Category::api: return "api";
    case Category::control_plane: return "control-plane";
    case Category::monitoring: return "monitoring";
    case Category::storage: return "storage";
    case Category::backup: return "backup";
  }
  return "";
}

// Each is defined in rules/<id>.cpp. A rule that is not in the table does not exist:
// self-registering objects in a static library are dropped by the linker.
#define KAI_AUDIT_RULES(X)                \
  X(api_deprecated)                       \
  X(api_removed)                          \
  X(backup_location_unavailable)          \
  X(backup_namespace_uncovered)           \
  X(backup_never_restored)                \
  X(backup_none)                          \
  X(backup_partial)                       \
  X(backup_stale)                         \
  X(backup_volume_uncovered)              \
  X(control_plane_single)                 \
  X(debug_pod_leftover)                   \
  X(encryption_missing)                   \
  X(encryption_weak)                      \
  X(etcd_unknown_flag)                    \
  X(gpu_admission_leftovers)              \
  X(gpu_bypass)                           \
  X(gpu_cpu_memory_unset)                 \
  X(gpu_crashloop_holder)                 \
  X(gpu_dcgm_exporter_missing)            \
  X(gpu_device_plugin_missing)            \
  X(gpu_device_plugin_stale)              \
  X(gpu_driver_skew)                      \
  X(gpu_driver_upgrade_stuck)             \
  X(gpu_fractional)                       \
  X(gpu_hpa_cpu)                          \
  X(gpu_image_floating)                   \
  X(gpu_job_no_ttl)                       \
  X(gpu_mig_strategy_mismatch)            \
  X(gpu_mig_wedged)                       \
  X(gpu_no_spread)                        \
  X(gpu_node_cpu_pods)                    \
  X(gpu_node_lost)                        \
  X(gpu_node_unlabelled)                  \
  X(gpu_node_untainted)                   \
  X(gpu_pending)                          \
  X(gpu_present_not_advertised)           \
  X(gpu_priority_none)                    \
  X(gpu_rdma_ipc_lock)                    \
  X(gpu_request_limit_mismatch)           \
  X(gpu_runtimeclass_missing)             \
  X(gpu_sharing_misconfigured)            \
  X(gpu_shm_small)                        \
  X(gpu_stranded)                         \
  X(gpu_toleration_missing)               \
  X(gpu_toolkit_vulnerable)               \
  X(gpu_withdrawn)                        \
  X(hpa_target_missing)                   \
  X(kubeflow_default_login)               \
  X(kubeflow_profile_no_quota)            \
  X(kubelet_eviction_partial)             \
  X(metrics_server_missing)               \
  X(monitoring_servicemonitor_unselected) \
  X(monitoring_unknown_gpu_metric)        \
  X(namespace_terminating)                \
  X(netpol_cuts_cluster_dns)              \
  X(netpol_dns_tcp_missing)               \
  X(netpol_missing)                       \
  X(netpol_namespace_name_label)          \
  X(netpol_no_dns)                        \
  X(netpol_selects_nothing)               \
  X(netpol_unenforced)                    \
  X(node_reserved_missing)                \
  X(pod_violates_baseline)                \
  X(pod_violates_restricted)              \
  X(priority_class_unknown)               \
  X(priority_out_of_range)                \
  X(priority_several_defaults)            \
  X(profile_drift)                        \
  X(psa_invalid_level)                    \
  X(psa_missing)                          \
  X(psa_privileged_namespace)             \
  X(quota_exhausted)                      \
  X(quota_gpu_key_inert)                  \
  X(quota_missing)                        \
  X(quota_no_defaults)                    \
  X(quota_unsatisfiable)                  \
  X(rbac_anonymous)                       \
  X(rbac_cluster_admin)                   \
  X(rbac_dangling_binding)                \
  X(rbac_default_account)                 \
  X(rbac_escalation)                      \
  X(rbac_unbound_role)                    \
  X(rbac_wildcard)                        \
  X(runtime_eol)                          \
  X(storage_local_immediate)              \
  X(storage_local_pv_node)                \
  X(storage_pv_released)                  \
  X(storage_pvc_pending)                  \
  X(version_skew)                         \
  X(webhook_failclosed_unready)

#define KAI_DECLARE_RULE(name) extern const Rule k_##name;
KAI_AUDIT_RULES(KAI_DECLARE_RULE)
#undef KAI_DECLARE_RULE

std::span<const Rule* const> all_rules() {
#define KAI_LIST_RULE(name) &k_##name,
  static constexpr std::array k_rules = {KAI_AUDIT_RULES(KAI_LIST_RULE)};
#undef KAI_LIST_RULE
  return k_rules;
}

const Rule* find_rule(std::string_view id) {
  const auto rules = all_rules();
  const auto found =
      std::find_if(rules.begin(), rules.end(), [&](const Rule* rule) { return rule->id == id; });
  return found == rules.end() ? nullptr : *found;
}

std::string no_such_rule(std::string_view id) {
  std::vector<std::string> known;
  for (const Rule* const rule : all_rules()) known.emplace_back(rule->id);
  const auto nearest = model::nearest_name(std::string(id), known);
  return "there is no rule \"" + std::string(id) + "\"" +
         (nearest ? "; did you mean \"" + *nearest + "\"?" : "");
}

const Threshold* Rule::threshold(std::string_view name) const {
  for (const Threshold& one : thresholds) {
    if (one.name == name) return &one;
  }
  return nullptr;
}

}  // namespace kai::audit
