#include <kai/audit/facts/gpu.hpp>
#include <kai/audit/facts/reader.hpp>
#include <kai/audit/facts/time.hpp>

#include <algorithm>

namespace kai::audit {
namespace {

using model::Json;

std::vector<Text> read_texts(const Json& object, std::string_view key, TextStore& texts) {
  std::vector<Text> result;
  for (const Json& value : array_at(object, {key})) {
    if (value.is_string()) result.push_back(texts.intern(value.get_ref<const std::string&>()));
  }
  return result;
}

bool is_bootstrap(const Head& head) {
  return head.labels->has("kubernetes.io/bootstrapping") || head.name.view().starts_with("system:");
}

// "pods, deployments and 2 more"
std::string resources_of(const Json& webhook) {
  std::vector<std::string> names;
  for (const Json& rule : array_at(webhook, {"rules"})) {
    for (const Json& resource : array_at(rule, {"resources"})) {
      if (!resource.is_string()) continue;
      std::string name = resource.get<std::string>();
      if (name == "*" || name == "*/*") return "everything";
      if (std::find(names.begin(), names.end(), name) == names.end()) {
        names.push_back(std::move(name));
      }
    }
  }
  return list_names(names);
}

}  // namespace

Role read_role(const Json& object, const Head& head, TextStore& texts) {
  Role role{head, {}, is_bootstrap(head)};
  if (role.bootstrap) return role;
  std::uint16_t index = 0;
  for (const Json& json : array_at(object, {"rules"})) {
    RoleRule rule;
    rule.index = index++;
    rule.resources = read_texts(json, "resources", texts);
    if (rule.resources.empty()) continue;
    rule.verbs = read_texts(json, "verbs", texts);
    rule.groups = read_texts(json, "apiGroups", texts);
    rule.named = !array_at(json, {"resourceNames"}).empty();
    role.rules.push_back(std::move(rule));
  }
  return role;
}

RoleBinding read_role_binding(const Json& object, const Head& head, TextStore& texts) {
  RoleBinding binding;
  binding.head = head;
  binding.bootstrap = is_bootstrap(head);
  binding.role_kind = texts.intern(model::string_at(object, {"roleRef", "kind"}));
  binding.role_name = texts.intern(model::string_at(object, {"roleRef", "name"}));
  std::uint16_t index = 0;
  for (const Json& json : array_at(object, {"subjects"})) {
    RoleSubject subject;
    subject.index = index++;
    subject.kind = texts.intern(model::string_at(json, {"kind"}));
    subject.name = texts.intern(model::string_at(json, {"name"}));
    subject.ns = texts.intern(model::string_at(json, {"namespace"}));
    binding.subjects.push_back(subject);
  }
  return binding;
}

Namespace read_namespace(const Json& object, const Head& head) {
  Namespace found;
  found.head = head;
  found.terminating =
      head.deleting || model::string_at(object, {"status", "phase"}) == "Terminating";
  if (!found.terminating) return found;
  found.deleting_since = parse_time(model::string_at(object, {"metadata", "deletionTimestamp"}));
  for (const Json& condition : array_at(object, {"status", "conditions"})) {
    if (model::string_at(condition, {"status"}) != "True") continue;
    const std::string_view message = model::string_at(condition, {"message"});
    found.held_by.emplace_back(message.empty() ? model::string_at(condition, {"type"}) : message);
  }
  for (const Json& finalizer : array_at(object, {"spec", "finalizers"})) {
    if (finalizer.is_string() && finalizer.get_ref<const std::string&>() != "kubernetes") {
      found.held_by.push_back("finalizer " + finalizer.get<std::string>() + " of the namespace");
    }
  }
  return found;
}

Service read_service(const Json& object, const Head& head, TextStore& texts) {
  return {head, texts.intern_labels(model::find_path(object, {"spec", "selector"}))};
}

void read_webhooks(const Json& object, const Head& head, std::vector<Webhook>& webhooks) {
  // Before v1 a webhook that did not say let requests pass.
  const bool closed_by_default = head.api_version == "admissionregistration.k8s.io/v1";
  std::uint16_t index = 0;
  for (const Json& json : array_at(object, {"webhooks"})) {
    const std::uint16_t at = index++;
    const std::string_view policy = model::string_at(json, {"failurePolicy"});
    if (policy.empty() ? !closed_by_default : policy != "Fail") continue;
    const std::string_view service = model::string_at(json, {"clientConfig", "service", "name"});
    if (service.empty()) continue;
    Webhook webhook;
    webhook.head = head;
    webhook.index = at;
    webhook.name = model::string_at(json, {"name"});
    webhook.service = service;
    webhook.service_ns = model::string_at(json, {"clientConfig", "service", "namespace"});
    webhook.resources = resources_of(json);
    webhooks.push_back(std::move(webhook));
  }
}

}  // namespace kai::audit
