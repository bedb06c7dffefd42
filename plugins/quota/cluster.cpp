#include "cluster.hpp"

#include <kai/apply/parallel.hpp>
#include <kai/model/gpu.hpp>
#include <kai/model/node.hpp>

#include <array>
#include <functional>
#include <utility>

namespace kai::quota {
namespace {

using model::Resource;

Result<> list(kube::Client& client, std::string_view kind, const std::string& ns,
              const std::function<void(Resource&&)>& take) {
  KAI_TRY_ASSIGN(const auto type, client.resource_type("v1", std::string(kind)));
  kube::ListOptions options;
  if (type.namespaced) options.ns = ns;
  options.metadata_only = kind == "Namespace";
  // Quotas are compared with what shall be ours.
  if (kind == "ResourceQuota" || kind == "LimitRange") {
    options.managed_fields = model::ManagedFields::all;
  }
  return client.list(type, options, [&](Resource&& object) -> Result<> {
    take(std::move(object));
    return {};
  });
}

void add_namespace(const Resource& ns, ClusterState& state) {
  state.namespaces.emplace(ns.name());
  if (model::find_path(ns.json(), {"metadata", "deletionTimestamp"}) != nullptr) {
    state.terminating.emplace(ns.name());
  }
}

Result<> read_namespaces(kube::Client& client, const std::string& ns, ClusterState& state) {
  if (ns.empty()) {
    return list(client, "Namespace", {}, [&](Resource&& object) { add_namespace(object, state); });
  }
  KAI_TRY_ASSIGN(const auto type, client.resource_type("v1", "Namespace"));
  KAI_TRY_ASSIGN(const auto found, client.get_if_exists(type, {}, ns));
  if (found) add_namespace(*found, state);
  return {};
}

// What makes the picture, and is no condition of it.
void read_if_allowed(Result<> read, std::string_view kind, ClusterState& state) {
  if (!read) state.not_read.push_back(std::string(kind) + ": " + read.error().message);
}

Result<> read_nodes(kube::Client& client, ClusterState& state) {
  model::ResourceAmounts gpus;
  KAI_TRY(list(client, "Node", {}, [&](Resource&& object) {
    const model::Node node = model::Node::from_json(object.json());
    for (const auto& [name, amount] : node.allocatable) {
      if (model::is_gpu_resource(name)) gpus[name] += amount;
    }
  }));
  state.gpus = std::move(gpus);
  return {};
}

}  // namespace

Result<ClusterState> read_quotas(kube::Client& client, const std::string& ns) {
  ClusterState state;
  std::array<Result<>, 2> read;
  apply::parallel(read.size(), [&](std::size_t i) {
    read.at(i) = list(client, i == 0 ? "ResourceQuota" : "LimitRange", ns, [&](Resource&& object) {
      (i == 0 ? state.quotas : state.limit_ranges).push_back(std::move(object));
    });
  });
  for (Result<>& result : read) KAI_TRY(std::move(result));
  return state;
}

Result<ClusterState> read_cluster(kube::Client& client, const std::string& ns) {
  ClusterState state;
  ClusterState quotas;
  std::array<Result<>, 4> read;
  apply::parallel(read.size(), [&](std::size_t i) {
    switch (i) {
      case 0: {
        auto result = read_quotas(client, ns);
        if (result) {
          quotas = *std::move(result);
        } else {
          read.at(i) = fail(std::move(result).error());
        }
        break;
      }
      case 1: read.at(i) = read_namespaces(client, ns, state); break;
      case 2:
        read.at(i) = list(client, "Pod", ns, [&](Resource&& object) {
          if (auto pod = PodUse::from_json(object.json())) state.pods.push_back(*std::move(pod));
        });
        break;
      default: read.at(i) = read_nodes(client, state); break;
    }
  });
  KAI_TRY(std::move(read[0]));
  KAI_TRY(std::move(read[1]));
  state.quotas = std::move(quotas.quotas);
  state.limit_ranges = std::move(quotas.limit_ranges);
  for (const Result<>& result : {read[2], read[3]}) {
    if (!result && result.error().code != ErrorCode::forbidden) return fail(result.error());
  }
  read_if_allowed(std::move(read[2]), "Pod", state);
  read_if_allowed(std::move(read[3]), "Node", state);
  return state;
}

}  // namespace kai::quota
