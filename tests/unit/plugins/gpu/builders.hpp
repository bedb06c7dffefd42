// Objects for the tests of the gpu plugin.
#pragma once

#include "facts.hpp"

#include <kai/model/json.hpp>
#include <kai/model/node.hpp>

#include <string>
#include <string_view>

namespace kai::gpu::test {

inline model::Quantity q(std::string_view text) {
  return model::Quantity::parse(text).value();
}

inline model::Json json(std::string_view text) {
  return model::parse_json(text).value();
}

inline model::Taint taint(std::string_view text) {
  return model::Taint::parse(text).value();
}

inline model::Node ready_node(std::string name, model::Labels labels = {},
                              model::Resources resources = {}) {
  model::Node node;
  node.name = std::move(name);
  node.labels = std::move(labels);
  node.capacity = resources;
  node.allocatable = std::move(resources);
  node.conditions = {{"Ready", "True", "KubeletReady", "", ""}};
  return node;
}

inline model::Pod pod_on(std::string_view node, std::string name, std::string_view gpus = "0") {
  model::Pod pod;
  pod.ns = "team";
  pod.name = std::move(name);
  pod.phase = "Running";
  pod.placement.node_name = node;
  if (gpus != "0") pod.requests.emplace("nvidia.com/gpu", q(gpus));
  return pod;
}

inline DaemonSet daemon_set(std::string name, std::string image) {
  DaemonSet set;
  set.ref = {"apps/v1", "DaemonSet", "kube-system", std::move(name)};
  set.images = {std::move(image)};
  return set;
}

// A node object as the API server has it: `labels` and `taints` are JSON, `owners` is the
// list of managedFields.
inline model::Resource node_object(std::string_view labels, std::string_view taints = "[]",
                                   std::string_view annotations = "{}",
                                   std::string_view owners = "[]") {
  model::Json object = json(R"({"apiVersion": "v1", "kind": "Node",
      "metadata": {"name": "gpu-a", "uid": "u1", "resourceVersion": "5"}, "spec": {}})");
  object["metadata"]["labels"] = json(labels);
  object["metadata"]["annotations"] = json(annotations);
  object["metadata"]["managedFields"] = json(owners);
  if (taints != "[]") object["spec"]["taints"] = json(taints);
  return model::Resource(std::move(object));
}

}  // namespace kai::gpu::test
