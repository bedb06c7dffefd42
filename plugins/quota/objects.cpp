#include "objects.hpp"

#include <kai/apply/ownership.hpp>

#include <utility>

namespace kai::quota {
namespace {

using model::Json;

Json amounts_json(const model::ResourceAmounts& amounts) {
  Json json = Json::object();
  for (const auto& [name, amount] : amounts) json.emplace(name, amount.to_string());
  return json;
}

model::Resource object(std::string_view kind, const std::string& ns, const std::string& name,
                       Json spec) {
  return model::Resource(
      Json{{"apiVersion", "v1"},
           {"kind", kind},
           {"metadata",
            {{"name", name}, {"namespace", ns}, {"labels", apply::ownership_labels(k_component)}}},
           {"spec", std::move(spec)}});
}

}  // namespace

std::string quota_name(std::string_view priority) {
  return priority.empty() ? "kubectl-ai" : "kubectl-ai-priority-" + std::string(priority);
}

std::vector<model::Resource> objects_of(const Wanted& wanted) {
  std::vector<model::Resource> objects;
  for (const auto& [priority, hard] : wanted.quotas) {
    Json spec{{"hard", amounts_json(hard)}};
    if (!priority.empty()) {
      spec["scopeSelector"]["matchExpressions"] = Json::array(
          {{{"scopeName", "PriorityClass"}, {"operator", "In"}, {"values", {priority}}}});
    }
    objects.push_back(object("ResourceQuota", wanted.ns, quota_name(priority), std::move(spec)));
  }
  if (wanted.defaults) {
    Json limits{{"type", "Container"}};
    if (!wanted.defaults->limits.empty()) {
      limits.emplace("default", amounts_json(wanted.defaults->limits));
    }
    // Without a request of its own a container asks for its limit: the server fills that in.
    model::ResourceAmounts requests = wanted.defaults->requests;
    for (const auto& [name, amount] : wanted.defaults->limits) requests.emplace(name, amount);
    if (!requests.empty()) limits.emplace("defaultRequest", amounts_json(requests));
    objects.push_back(object("LimitRange", wanted.ns, quota_name({}),
                             {{"limits", Json::array({std::move(limits)})}}));
  }
  return objects;
}

}  // namespace kai::quota
