#include <gtest/gtest.h>
#include <kai/model/node.hpp>

namespace kai::model {
namespace {

Json json(std::string_view text) {
  auto parsed = parse_json(text);
  EXPECT_TRUE(parsed) << (parsed ? "" : parsed.error().to_string());
  return parsed.value_or(Json());
}

std::string amount(const Resources& resources, std::string_view name) {
  return amount_of(resources, name).to_string();
}

TEST(Node, ReadsWhatSchedulingNeeds) {
  const Node node = Node::from_json(json(R"({
    "metadata": {"name": "gpu-a", "uid": "u1", "resourceVersion": "7",
      "labels": {"zone": "a"},
      "annotations": {"kubectl-ai/gpu": "{}", "nfd.node.kubernetes.io/feature-labels": "long"}},
    "spec": {"unschedulable": true,
      "taints": [{"key": "dedicated", "value": "ml", "effect": "NoSchedule"}]},
    "status": {"capacity": {"cpu": "8", "nvidia.com/gpu": "4"},
      "allocatable": {"cpu": "7900m", "nvidia.com/gpu": "3"},
      "conditions": [{"type": "Ready", "status": "False", "reason": "KubeletNotReady",
                      "message": "PLEG is not healthy"}],
      "nodeInfo": {"kubeletVersion": "v1.36.3"}}})"));
  EXPECT_EQ(node.name, "gpu-a");
  EXPECT_EQ(node.resource_version, "7");
  EXPECT_EQ(node.label("zone"), "a");
  EXPECT_EQ(node.label("nowhere"), "");
  EXPECT_TRUE(node.unschedulable);
  ASSERT_EQ(node.taints.size(), 1U);
  EXPECT_EQ(node.taints[0].to_string(), "dedicated=ml:NoSchedule");
  EXPECT_EQ(amount(node.capacity, "nvidia.com/gpu"), "4");
  EXPECT_EQ(amount(node.allocatable, "nvidia.com/gpu"), "3");
  EXPECT_EQ(amount(node.allocatable, "memory"), "0");
  EXPECT_FALSE(node.ready());
  EXPECT_EQ(node.condition("Ready")->message, "PLEG is not healthy");
  EXPECT_EQ(node.annotations.size(), 1U);
}

TEST(Node, OddShapesStayAtTheirDefaults) {
  const Node node = Node::from_json(json(R"({"metadata": {"name": 3, "labels": ["a"]},
    "spec": {"taints": "none"}, "status": {"capacity": 4, "conditions": {"type": "Ready"}}})"));
  EXPECT_EQ(node.name, "");
  EXPECT_TRUE(node.labels.empty());
  EXPECT_TRUE(node.taints.empty());
  EXPECT_TRUE(node.capacity.empty());
  EXPECT_FALSE(node.ready());
}

struct RequestCase {
  const char* name;
  const char* spec;
  const char* cpu;
  const char* gpu;
};

class EffectiveRequests : public testing::TestWithParam<RequestCase> {};

TEST_P(EffectiveRequests, AreTheSchedulers) {
  const Resources requests = effective_requests(json(GetParam().spec));
  EXPECT_EQ(amount(requests, "cpu"), GetParam().cpu);
  EXPECT_EQ(amount(requests, "nvidia.com/gpu"), GetParam().gpu);
}

INSTANTIATE_TEST_SUITE_P(
    Pods, EffectiveRequests,
    testing::Values(
        RequestCase{"ContainersAddUp", R"({"containers": [
          {"resources": {"requests": {"cpu": "500m", "nvidia.com/gpu": "1"}}},
          {"resources": {"requests": {"cpu": "250m", "nvidia.com/gpu": 2}}}]})",
                    "750m", "3"},
        RequestCase{"LimitsStandIn", R"({"containers": [
          {"resources": {"limits": {"nvidia.com/gpu": "2", "cpu": "1"}, "requests": {"cpu": "100m"}}}]})",
                    "100m", "2"},
        RequestCase{"LargestInitContainerWins", R"({"initContainers": [
          {"resources": {"requests": {"cpu": "3"}}}, {"resources": {"requests": {"cpu": "2"}}}],
          "containers": [{"resources": {"requests": {"cpu": "1", "nvidia.com/gpu": "1"}}}]})",
                    "3", "1"},
        // The sidecar runs beside the containers and beside the init container after it.
        RequestCase{"SidecarsAdd", R"({"initContainers": [
          {"restartPolicy": "Always", "resources": {"requests": {"cpu": "1"}}},
          {"resources": {"requests": {"cpu": "3"}}}],
          "containers": [{"resources": {"requests": {"cpu": "1"}}}]})",
                    "4", "0"},
        RequestCase{"SidecarAfterInitContainer", R"({"initContainers": [
          {"resources": {"requests": {"cpu": "3"}}},
          {"restartPolicy": "Always", "resources": {"requests": {"cpu": "1"}}}],
          "containers": [{"resources": {"requests": {"cpu": "1"}}}]})",
                    "3", "0"},
        RequestCase{"Overhead", R"({"overhead": {"cpu": "250m"}, "containers": [
          {"resources": {"requests": {"cpu": "1"}}}]})",
                    "1250m", "0"},
        RequestCase{"PodLevelReplacesCpuOnly",
                    R"({"resources": {"requests": {"cpu": "2", "nvidia.com/gpu": "9"}},
          "containers": [{"resources": {"requests": {"cpu": "1", "nvidia.com/gpu": "1"}}}]})",
                    "2", "1"},
        RequestCase{"PodLevelLimitWithoutRequest", R"({"resources": {"limits": {"cpu": "2"}},
          "containers": [{}]})",
                    "2", "0"},
        RequestCase{"Nothing", R"({"containers": [{}]})", "0", "0"},
        RequestCase{"Nonsense", R"({"containers": [{"resources": {"requests": {"cpu": "much"}}}]})",
                    "0", "0"}),
    [](const auto& instance) { return std::string(instance.param.name); });

