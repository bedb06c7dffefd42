#include <kai/audit/facts/reader.hpp>

#include <algorithm>

namespace kai::audit {
namespace {

using model::Json;

// One row per kind that has pod templates: the built-in ones and the custom resources
// that run GPU work. A row's group "apps" also stands for "extensions".
struct TemplateRow {
  std::string_view group;
  std::string_view kind;
  std::string_view paths[3];
};

constexpr TemplateRow k_rows[] = {
    {"", "Pod", {""}},
    {"", "PodTemplate", {"/template"}},
    {"", "ReplicationController", {"/spec/template"}},
    {"apps", "Deployment", {"/spec/template"}},
    {"apps", "StatefulSet", {"/spec/template"}},
    {"apps", "DaemonSet", {"/spec/template"}},
    {"apps", "ReplicaSet", {"/spec/template"}},
    {"batch", "Job", {"/spec/template"}},
    {"batch", "CronJob", {"/spec/jobTemplate/spec/template"}},
    {"argoproj.io", "Rollout", {"/spec/template"}},
    {"batch.volcano.sh", "Job", {"/spec/tasks/*/template"}},
    {"jobset.x-k8s.io", "JobSet", {"/spec/replicatedJobs/*/template/spec/template"}},
    {"kubeflow.org", "JAXJob", {"/spec/jaxReplicaSpecs/*/template"}},
    {"kubeflow.org", "MPIJob", {"/spec/mpiReplicaSpecs/*/template"}},
    {"kubeflow.org", "Notebook", {"/spec/template"}},
    {"kubeflow.org", "PaddleJob", {"/spec/paddleReplicaSpecs/*/template"}},
    {"kubeflow.org", "PyTorchJob", {"/spec/pytorchReplicaSpecs/*/template"}},
    {"kubeflow.org", "TFJob", {"/spec/tfReplicaSpecs/*/template"}},
    {"kubeflow.org", "XGBoostJob", {"/spec/xgbReplicaSpecs/*/template"}},
    {"leaderworkerset.x-k8s.io",
     "LeaderWorkerSet",
     {"/spec/leaderWorkerTemplate/leaderTemplate", "/spec/leaderWorkerTemplate/workerTemplate"}},
    {"ray.io", "RayCluster", {"/spec/headGroupSpec/template", "/spec/workerGroupSpecs/*/template"}},
    {"ray.io",
     "RayJob",
     {"/spec/rayClusterSpec/headGroupSpec/template",
      "/spec/rayClusterSpec/workerGroupSpecs/*/template", "/spec/submitterPodTemplate"}},
    {"ray.io",
     "RayService",
     {"/spec/rayClusterConfig/headGroupSpec/template",
      "/spec/rayClusterConfig/workerGroupSpecs/*/template"}},
    {"serving.knative.dev", "Service", {"/spec/template"}},
};

void walk(const Json& value, std::string_view pattern, const FieldPath& path,
          const std::function<void(const Json&, const FieldPath&)>& visit) {
  if (pattern.empty()) {
    visit(value, path);
    return;
  }
  pattern.remove_prefix(1);
  const std::size_t end = std::min(pattern.find('/'), pattern.size());
  const std::string_view step = pattern.substr(0, end);
  const std::string_view rest = pattern.substr(end);
  if (value.is_array() && step == "*") {
    std::size_t index = 0;
    for (const Json& element : value) walk(element, rest, path / index++, visit);
  } else if (value.is_object() && step == "*") {
    for (const auto& [key, member] : value.get_ref<const Json::object_t&>()) {
      walk(member, rest, path / std::string_view(key), visit);
    }
  } else if (const Json* member = model::find_path(value, {step})) {
    walk(*member, rest, path / step, visit);
  }
}

}  // namespace

std::span<const std::string_view> template_paths(std::string_view api_version,
                                                 std::string_view kind) {
  std::string_view group = model::Resource::group_of(api_version);
  if (group == "extensions") group = "apps";
  for (const TemplateRow& row : k_rows) {
    if (row.kind != kind || row.group != group) continue;
    std::size_t count = 1;  // a Pod's own path is empty
    while (count < std::size(row.paths) && !row.paths[count].empty()) ++count;
    return {row.paths, count};
  }
  return {};
}

void each_match(const Json& object, std::string_view pattern,
                const std::function<void(const Json&, const FieldPath&)>& visit) {
  walk(object, pattern, FieldPath(), visit);
}

}  // namespace kai::audit
