#include "device_plugin.hpp"

#include <kai/apply/ownership.hpp>
#include <kai/model/gpu.hpp>
#include <kai/model/manifests.hpp>
#include <kai/model/scheduling.hpp>
#include <kai/model/yaml.hpp>

#include <algorithm>
#include <array>
#include <set>

namespace kai::gpu {

namespace {

using model::Json;
using model::Node;
using model::NodeSelectorTerm;
using model::Resource;
using model::Taint;
using model::Toleration;

constexpr std::string_view k_config_key = "config.yaml";
constexpr std::string_view k_config_hash_annotation = "kubectl-ai/config-hash";

// nvidia.com/gpu with any value, as the manifest has it.
const Toleration k_base_toleration{std::string(model::k_nvidia_gpu), "Exists", "", ""};

Result<Resource> manifest(std::string_view path) {
  for (const model::Manifest& file : model::embedded_manifests()) {
    if (file.path != path) continue;
    KAI_TRY_ASSIGN(model::YamlDocument document, model::parse_yaml(file.text));
    return Resource(std::move(document.value));
  }
  return fail(ErrorCode::internal, "manifest " + std::string(path) + " is not in this binary");
}

Resource with_our_labels(Resource object) {
  object.json().merge_patch(Json{{"metadata", {{"labels", apply::ownership_labels(k_component)}}}});
  return object;
}

Json to_json(const NodeSelectorTerm& term) {
  Json expressions = Json::array();
  for (const model::NodeRequirement& requirement : term.expressions) {
    Json json{{"key", requirement.key}, {"operator", requirement.op}};
    if (!requirement.values.empty()) json.emplace("values", requirement.values);
    expressions.push_back(std::move(json));
  }
  return Json{{"matchExpressions", std::move(expressions)}};
}

Json to_json(const Toleration& toleration) {
  Json json{{"key", toleration.key}, {"operator", toleration.op}};
  if (!toleration.value.empty()) json.emplace("value", toleration.value);
  if (!toleration.effect.empty()) json.emplace("effect", toleration.effect);
  return json;
}

NodeSelectorTerm term_for(const model::Labels& labels) {
  NodeSelectorTerm term;
  for (const auto& [key, value] : labels) term.expressions.push_back({key, "In", {value}});
  return term;
}

// FNV-1a: makes pods of a DaemonSet start again when their configuration changes.
std::string hash_of(std::string_view text) {
  std::uint64_t hash = 14695981039346656037ULL;
  for (const char c : text) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  }
  static constexpr std::string_view digits = "0123456789abcdef";
  std::string hex;
  for (int shift = 60; shift >= 0; shift -= 4) hex += digits[(hash >> shift) & 15U];
  return hex;
}

Json& container_of(Resource& daemon_set) {
  return daemon_set.json().at(Json::json_pointer("/spec/template/spec/containers/0"));
}

Json& volumes_of(Resource& daemon_set) {
  return daemon_set.json().at(Json::json_pointer("/spec/template/spec/volumes"));
}

// Where both daemons run, and the configuration that they start again for.
void place(Resource& daemon_set, const DevicePluginWish& wish, const std::string& config) {
  Json terms = Json::array();
  for (const NodeSelectorTerm& term : wish.nodes) terms.push_back(to_json(term));
  Json tolerations = Json::array({to_json(k_base_toleration)});
  for (const Toleration& toleration : wish.tolerations) tolerations.push_back(to_json(toleration));
  Json annotations = Json::object();
  annotations.emplace(k_config_hash_annotation, hash_of(config));
  const Json required{{"nodeSelectorTerms", std::move(terms)}};
  const Json node_affinity{{"requiredDuringSchedulingIgnoredDuringExecution", required}};
  const Json spec{{"tolerations", std::move(tolerations)},
                  {"affinity", Json{{"nodeAffinity", node_affinity}}}};
  const Json pod{{"metadata", Json{{"annotations", std::move(annotations)}}}, {"spec", spec}};
  daemon_set.json().merge_patch(Json{{"spec", Json{{"template", pod}}}});
}

// Reading the state of MIG needs the monitor capability of the driver.
void allow_mig_monitoring(Resource& plugin) {
  Json& container = container_of(plugin);
  container.at("env").push_back({{"name", "NVIDIA_MIG_MONITOR_DEVICES"}, {"value", "all"}});
  container.merge_patch(Json{
      {"securityContext",
       {{"allowPrivilegeEscalation", nullptr},
        {"capabilities", {{"drop", Json::array({"ALL"})}, {"add", Json::array({"SYS_ADMIN"})}}}}}});
}

// The plugin looks after the daemon through the directories that both share.
void share_with_mps(Resource& plugin) {
  Json& container = container_of(plugin);
  container.at("volumeMounts").push_back({{"name", "mps-shm"}, {"mountPath", "/dev/shm"}});
  container.at("volumeMounts").push_back({{"name", "mps-root"}, {"mountPath", "/mps"}});
  container.at("env").push_back({{"name", "MPS_ROOT"}, {"value", "/run/nvidia/mps"}});
  volumes_of(plugin).push_back(
      {{"name", "mps-root"},
       {"hostPath", {{"path", "/run/nvidia/mps"}, {"type", "DirectoryOrCreate"}}}});
  volumes_of(plugin).push_back(
      {{"name", "mps-shm"}, {"hostPath", {{"path", "/run/nvidia/mps/shm"}}}});
}

}  // namespace