TEST(Pod, ReadsOwnerPlacementAndState) {
  const Pod pod = Pod::from_json(json(R"({
    "metadata": {"namespace": "ml", "name": "train-0", "ownerReferences": [
      {"kind": "Job", "name": "train", "controller": true}, {"kind": "Queue", "name": "q"}]},
    "spec": {"nodeName": "gpu-a", "priority": 1000, "schedulingGates": [{"name": "kueue"}],
      "nodeSelector": {"pool": "gpu"}, "tolerations": [{"operator": "Exists"}],
      "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "d"}}],
      "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {
        "nodeSelectorTerms": [{"matchExpressions": [
          {"key": "zone", "operator": "In", "values": ["a", "b"]}]}]}},
        "podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 1}]}},
      "containers": [{"resources": {"limits": {"nvidia.com/gpu": 1, "nvidia.com/mig-1g.5gb": 2}}}]},
    "status": {"phase": "Pending",
      "conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}],
      "containerStatuses": [{"name": "main", "restartCount": 4,
        "state": {"waiting": {"reason": "CrashLoopBackOff"}}}]}})"));
  EXPECT_EQ(pod.ref().to_string(), "Pod ml/train-0");
  EXPECT_EQ(pod.owner_kind, "Job");
  EXPECT_EQ(pod.owner_name, "train");
  EXPECT_EQ(pod.priority, 1000);
  EXPECT_EQ(pod.gpus(), 3);
  EXPECT_FALSE(pod.finished());
  EXPECT_FALSE(pod.is_static);
  EXPECT_EQ(pod.scheduling_gates, std::vector<std::string>{"kueue"});
  EXPECT_EQ(pod.placement.node_name, "gpu-a");
  EXPECT_TRUE(pod.placement.has_volume_claims);
  EXPECT_FALSE(pod.placement.has_pod_affinity);  // only a preference
  ASSERT_TRUE(pod.placement.node_affinity);
  EXPECT_EQ(pod.placement.node_affinity->at(0).expressions.at(0).to_string(), "zone In [a b]");
  ASSERT_EQ(pod.containers.size(), 1U);
  EXPECT_EQ(pod.containers[0].waiting_reason, "CrashLoopBackOff");
  EXPECT_EQ(pod.containers[0].restarts, 4);
  EXPECT_EQ(pod.condition("PodScheduled")->reason, "Unschedulable");
}

}  // namespace
}  // namespace kai::model
