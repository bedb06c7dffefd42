#include "usage.hpp"

#include <kai/model/node.hpp>

#include <array>
#include <utility>

namespace kai::quota {
namespace {

using model::Json;
using model::Quantity;
using model::ResourceAmounts;

// Keys that every container has to say something about once a quota has them.
constexpr std::array<std::string_view, 6> k_compulsory = {
    "cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory"};

bool is_compute(std::string_view name) {
  return name == "cpu" || name == "memory" || name == "ephemeral-storage" ||
         name.starts_with("hugepages-");
}

// The pod's spec as if its limits were its requests, to be summed up like these.
Json limits_as_requests(const Json& spec) {
  Json copy = Json::object();
  const auto resources_of = [](const Json& from) {
    const Json* const limits = model::find_path(from, {"resources", "limits"});
    return Json{{"requests", limits == nullptr ? Json::object() : *limits}};
  };
  for (const char* const list : {"containers", "initContainers"}) {
    const Json* const containers = model::find_path(spec, {list});
    if (containers == nullptr || !containers->is_array()) continue;
    for (const Json& container : *containers) {
      Json entry{{"resources", resources_of(container)}};
      if (const Json* const policy = model::find_path(container, {"restartPolicy"})) {
        entry.emplace("restartPolicy", *policy);
      }
      copy[list].push_back(std::move(entry));
    }
  }
  if (model::find_path(spec, {"resources", "limits"}) != nullptr) {
    copy["resources"] = resources_of(spec);
  }
  return copy;
}

ResourceAmounts amounts_at(const Json& container, std::string_view part) {
  ResourceAmounts amounts;
  const Json* const json = model::find_path(container, {"resources", part});
  if (json != nullptr) amounts = model::resources_from_json(*json);
  return amounts;
}

std::vector<ContainerAmounts> containers_of(const Json& spec) {
  std::vector<ContainerAmounts> containers;
  for (const char* const list : {"initContainers", "containers"}) {
    const Json* const entries = model::find_path(spec, {list});
    if (entries == nullptr || !entries->is_array()) continue;
    for (const Json& entry : *entries) {
      ContainerAmounts container;
      container.name = model::string_at(entry, {"name"});
      container.requests = amounts_at(entry, "requests");
      container.limits = amounts_at(entry, "limits");
      for (const auto& [name, amount] : container.limits) {
        container.requests.emplace(name, amount);
      }
      containers.push_back(std::move(container));
    }
  }
  return containers;
}

}  // namespace

std::optional<PodUse> PodUse::from_json(const Json& json) {
  const std::string_view phase = model::string_at(json, {"status", "phase"});
  if (phase == "Succeeded" || phase == "Failed") return std::nullopt;
  PodUse pod;
  pod.ns = model::string_at(json, {"metadata", "namespace"});
  pod.name = model::string_at(json, {"metadata", "name"});
  if (const Json* const owners = model::find_path(json, {"metadata", "ownerReferences"})) {
    for (const Json& owner : *owners) {
      if (!model::bool_at(owner, {"controller"})) continue;
      pod.owner = std::string(model::string_at(owner, {"kind"})) + " " +
                  std::string(model::string_at(owner, {"name"}));
    }
  }
  pod.used.emplace("pods", Quantity::of(1));
  pod.used.emplace("count/pods", Quantity::of(1));
  const Json* const spec = model::find_path(json, {"spec"});
  if (spec == nullptr) return pod;
  pod.priority = model::string_at(*spec, {"priorityClassName"});
  pod.pod_level = model::find_path(*spec, {"resources"}) != nullptr;
  pod.containers = containers_of(*spec);
  for (const auto& [name, amount] : model::effective_requests(*spec)) {
    pod.used.emplace("requests." + name, amount);
    if (is_compute(name)) pod.used.emplace(name, amount);
  }
  for (const auto& [name, amount] : model::effective_requests(limits_as_requests(*spec))) {
    if (is_compute(name)) pod.used.emplace("limits." + name, amount);
  }
  return pod;
}

bool is_of_pods(std::string_view key) {
  if (key == "pods" || key == "count/pods" || is_compute(key)) return true;
  if (key == "requests.storage") return false;
  return key.starts_with("requests.") || key.starts_with("limits.");
}

ContainerAmounts with_defaults(ContainerAmounts container,
                               const std::vector<model::ContainerDefaults>& defaults) {
  for (const model::ContainerDefaults& each : defaults) {
    for (const auto& [name, amount] : each.requests) container.requests.emplace(name, amount);
    for (const auto& [name, amount] : each.limits) {
      container.limits.emplace(name, amount);
      container.requests.emplace(name, amount);
    }
  }
  return container;
}

std::string why_refused(const PodUse& pod, const ResourceAmounts& hard,
                        const std::vector<model::ContainerDefaults>& defaults) {
  for (const ContainerAmounts& own : pod.containers) {
    const ContainerAmounts container = with_defaults(own, defaults);
    for (const auto& [name, limit] : container.limits) {
      const auto request = container.requests.find(name);
      if (request == container.requests.end() || request->second <= limit) continue;
      return "container " + container.name + " requests " + name + " " +
             request->second.to_string() + ", more than the default limit " + limit.to_string();
    }
    // Requests of the pod as a whole stand in for those of its containers.
    if (pod.pod_level) continue;
    for (const std::string_view key : k_compulsory) {
      if (!hard.contains(key)) continue;
      const bool limit = key.starts_with("limits.");
      std::string_view name = key;
      if (const std::size_t dot = name.find('.'); dot != std::string_view::npos) {
        name.remove_prefix(dot + 1);
      }
      if ((limit ? container.limits : container.requests).contains(name)) continue;
      return "container " + container.name + " has no " + (limit ? "limit" : "request") + " of " +
             std::string(name) + ", which the quota of " + std::string(key) + " asks for";
    }
  }
  return {};
}

}  // namespace kai::quota
