#include <kai/kube/builtin_resources.hpp>
#include <kai/kube/catalog.hpp>

#include <algorithm>
#include <string_view>
#include <vector>

namespace kai::kube {

namespace {

enum class Scope { cluster, ns };

struct Row {
  std::string_view group;
  std::string_view version;
  std::string_view kind;
  std::string_view plural;
  Scope scope;
  std::string_view short_names;  // separated by spaces
};

constexpr std::string_view k_admission = "admissionregistration.k8s.io";
constexpr std::string_view k_rbac = "rbac.authorization.k8s.io";
constexpr std::string_view k_storage = "storage.k8s.io";
constexpr std::string_view k_authorization = "authorization.k8s.io";

// Served by Kubernetes 1.25 and later, as of 1.37, and deprecated in none of them.
constexpr Row k_rows[] = {
    {"", "v1", "ConfigMap", "configmaps", Scope::ns, "cm"},
    {"", "v1", "Endpoints", "endpoints", Scope::ns, "ep"},
    {"", "v1", "Event", "events", Scope::ns, "ev"},
    {"", "v1", "LimitRange", "limitranges", Scope::ns, "limits"},
    {"", "v1", "Namespace", "namespaces", Scope::cluster, "ns"},
    {"", "v1", "Node", "nodes", Scope::cluster, "no"},
    {"", "v1", "PersistentVolumeClaim", "persistentvolumeclaims", Scope::ns, "pvc"},
    {"", "v1", "PersistentVolume", "persistentvolumes", Scope::cluster, "pv"},
    {"", "v1", "Pod", "pods", Scope::ns, "po"},
    {"", "v1", "PodTemplate", "podtemplates", Scope::ns, ""},
    {"", "v1", "ReplicationController", "replicationcontrollers", Scope::ns, "rc"},
    {"", "v1", "ResourceQuota", "resourcequotas", Scope::ns, "quota"},
    {"", "v1", "Secret", "secrets", Scope::ns, ""},
    {"", "v1", "ServiceAccount", "serviceaccounts", Scope::ns, "sa"},
    {"", "v1", "Service", "services", Scope::ns, "svc"},
    {"apiregistration.k8s.io", "v1", "APIService", "apiservices", Scope::cluster, ""},
    {"apps", "v1", "ControllerRevision", "controllerrevisions", Scope::ns, ""},
    {"apps", "v1", "DaemonSet", "daemonsets", Scope::ns, "ds"},
    {"apps", "v1", "Deployment", "deployments", Scope::ns, "deploy"},
    {"apps", "v1", "ReplicaSet", "replicasets", Scope::ns, "rs"},
    {"apps", "v1", "StatefulSet", "statefulsets", Scope::ns, "sts"},
    {"events.k8s.io", "v1", "Event", "events", Scope::ns, "ev"},
    {k_authorization, "v1", "LocalSubjectAccessReview", "localsubjectaccessreviews", Scope::ns, ""},
    {k_authorization, "v1", "SelfSubjectAccessReview", "selfsubjectaccessreviews", Scope::cluster,
     ""},
    {k_authorization, "v1", "SelfSubjectRulesReview", "selfsubjectrulesreviews", Scope::cluster,
     ""},
    {k_authorization, "v1", "SubjectAccessReview", "subjectaccessreviews", Scope::cluster, ""},
    {"autoscaling", "v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers", Scope::ns, "hpa"},
    {"autoscaling", "v1", "HorizontalPodAutoscaler", "horizontalpodautoscalers", Scope::ns, "hpa"},
    {"batch", "v1", "CronJob", "cronjobs", Scope::ns, "cj"},
    {"batch", "v1", "Job", "jobs", Scope::ns, ""},
    {"certificates.k8s.io", "v1", "CertificateSigningRequest", "certificatesigningrequests",
     Scope::cluster, "csr"},
    {"networking.k8s.io", "v1", "IngressClass", "ingressclasses", Scope::cluster, ""},
    {"networking.k8s.io", "v1", "Ingress", "ingresses", Scope::ns, "ing"},
    {"networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies", Scope::ns, "netpol"},
    {"policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets", Scope::ns, "pdb"},
    {k_rbac, "v1", "ClusterRoleBinding", "clusterrolebindings", Scope::cluster, ""},
    {k_rbac, "v1", "ClusterRole", "clusterroles", Scope::cluster, ""},
    {k_rbac, "v1", "RoleBinding", "rolebindings", Scope::ns, ""},
    {k_rbac, "v1", "Role", "roles", Scope::ns, ""},
    {k_storage, "v1", "CSIDriver", "csidrivers", Scope::cluster, ""},
    {k_storage, "v1", "CSINode", "csinodes", Scope::cluster, ""},
    {k_storage, "v1", "CSIStorageCapacity", "csistoragecapacities", Scope::ns, ""},
    {k_storage, "v1", "StorageClass", "storageclasses", Scope::cluster, "sc"},
    {k_storage, "v1", "VolumeAttachment", "volumeattachments", Scope::cluster, ""},
    {k_admission, "v1", "MutatingWebhookConfiguration", "mutatingwebhookconfigurations",
     Scope::cluster, ""},
    {k_admission, "v1", "ValidatingWebhookConfiguration", "validatingwebhookconfigurations",
     Scope::cluster, ""},
    {"apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions",
     Scope::cluster, "crd crds"},
    {"scheduling.k8s.io", "v1", "PriorityClass", "priorityclasses", Scope::cluster, "pc"},
    {"coordination.k8s.io", "v1", "Lease", "leases", Scope::ns, ""},
    {"node.k8s.io", "v1", "RuntimeClass", "runtimeclasses", Scope::cluster, ""},
    {"discovery.k8s.io", "v1", "EndpointSlice", "endpointslices", Scope::ns, ""},
};

std::vector<ResourceType> make_resources() {
  std::vector<ResourceType> resources;
  for (const Row& row : k_rows) {
    ResourceType type;
    type.group = row.group;
    type.version = row.version;
    type.kind = row.kind;
    type.plural = row.plural;
    type.namespaced = row.scope == Scope::ns;
    type.singular = row.kind;
    for (char& c : type.singular) {
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    // Reviews are asked and answered, never stored.
    if (row.group == k_authorization) {
      type.verbs = {"create"};
    } else {
      type.verbs = {"create", "delete", "deletecollection", "get",
                    "list",   "patch",  "update",           "watch"};
    }
    for (std::string_view rest = row.short_names; !rest.empty();) {
      const auto end = std::min(rest.find(' '), rest.size());
      type.short_names.emplace_back(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    resources.push_back(std::move(type));
  }
  return resources;
}

}  // namespace

std::span<const ResourceType> builtin_resources() {
  static const std::vector<ResourceType> k_resources = make_resources();
  return k_resources;
}

const ResourceType* find_builtin(std::string_view word) {
  return find_word(builtin_resources(), word);
}

}  // namespace kai::kube
