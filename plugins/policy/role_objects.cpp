#include "role_objects.hpp"

#include "plan.hpp"

#include <kai/apply/ownership.hpp>

#include <string>
#include <utility>

namespace kai::policy {
namespace {

using model::Json;
using Words = std::vector<std::string>;

constexpr std::string_view k_rbac = "rbac.authorization.k8s.io";
constexpr std::string_view k_rbac_api = "rbac.authorization.k8s.io/v1";

Words read() {
  return {"get", "list", "watch"};
}
Words make() {
  return {"get", "list", "watch", "create", "delete"};
}
Words change() {
  return {"create", "update", "patch", "delete"};
}
Words all() {
  return {"get", "list", "watch", "create", "update", "patch", "delete"};
}

// Custom resources that run GPU work; a group that a cluster does not have grants nothing.
Words job_groups() {
  return {"kubeflow.org",    "trainer.kubeflow.org", "ray.io",
          "jobset.x-k8s.io", "batch.volcano.sh",     "leaderworkerset.x-k8s.io"};
}
Words job_kinds() {
  return {"notebooks",   "pytorchjobs", "tfjobs",    "mpijobs",         "xgboostjobs",
          "paddlejobs",  "jaxjobs",     "trainjobs", "rayclusters",     "rayjobs",
          "rayservices", "jobsets",     "jobs",      "leaderworkersets"};
}

Json rule(const Words& groups, const Words& resources, const Words& verbs) {
  return {{"apiGroups", Json(groups)}, {"resources", Json(resources)}, {"verbs", Json(verbs)}};
}

// Runs jobs and notebooks and reads what they write.
Json researcher_rules() {
  return Json::array({
      rule({""}, {"pods"}, make()),
      rule({""}, {"pods/log"}, {"get"}),
      // A notebook is used through it; it reaches pods of the namespace alone.
      rule({""}, {"pods/portforward"}, {"create"}),
      rule({""}, {"configmaps", "persistentvolumeclaims"}, all()),
      rule({""}, {"events", "services", "serviceaccounts", "resourcequotas", "limitranges"},
           read()),
      rule({"batch"}, {"jobs"}, all()),
      rule({"batch"}, {"cronjobs"}, read()),
      rule({"apps"}, {"deployments", "replicasets", "statefulsets", "daemonsets"}, read()),
      rule({"networking.k8s.io"}, {"networkpolicies", "ingresses"}, read()),
      rule(job_groups(), job_kinds(), all()),
      rule({"kueue.x-k8s.io"}, {"localqueues", "workloads"}, read()),
  });
}

// Runs services of the namespace besides, and looks into its pods.
Json operator_rules() {
  Json rules = researcher_rules();
  for (Json& more : std::vector<Json>{
           rule({""}, {"pods"}, {"update", "patch"}),
           rule({""}, {"pods/exec", "pods/attach", "pods/eviction"}, {"create"}),
           rule({""}, {"services"}, change()),
           // Written, never read: the answer to an update or a patch would show what it holds.
           rule({""}, {"secrets"}, {"create", "delete"}),
           rule({"batch"}, {"cronjobs"}, change()),
           rule({"apps"}, {"deployments", "statefulsets"}, change()),
           rule({"apps"}, {"deployments/scale", "statefulsets/scale"}, {"get", "update", "patch"}),
           rule({"autoscaling"}, {"horizontalpodautoscalers"}, all()),
           rule({"policy"}, {"poddisruptionbudgets"}, all()),
           rule({"networking.k8s.io"}, {"ingresses"}, change()),
       }) {
    rules.push_back(std::move(more));
  }
  return rules;
}

Json metadata(const Wanted& wanted, const std::string& name) {
  return {
      {"name", name}, {"namespace", wanted.ns}, {"labels", apply::ownership_labels(k_component)}};
}

Json subject_json(const model::RoleSubject& subject) {
  Json json{{"kind", subject.kind}, {"name", subject.name}};
  if (subject.kind == "ServiceAccount") {
    json["namespace"] = subject.namespace_name;
  } else {
    json["apiGroup"] = k_rbac;
  }
  return json;
}

}  // namespace

std::vector<model::Resource> role_objects(const Wanted& wanted) {
  std::vector<model::Resource> objects;
  for (const model::RoleProfile& role : wanted.roles) {
    Json rules = role.name == model::k_role_operator ? operator_rules() : researcher_rules();
    objects.emplace_back(Json{{"apiVersion", k_rbac_api},
                              {"kind", "Role"},
                              {"metadata", metadata(wanted, role.name)},
                              {"rules", std::move(rules)}});
    Json subjects = Json::array();
    for (const model::RoleSubject& subject : role.subjects) {
      subjects.push_back(subject_json(subject));
    }
    objects.emplace_back(
        Json{{"apiVersion", k_rbac_api},
             {"kind", "RoleBinding"},
             {"metadata", metadata(wanted, role.name)},
             {"roleRef", {{"apiGroup", k_rbac}, {"kind", "Role"}, {"name", role.name}}},
             {"subjects", std::move(subjects)}});
  }
  return objects;
}

}  // namespace kai::policy
