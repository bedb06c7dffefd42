#include <kai/audit/kinds.hpp>

#include <kai/model/resource.hpp>

#include <array>

namespace kai::audit {
namespace {

constexpr std::array<KindInfo, k_kind_count> k_kinds = {{
    {Kind::pod, "v1", "Pod", KindScope::namespaced},
    {Kind::node, "v1", "Node", KindScope::cluster},
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
    {Kind::config_map, "v1", "ConfigMap", KindScope::namespaced},
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
