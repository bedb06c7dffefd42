#include "facts.hpp"

#include <kai/apply/parallel.hpp>
#include <kai/model/scheduling.hpp>

#include <algorithm>
#include <functional>

namespace kai::gpu {

namespace {

using model::Resource;

// Keeps a 403 as a sentence; anything else stays an error.
Result<> allow_forbidden(Result<> read, std::string_view what, std::vector<std::string>& not_read) {
  if (read) return {};
  if (read.error().code != ErrorCode::forbidden) return read;
  not_read.push_back(std::string(what) + ": " + read.error().message);
  return {};
}

Result<> read_nodes(kube::Client& client, std::vector<model::Node>& nodes) {
  KAI_TRY_ASSIGN(const auto type, client.resource_type("v1", "Node"));
  KAI_TRY(client.list(type, {}, [&](Resource&& object) -> Result<> {
    nodes.push_back(model::Node::from_json(object.json()));
    return {};
  }));
  std::sort(nodes.begin(), nodes.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  return {};
}

Result<> read_pods(kube::Client& client, PodsOf wanted, std::vector<model::Pod>& pods) {
  KAI_TRY_ASSIGN(const auto type, client.resource_type("v1", "Pod"));
  kube::ListOptions options;
  // Finished pods hold nothing; pods without a node hold nothing yet.
  options.field_selector = "spec.nodeName!=,status.phase!=Succeeded,status.phase!=Failed";
  return client.list(type, options, [&](Resource&& object) -> Result<> {
    model::Pod pod = model::Pod::from_json(object.json());
    if (wanted == PodsOf::every_node || pod.gpus() > 0 || is_plugin_pod(pod)) {
      pods.push_back(std::move(pod));
    }
    return {};
  });
}

Result<> read_daemon_sets(kube::Client& client, std::vector<DaemonSet>& sets) {
  KAI_TRY_ASSIGN(const auto type, client.resource_type("apps/v1", "DaemonSet"));
  return client.list(type, {}, [&](Resource&& object) -> Result<> {
    sets.push_back(DaemonSet::from_json(object.json()));
    return {};
  });
}

Result<> read_cluster_policy(kube::Client& client, bool& exists) {
  const auto type = client.resource_type("nvidia.com/v1", "ClusterPolicy");
  if (!type) {
    if (type.error().code == ErrorCode::not_found) return {};
    return fail(type.error());
  }
  kube::ListOptions options;
  options.metadata_only = true;
  return client.list(*type, options, [&](Resource&&) -> Result<> {
    exists = true;
    return {};
  });
}

}  // namespace

bool is_plugin_pod(const model::Pod& pod) {
  return pod.owner_kind == "DaemonSet" && (pod.name.find("device-plugin") != std::string::npos ||
                                           pod.name.find("hami") != std::string::npos);
}

const model::Node* ClusterFacts::node(std::string_view name) const {
  const auto found = std::lower_bound(
      nodes.begin(), nodes.end(), name,
      [](const model::Node& node, std::string_view wanted) { return node.name < wanted; });
  return found != nodes.end() && found->name == name ? &*found : nullptr;
}

std::vector<std::string> ClusterFacts::node_names() const {
  std::vector<std::string> names;
  for (const model::Node& node : nodes) names.push_back(node.name);
  return names;
}

Result<ClusterFacts> collect(kube::Client& client, const FactsWanted& wanted) {
  ClusterFacts facts;
  std::vector<std::pair<std::string, std::function<Result<>()>>> tasks;
  tasks.emplace_back("nodes", [&] { return read_nodes(client, facts.nodes); });
  if (wanted.pods != PodsOf::nobody) {
    tasks.emplace_back("pods", [&] { return read_pods(client, wanted.pods, facts.pods); });
  }
  if (wanted.daemon_sets) {
    tasks.emplace_back("daemonsets", [&] { return read_daemon_sets(client, facts.daemon_sets); });
    tasks.emplace_back("clusterpolicies",
                       [&] { return read_cluster_policy(client, facts.has_cluster_policy); });
  }
  std::vector<Result<>> results(tasks.size());
  apply::parallel(tasks.size(), [&](std::size_t i) { results[i] = tasks[i].second(); });
  KAI_TRY(results.front());
  for (std::size_t i = 1; i < tasks.size(); ++i) {
    KAI_TRY(allow_forbidden(std::move(results[i]), tasks[i].first, facts.not_read));
  }
  return facts;
}

std::map<std::string, model::Resources, std::less<>> usage_by_node(
    const std::vector<model::Pod>& pods) {
  std::map<std::string, model::Resources, std::less<>> usage;
  for (const model::Pod& pod : pods) {
    if (pod.placement.node_name.empty() || pod.finished()) continue;
    model::add(usage[pod.placement.node_name], model::claim_of(pod));
  }
  return usage;
}

}  // namespace kai::gpu
