#include "proof.hpp"

#include <kai/apply/parallel.hpp>
#include <kai/model/json.hpp>

#include <map>
#include <utility>

namespace kai::policy {
namespace {

using model::Json;

constexpr std::string_view k_rbac = "rbac.authorization.k8s.io";

// Whom the API server takes the subject for.
Json identity(const model::RoleSubject& subject) {
  constexpr std::string_view k_everybody = "system:authenticated";
  if (subject.kind == "Group") return {{"groups", Json::array({subject.name, k_everybody})}};
  if (subject.kind == "ServiceAccount") {
    return {
        {"user", "system:serviceaccount:" + subject.namespace_name + ":" + subject.name},
        {"groups", Json::array({"system:serviceaccounts",
                                "system:serviceaccounts:" + subject.namespace_name, k_everybody})}};
  }
  return {{"user", subject.name}, {"groups", Json::array({k_everybody})}};
}

Json review_of(const model::RoleSubject& subject, const ProofCheck& check) {
  Json attributes{{"verb", check.verb}, {"group", check.group}};
  const auto slash = check.resource.find('/');
  attributes["resource"] = check.resource.substr(0, slash);
  if (slash != std::string::npos) attributes["subresource"] = check.resource.substr(slash + 1);
  if (!check.ns.empty()) attributes["namespace"] = check.ns;
  if (!check.name.empty()) attributes["name"] = check.name;
  Json spec = identity(subject);
  spec["resourceAttributes"] = std::move(attributes);
  return {{"apiVersion", "authorization.k8s.io/v1"},
          {"kind", "SubjectAccessReview"},
          {"spec", std::move(spec)}};
}

}  // namespace

std::string to_string(const model::RoleSubject& subject) {
  if (subject.namespace_name.empty()) return subject.kind + " " + subject.name;
  return subject.kind + " " + subject.namespace_name + "/" + subject.name;
}

std::string ProofCheck::what() const {
  std::string text = verb + " " + resource + (group.empty() ? "" : "." + group);
  if (!name.empty()) text += " " + name;
  if (!ns.empty()) return text + " in " + ns;
  const bool is_of_cluster = resource.starts_with("node") || resource.starts_with("namespace") ||
                             resource.starts_with("cluster") || resource == "users" ||
                             resource == "groups" || resource == "persistentvolumes";
  return is_of_cluster ? text : text + " in all namespaces";
}

std::vector<ProofCheck> checks_for(const Holder& holder) {
  const bool is_operator = holder.roles.contains(model::k_role_operator);
  const std::string& ns = holder.ns;
  std::vector<ProofCheck> checks;
  const auto here = [&](const char* verb, const char* group, const char* resource, bool should) {
    checks.push_back({verb, group, resource, ns, "", should});
  };
  here("create", "", "pods", true);
  here("get", "", "pods/log", true);
  here("create", "", "configmaps", true);
  here("create", "batch", "jobs", true);
  here("create", "", "pods/exec", is_operator);
  here("create", "", "secrets", is_operator);
  here("patch", "apps", "deployments", is_operator);
  // What would show more than was given, or give more than one has.
  here("get", "", "secrets", false);
  here("list", "", "secrets", false);
  here("create", "", "serviceaccounts/token", false);
  here("impersonate", "", "serviceaccounts", false);
  here("create", k_rbac.data(), "rolebindings", false);
  here("patch", k_rbac.data(), "rolebindings", false);
  here("patch", k_rbac.data(), "roles", false);
  here("escalate", k_rbac.data(), "roles", false);
  here("bind", k_rbac.data(), "roles", false);
  // What limits the namespace.
  here("patch", "", "resourcequotas", false);
  here("delete", "", "limitranges", false);
  here("delete", "networking.k8s.io", "networkpolicies", false);
  checks.push_back({"patch", "", "namespaces", "", ns, false});
  const auto outside = [&](const char* verb, const char* group, const char* resource,
                           const char* other = "") {
    checks.push_back({verb, group, resource, other, "", false});
  };
  outside("list", "", "pods");
  outside("create", "", "pods");
  outside("list", "", "secrets");
  outside("get", "", "nodes/proxy");
  outside("patch", "", "nodes");
  outside("create", "", "namespaces");
  outside("create", "", "persistentvolumes");
  outside("create", k_rbac.data(), "clusterrolebindings");
  outside("impersonate", "", "users");
  outside("impersonate", "", "groups");
  outside("create", "", "pods", "kube-system");
  outside("get", "", "secrets", "kube-system");
  if (ns != "default") outside("create", "", "pods", "default");
  return checks;
}

std::vector<const ProofAnswer*> Proof::wrong() const {
  std::vector<const ProofAnswer*> found;
  for (const ProofAnswer& answer : answers) {
    if (answer.allowed != answer.check.should) found.push_back(&answer);
  }
  return found;
}

Result<std::vector<Proof>> prove(kube::Client& client, std::vector<Holder> holders) {
  struct Asked {
    std::size_t proof;
    ProofCheck check;
    Result<model::Resource> answer;
  };
  std::vector<Proof> proofs;
  std::vector<Asked> questions;
  for (Holder& holder : holders) {
    for (ProofCheck& check : checks_for(holder)) {
      questions.push_back({proofs.size(), std::move(check), model::Resource()});
    }
    proofs.push_back({std::move(holder), {}, {}});
  }
  apply::parallel(questions.size(), [&](std::size_t i) {
    Asked& question = questions[i];
    // A review changes nothing, so it may be asked again.
    question.answer = client.create(
        model::Resource(review_of(proofs[question.proof].holder.subject, question.check)),
        kube::DryRun::none, kube::Repeat::yes);
  });
  for (Asked& question : questions) {
    Proof& proof = proofs[question.proof];
    if (!question.answer) {
      if (question.answer.error().code != ErrorCode::forbidden) {
        return fail(std::move(question.answer).error());
      }
      proof.not_asked = question.answer.error().message;
      continue;
    }
    const Json& json = question.answer->json();
    proof.answers.push_back({std::move(question.check), model::bool_at(json, {"status", "allowed"}),
                             std::string(model::string_at(json, {"status", "reason"}))});
  }
  return proofs;
}

}  // namespace kai::policy
