#include <kai/audit/source/reduce.hpp>

#include <kai/audit/facts/governance.hpp>
#include <kai/audit/facts/gpu_stack.hpp>
#include <kai/audit/tables.hpp>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <utility>

namespace kai::audit {
namespace {

using model::Json;

constexpr std::string_view k_token_volume = "kube-api-access-";
constexpr std::string_view k_visible_devices = "NVIDIA_VISIBLE_DEVICES";

// The value at a path of keys, to be changed; nullptr when it is not there.
Json* at(Json& object, std::initializer_list<const char*> path) {
  Json* value = &object;
  for (const char* const key : path) {
    if (!value->is_object()) return nullptr;
    const auto found = value->find(key);
    if (found == value->end()) return nullptr;
    value = &*found;
  }
  return value;
}

void drop(Json* object, std::initializer_list<const char*> keys) {
  if (object == nullptr || !object->is_object()) return;
  for (const char* const key : keys) object->erase(key);
}

template <class Visit>
void each_of(Json& object, std::initializer_list<const char*> lists, const Visit& visit) {
  for (const char* const list : lists) {
    Json* const found = at(object, {list});
    if (found == nullptr || !found->is_array()) continue;
    for (Json& element : *found) {
      if (element.is_object()) visit(element);
    }
  }
}

// A new object with some members of another.
Json only(const Json& object, std::initializer_list<const char*> keys) {
  Json kept = Json::object();
  for (const char* const key : keys) {
    const auto found = object.find(key);
    if (found != object.end()) kept.emplace(key, *found);
  }
  return kept;
}

// Who wrote through which version of an API, and on nodes who wrote labels, and when.
void reduce_managers(Kind kind, Json& object, Json& metadata) {
  Json* const managers = at(metadata, {"managedFields"});
  if (managers == nullptr || !managers->is_array()) return;
  const std::string_view own = model::string_at(object, {"apiVersion"});
  const auto is_old = [&](std::string_view api_version) {
    return ApiTable::get().find(api_version, info(kind).name) != nullptr;
  };
  // Who wrote through an old version may have moved on since.
  const bool all = is_old(own) || std::any_of(managers->begin(), managers->end(), [&](auto& entry) {
                     return is_old(model::string_at(entry, {"apiVersion"}));
                   });
  Json kept = Json::array();
  for (const Json& entry : *managers) {
    if (!entry.is_object()) continue;
    const bool of_labels = kind == Kind::node && model::string_at(entry, {"subresource"}).empty();
    if (!all && !of_labels) continue;
    kept.push_back(only(entry, {"manager", "apiVersion", "subresource", "time"}));
  }
  if (kept.empty()) {
    metadata.erase("managedFields");
  } else {
    *managers = std::move(kept);
  }
}

void reduce_metadata(Kind kind, Json& object) {
  Json* const metadata = at(object, {"metadata"});
  if (metadata == nullptr) return;
  drop(metadata, {"uid", "resourceVersion", "generation", "selfLink"});
  reduce_managers(kind, object, *metadata);
  each_of(*metadata, {"ownerReferences"}, [](Json& owner) {
    drop(&owner, {"uid", "blockOwnerDeletion"});
  });
}

// Values of variables are long, and often secrets; where each stands matters.
void reduce_variables(Json& value) {
  if (value.is_array()) {
    for (Json& element : value) reduce_variables(element);
  }
  if (!value.is_object()) return;
  for (auto member = value.begin(); member != value.end(); ++member) {
    if (member.key() == "env" && member->is_array()) {
      for (Json& variable : *member) {
        if (model::string_at(variable, {"name"}) != k_visible_devices) variable = nullptr;
      }
    } else {
      reduce_variables(*member);
    }
  }
}

// The volume with the token has a random name in each pod.
void rename_token_volume(Json& named) {
  if (model::string_at(named, {"name"}).starts_with(k_token_volume)) named["name"] = k_token_volume;
}

bool is_made_by_daemon_set(const Json& pod) {
  const Json* const owners = model::find_path(pod, {"metadata", "ownerReferences"});
  return owners != nullptr && owners->is_array() &&
         std::any_of(owners->begin(), owners->end(), [](const Json& owner) {
           return model::bool_at(owner, {"controller"}) &&
                  model::string_at(owner, {"kind"}) == "DaemonSet";
         });
}

void reduce_pod_spec(Json& pod) {
  Json* const spec = at(pod, {"spec"});
  if (spec == nullptr) return;
  drop(spec, {"hostname"});
  if (is_made_by_daemon_set(pod)) drop(at(*spec, {"affinity"}), {"nodeAffinity"});
  each_of(*spec, {"volumes"}, &rename_token_volume);
  each_of(*spec, {"initContainers", "containers", "ephemeralContainers"},
          [](Json& container) { each_of(container, {"volumeMounts"}, &rename_token_volume); });
}

Json reduce_conditions(const Json& conditions) {
  Json kept = Json::array();
  for (const Json& condition : conditions) {
    const std::string_view type = model::string_at(condition, {"type"});
    if (type == "Ready") kept.push_back(only(condition, {"type", "status"}));
    if (type == "PodScheduled" && model::string_at(condition, {"status"}) == "False") {
      kept.push_back(only(condition, {"type", "status", "message", "lastTransitionTime"}));
    }
  }
  return kept;
}

// Containers that wait for something; those that run are not looked at.
Json reduce_container_statuses(const Json& statuses) {
  Json kept = Json::array();
  for (const Json& status : statuses) {
    if (model::string_at(status, {"state", "waiting", "reason"}).empty()) continue;
    kept.push_back(only(status, {"name", "restartCount", "state", "lastState"}));
    drop(at(kept.back(), {"state", "waiting"}), {"message"});
    drop(at(kept.back(), {"lastState", "terminated"}),
         {"containerID", "startedAt", "finishedAt", "message"});
  }
  return kept;
}

void reduce_pod_status(Json& pod) {
  Json* const status = at(pod, {"status"});
  if (status == nullptr || !status->is_object()) return;
  Json kept = only(*status, {"phase", "reason"});
  if (const Json* conditions = at(*status, {"conditions"});
      conditions != nullptr && conditions->is_array()) {
    kept["conditions"] = reduce_conditions(*conditions);
  }
  for (const char* const list : {"initContainerStatuses", "containerStatuses"}) {
    const Json* const statuses = at(*status, {list});
    if (statuses == nullptr || !statuses->is_array()) continue;
    Json waiting = reduce_container_statuses(*statuses);
    if (!waiting.empty()) kept[list] = std::move(waiting);
  }
  *status = std::move(kept);
}

// What kubelets write again and again although nothing has happened.
void reduce_node_status(Json& node) {
  Json* const status = at(node, {"status"});
  if (status == nullptr) return;
  drop(status, {"images", "volumesInUse", "volumesAttached"});
  each_of(*status, {"conditions"},
          [](Json& condition) { drop(&condition, {"lastHeartbeatTime"}); });
}

}  // namespace

void drop_last_applied(Json& object) {
  drop(at(object, {"metadata", "annotations"}),
       {"kubectl.kubernetes.io/last-applied-configuration"});
}

void keep_read_entries(Json& config_map,
                       const std::function<std::string(std::string_view)>& rename) {
  if (!config_map.is_object()) return;
  config_map.erase("binaryData");
  const auto data = config_map.find("data");
  if (data == config_map.end() || !data->is_object()) return;
  for (auto entry = data->begin(); entry != data->end();) {
    const std::string text = entry->is_string() ? entry->get<std::string>() : std::string();
    if (may_be_plugin_config(text)) {
      ++entry;
    } else if (std::string logins = keep_shipped_logins(text, rename); !logins.empty()) {
      *entry++ = std::move(logins);
    } else {
      entry = data->erase(entry);
    }
  }
}

void reduce(Kind kind, Json& object) {
  drop_last_applied(object);
  reduce_metadata(kind, object);
  switch (kind) {
    case Kind::pod:
      reduce_pod_spec(object);
      reduce_pod_status(object);
      break;
    case Kind::node: reduce_node_status(object); break;
    case Kind::config_map:
      keep_read_entries(object, [](std::string_view user) { return std::string(user); });
      break;
    default: break;
  }
  reduce_variables(object);
}

}  // namespace kai::audit
