#include "install.hpp"

#include <kai/apply/ownership.hpp>
#include <kai/audit/engine.hpp>
#include <kai/audit/kinds.hpp>

#include <algorithm>
#include <cctype>
#include <map>
#include <set>
#include <utility>

namespace kai::audit_command {
namespace {

using model::Json;
using model::Resource;

// An audit takes seconds; one that hangs must not keep the next one from running.
constexpr int k_deadline_seconds = 3600;
constexpr int k_keep_seconds = 7 * 24 * 3600;

// As Kubernetes itself guesses (meta.UnsafeGuessKindToResource). It holds for every kind that
// a rule reads: tests ask a real server, and the golden cases show the custom ones.
std::string plural_of(std::string_view kind) {
  std::string name(kind);
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (name.ends_with('s')) return name + "es";
  if (name.ends_with('y')) return name.substr(0, name.size() - 1) + "ies";
  return name + "s";
}

Json metadata(std::string_view name, std::string_view ns) {
  Json json{{"name", name}, {"labels", apply::ownership_labels(k_install_component)}};
  if (!ns.empty()) json.emplace("namespace", ns);
  return json;
}

// Roles of a cluster have no namespace, and several installations must not share one. No
// name of a namespace has a colon, so no two of these are the same.
std::string cluster_name(const InstallSpec& spec) {
  return install_name(spec) + ":" + spec.ns;
}

Json pod_spec(const InstallSpec& spec) {
  Json security{{"allowPrivilegeEscalation", false},
                {"capabilities", {{"drop", Json::array({"ALL"})}}},
                {"readOnlyRootFilesystem", true}};
  Json container{
      {"name", "audit"},
      {"image", spec.image},
      {"command", Json::array({"kubectl-ai-audit"})},
      {"args", spec.arguments},
      // What the server serves is remembered there while it runs.
      {"env", Json::array({Json{{"name", "HOME"}, {"value", "/tmp"}}})},
      {"resources",
       {{"requests", {{"cpu", "100m"}, {"memory", "64Mi"}}}, {"limits", {{"memory", "512Mi"}}}}},
      {"securityContext", std::move(security)},
      {"volumeMounts", Json::array({Json{{"name", "tmp"}, {"mountPath", "/tmp"}}})}};
  return {{"serviceAccountName", install_name(spec)},
          {"restartPolicy", "Never"},
          {"securityContext",
           {{"runAsNonRoot", true},
            {"runAsUser", 65532},
            {"seccompProfile", {{"type", "RuntimeDefault"}}}}},
          {"containers", Json::array({std::move(container)})},
          {"volumes", Json::array({Json{{"name", "tmp"}, {"emptyDir", Json::object()}}})}};
}

// Nobody has anything to say to an audit.
Resource nobody_may_call(const InstallSpec& spec) {
  return Resource(
      Json{{"apiVersion", "networking.k8s.io/v1"},
           {"kind", "NetworkPolicy"},
           {"metadata", metadata(install_name(spec), spec.ns)},
           {"spec",
            {{"podSelector", {{"matchLabels", apply::ownership_labels(k_install_component)}}},
             {"policyTypes", Json::array({"Ingress"})}}}});
}

// An audit that found something has ended as it should: it is not tried again.
Json job_spec(const InstallSpec& spec) {
  return {{"backoffLimit", 0},
          {"activeDeadlineSeconds", k_deadline_seconds},
          {"ttlSecondsAfterFinished", k_keep_seconds},
          {"template",
           {{"metadata", {{"labels", apply::ownership_labels(k_install_component)}}},
            {"spec", pod_spec(spec)}}}};
}

Resource workload(const InstallSpec& spec) {
  if (spec.schedule.empty()) {
    return Resource(Json{{"apiVersion", "batch/v1"},
                         {"kind", "Job"},
                         {"metadata", metadata(install_name(spec), spec.ns)},
                         {"spec", job_spec(spec)}});
  }
  return Resource(Json{{"apiVersion", "batch/v1"},
                       {"kind", "CronJob"},
                       {"metadata", metadata(install_name(spec), spec.ns)},
                       {"spec",
                        {{"schedule", spec.schedule},
                         {"concurrencyPolicy", "Forbid"},
                         {"jobTemplate", {{"spec", job_spec(spec)}}}}}});
}

}  // namespace

std::string install_name(const InstallSpec& spec) {
  return std::string(k_install_component) + (spec.schedule.empty() ? "-once" : "");
}

Json role_rules(std::span<const audit::Rule* const> rules) {
  const audit::KindSet kinds = audit::kinds_to_read(rules);
  std::map<std::string, std::set<std::string>> resources;
  for (const audit::KindInfo& kind : audit::all_kinds()) {
    if (!kinds.has(kind.kind)) continue;
    resources[std::string(Resource::group_of(kind.api_version))].insert(plural_of(kind.name));
  }
  Json result = Json::array();
  for (const auto& [group, names] : resources) {
    result.push_back(Json{{"apiGroups", Json::array({group})},
                          {"resources", names},
                          {"verbs", Json::array({"list"})}});
  }
  return result;
}

std::vector<Resource> install_objects(const InstallSpec& spec,
                                      std::span<const audit::Rule* const> rules) {
  const std::string role = cluster_name(spec);
  std::vector<Resource> objects;
  objects.emplace_back(Json{{"apiVersion", "v1"},
                            {"kind", "ServiceAccount"},
                            {"metadata", metadata(install_name(spec), spec.ns)}});
  objects.emplace_back(Json{{"apiVersion", "rbac.authorization.k8s.io/v1"},
                            {"kind", "ClusterRole"},
                            {"metadata", metadata(role, {})},
                            {"rules", role_rules(rules)}});
  objects.emplace_back(Json{
      {"apiVersion", "rbac.authorization.k8s.io/v1"},
      {"kind", "ClusterRoleBinding"},
      {"metadata", metadata(role, {})},
      {"roleRef",
       {{"apiGroup", "rbac.authorization.k8s.io"}, {"kind", "ClusterRole"}, {"name", role}}},
      {"subjects",
       Json::array({Json{
           {"kind", "ServiceAccount"}, {"name", install_name(spec)}, {"namespace", spec.ns}}})}});
  objects.push_back(nobody_may_call(spec));
  objects.push_back(workload(spec));
  return objects;
}

std::vector<model::ObjectRef> installed_kinds(std::string_view ns) {
  const std::string within(ns);
  return {{"batch/v1", "CronJob", within, ""},
          {"batch/v1", "Job", within, ""},
          {"networking.k8s.io/v1", "NetworkPolicy", within, ""},
          {"v1", "ServiceAccount", within, ""},
          {"rbac.authorization.k8s.io/v1", "ClusterRoleBinding", "", ""},
          {"rbac.authorization.k8s.io/v1", "ClusterRole", "", ""}};
}

bool is_installed_for(const model::ObjectRef& ref, std::string_view ns) {
  if (ns.empty()) return true;
  if (!ref.ns.empty()) return ref.ns == ns;
  return ref.name.ends_with(":" + std::string(ns));
}

}  // namespace kai::audit_command
