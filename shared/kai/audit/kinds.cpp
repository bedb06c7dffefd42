#include <kai/audit/kinds.hpp>

#include <kai/model/resource.hpp>

#include <array>

namespace kai::audit {
namespace {

constexpr std::array<KindInfo, k_kind_count> k_kinds = {{
    {Kind::pod, "v1", "Pod", KindScope::namespaced},
    {Kind::node, "v1", "Node", KindScope::cluster, Presence::built_in, Reading::full, 100},
    {Kind::name_space, "v1", "Namespace", KindScope::cluster},
    {Kind::resource_quota, "v1", "ResourceQuota", KindScope::namespaced},
    {Kind::network_policy, "networking.k8s.io/v1", "NetworkPolicy", KindScope::namespaced},
    {Kind::deployment, "apps/v1", "Deployment", KindScope::namespaced},
    {Kind::stateful_set, "apps/v1", "StatefulSet", KindScope::namespaced},
    {Kind::daemon_set, "apps/v1", "DaemonSet", KindScope::namespaced},
    {Kind::job, "batch/v1", "Job", KindScope::namespaced},
    {Kind::cron_job, "batch/v1", "CronJob", KindScope::namespaced},
    {Kind::replication_controller, "v1", "ReplicationController", KindScope::namespaced},
    {Kind::role, "rbac.authorization.k8s.io/v1", "Role", KindScope::namespaced},
    {Kind::role_binding, "rbac.authorization.k8s.io/v1", "RoleBinding", KindScope::namespaced},
    {Kind::prometheus_rule, "monitoring.coreos.com/v1", "PrometheusRule", KindScope::namespaced,
     Presence::custom},
    {Kind::ingress, "networking.k8s.io/v1", "Ingress", KindScope::namespaced, Presence::built_in,
     Reading::metadata},
    {Kind::horizontal_pod_autoscaler, "autoscaling/v2", "HorizontalPodAutoscaler",
     KindScope::namespaced},
    {Kind::pod_disruption_budget, "policy/v1", "PodDisruptionBudget", KindScope::namespaced,
     Presence::built_in, Reading::metadata},
    {Kind::persistent_volume_claim, "v1", "PersistentVolumeClaim", KindScope::namespaced},
    {Kind::persistent_volume, "v1", "PersistentVolume", KindScope::cluster},
    {Kind::storage_class, "storage.k8s.io/v1", "StorageClass", KindScope::cluster},
    {Kind::velero_backup, "velero.io/v1", "Backup", KindScope::namespaced, Presence::custom},
    {Kind::velero_schedule, "velero.io/v1", "Schedule", KindScope::namespaced, Presence::custom},
    {Kind::velero_location, "velero.io/v1", "BackupStorageLocation", KindScope::namespaced,
     Presence::custom},
    {Kind::velero_restore, "velero.io/v1", "Restore", KindScope::namespaced, Presence::custom},
    {Kind::service_monitor, "monitoring.coreos.com/v1", "ServiceMonitor", KindScope::namespaced,
     Presence::custom, Reading::metadata},
    {Kind::prometheus, "monitoring.coreos.com/v1", "Prometheus", KindScope::namespaced,
     Presence::custom},
    {Kind::prometheus_agent, "monitoring.coreos.com/v1alpha1", "PrometheusAgent",
     KindScope::namespaced, Presence::custom},
    {Kind::api_service, "apiregistration.k8s.io/v1", "APIService", KindScope::cluster},
    {Kind::cluster_role, "rbac.authorization.k8s.io/v1", "ClusterRole", KindScope::cluster},
    {Kind::cluster_role_binding, "rbac.authorization.k8s.io/v1", "ClusterRoleBinding",
     KindScope::cluster},
    {Kind::service, "v1", "Service", KindScope::namespaced},
    {Kind::validating_webhooks, "admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration",
     KindScope::cluster},
    {Kind::mutating_webhooks, "admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration",
     KindScope::cluster},
    {Kind::cilium_policy, "cilium.io/v2", "CiliumNetworkPolicy", KindScope::namespaced,
     Presence::custom, Reading::metadata},
    {Kind::cilium_cluster_policy, "cilium.io/v2", "CiliumClusterwideNetworkPolicy",
     KindScope::cluster, Presence::custom, Reading::metadata},
    {Kind::calico_policy, "crd.projectcalico.org/v1", "NetworkPolicy", KindScope::namespaced,
     Presence::custom, Reading::metadata},
    {Kind::calico_global_policy, "crd.projectcalico.org/v1", "GlobalNetworkPolicy",
     KindScope::cluster, Presence::custom, Reading::metadata},
    {Kind::calico_v3_policy, "projectcalico.org/v3", "NetworkPolicy", KindScope::namespaced,
     Presence::custom, Reading::metadata},
    {Kind::calico_v3_global_policy, "projectcalico.org/v3", "GlobalNetworkPolicy",
     KindScope::cluster, Presence::custom, Reading::metadata},
    {Kind::admin_policy, "policy.networking.k8s.io/v1alpha1", "AdminNetworkPolicy",
     KindScope::cluster, Presence::custom, Reading::metadata},
    {Kind::baseline_admin_policy, "policy.networking.k8s.io/v1alpha1", "BaselineAdminNetworkPolicy",
     KindScope::cluster, Presence::custom, Reading::metadata},
    {Kind::cluster_network_policy, "policy.networking.k8s.io/v1alpha2", "ClusterNetworkPolicy",
     KindScope::cluster, Presence::custom, Reading::metadata},
    {Kind::config_map, "v1", "ConfigMap", KindScope::namespaced, Presence::built_in, Reading::full,
     50},
    {Kind::runtime_class, "node.k8s.io/v1", "RuntimeClass", KindScope::cluster},
    {Kind::limit_range, "v1", "LimitRange", KindScope::namespaced},
    {Kind::priority_class, "scheduling.k8s.io/v1", "PriorityClass", KindScope::cluster},
    {Kind::kubeflow_profile, "kubeflow.org/v1", "Profile", KindScope::cluster, Presence::custom},
}};

}  // namespace

std::span<const KindInfo> all_kinds() {
  return k_kinds;
}

const KindInfo& info(Kind kind) {
  return k_kinds.at(static_cast<std::size_t>(kind));
}

std::optional<Kind> kind_of(std::string_view api_version, std::string_view name) {
  for (const KindInfo& kind : k_kinds) {
    if (kind.name != name) continue;
    const std::string_view group = model::Resource::group_of(api_version);
    const std::string_view home = model::Resource::group_of(kind.api_version);
    // Deployments, DaemonSets, Ingresses and NetworkPolicies began in "extensions".
    if (group == home || group == "extensions") return kind.kind;
  }
  return std::nullopt;
}

}  // namespace kai::audit