bool is_lifecycle_taint(const Taint& taint) {
  static constexpr std::array k_prefixes = {
      std::string_view("node.kubernetes.io/"),
      std::string_view("node.cloudprovider.kubernetes.io/"),
      std::string_view("node.cluster.x-k8s.io/"),
      std::string_view("ToBeDeletedByClusterAutoscaler"),
      std::string_view("DeletionCandidateOfClusterAutoscaler"),
      std::string_view("karpenter.sh/"),
      std::string_view("node.cilium.io/"),
  };
  return std::any_of(k_prefixes.begin(), k_prefixes.end(),
                     [&](std::string_view prefix) { return taint.key.starts_with(prefix); });
}

DevicePluginWish plan_device_plugin(const SetupRequest& request,
                                    const std::vector<const Node*>& targets,
                                    const ClusterFacts& facts, const DaemonSet* present) {
  DevicePluginWish wish;
  wish.sharing = request.sharing;
  wish.mig_strategy = request.mig_strategy;
  wish.nodes.push_back(term_for(request.labels));
  if (present != nullptr && present->placement.node_affinity) {
    for (const NodeSelectorTerm& term : *present->placement.node_affinity) {
      // A node that is being set up anew loses the labels of an earlier set-up.
      const bool serves =
          std::any_of(facts.nodes.begin(), facts.nodes.end(), [&](const Node& node) {
            return model::matches(term, node) &&
                   std::find(targets.begin(), targets.end(), &node) == targets.end();
          });
      if (serves && std::find(wish.nodes.begin(), wish.nodes.end(), term) == wish.nodes.end()) {
        wish.nodes.push_back(term);
      }
    }
  }

  // One toleration per taint of the nodes it runs on, each once and in a fixed order, so
  // that the same cluster always gives the same object.
  std::set<std::pair<std::string, std::string>> taints;
  const auto add = [&](const Taint& taint) {
    const bool repels = taint.effect == "NoSchedule" || taint.effect == "NoExecute";
    if (repels && !is_lifecycle_taint(taint) && !k_base_toleration.tolerates(taint)) {
      taints.emplace(taint.key, taint.effect);
    }
  };
  if (request.taint) add(*request.taint);
  for (const Node& node : facts.nodes) {
    const bool served =
        std::find(targets.begin(), targets.end(), &node) != targets.end() ||
        std::any_of(wish.nodes.begin(), wish.nodes.end(),
                    [&](const NodeSelectorTerm& term) { return model::matches(term, node); });
    if (!served) continue;
    for (const Taint& taint : node.taints) add(taint);
  }
  for (const auto& [key, effect] : taints) {
    wish.tolerations.push_back({key, "Exists", "", effect});
  }
  return wish;
}

std::string plugin_config(const Sharing& sharing, std::string_view mig_strategy) {
  Json config{{"version", "v1"}, {"flags", {{"migStrategy", mig_strategy}}}};
  if (sharing.mode != SharingMode::none) {
    Json shared{{"resources",
                 Json::array({{{"name", model::k_nvidia_gpu}, {"replicas", sharing.replicas}}})}};
    // Asking for two slices gives no more of the GPU than one: better refused than believed.
    if (sharing.mode == SharingMode::time_slicing)
      shared.emplace("failRequestsGreaterThanOne", true);
    Json by_mode = Json::object();
    by_mode.emplace(sharing.mode == SharingMode::mps ? "mps" : "timeSlicing", std::move(shared));
    config.emplace("sharing", std::move(by_mode));
  }
  return model::to_yaml(config);
}

Result<std::vector<Resource>> device_plugin_objects(const DevicePluginWish& wish,
                                                    WithRuntimeClass runtime_class) {
  std::vector<Resource> objects;
  if (runtime_class == WithRuntimeClass::yes) {
    KAI_TRY_ASSIGN(Resource object, manifest("runtimeclass/nvidia.yaml"));
    objects.push_back(with_our_labels(std::move(object)));
  }
  const std::string config = plugin_config(wish.sharing, wish.mig_strategy);
  Json data = Json::object();
  data.emplace(k_config_key, config);
  objects.push_back(
      with_our_labels(Resource(Json{{"apiVersion", "v1"},
                                    {"kind", "ConfigMap"},
                                    {"metadata",
                                     {{"name", k_plugin_name},
                                      {"namespace", k_stack_namespace},
                                      {"labels", {{"app.kubernetes.io/name", k_plugin_name}}}}},
                                    {"data", std::move(data)}})));

  KAI_TRY_ASSIGN(Resource plugin, manifest("nvidia-device-plugin/daemonset.yaml"));
  if (wish.mig_strategy != "none") allow_mig_monitoring(plugin);
  if (wish.sharing.mode == SharingMode::mps) {
    share_with_mps(plugin);
    KAI_TRY_ASSIGN(Resource daemon, manifest("nvidia-device-plugin/mps-control-daemon.yaml"));
    place(daemon, wish, config);
    objects.push_back(with_our_labels(std::move(daemon)));
  }
  place(plugin, wish, config);
  objects.push_back(with_our_labels(std::move(plugin)));
  return objects;
}

}  // namespace kai::gpu
