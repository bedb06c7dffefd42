#include "status.hpp"

#include "builders.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kai::gpu {
namespace {

using test::pod_on;
using test::q;
using test::ready_node;
using test::taint;
using testing::ElementsAre;

NodeStatus status_of(const model::Node& node, std::vector<model::Pod> pods = {}) {
  ClusterFacts facts;
  facts.nodes = {node};
  facts.pods = std::move(pods);
  return summarise({&facts.nodes[0]}, facts).nodes.at(0);
}

model::Node gpu_node(const char* total = "8", const char* allocatable = "8") {
  model::Node node = ready_node("gpu-a", {{"nvidia.com/gpu.product", "NVIDIA-A100-SXM4-80GB"},
                                          {"nvidia.com/cuda.driver-version.full", "580.95.05"},
                                          {"nvidia.com/gpu.present", "true"}});
  node.capacity = {{"nvidia.com/gpu", q(total)}};
  node.allocatable = {{"nvidia.com/gpu", q(allocatable)}};
  return node;
}

TEST(Status, CountsUsedAndFree) {
  model::Pod done = pod_on("gpu-a", "done", "4");
  done.phase = "Failed";
  const NodeStatus status =
      status_of(gpu_node(), {pod_on("gpu-a", "one", "2"), pod_on("gpu-a", "two", "1"),
                             pod_on("gpu-b", "elsewhere", "5"), done});
  ASSERT_EQ(status.gpus.size(), 1U);
  EXPECT_EQ(status.gpus[0].used, 3);
  EXPECT_EQ(status.gpus[0].free, 5);
  EXPECT_EQ(status.state, NodeState::ready);
  EXPECT_EQ(status.problem, "");
  EXPECT_EQ(status.driver, "580.95.05");
  EXPECT_EQ(status.label, "nvidia.com/gpu.present=true");
  EXPECT_EQ(status.lost, 0);
}

TEST(Status, WithdrawnGpusAreLost) {
  const NodeStatus status = status_of(gpu_node("8", "6"), {pod_on("gpu-a", "all", "8")});
  EXPECT_EQ(status.state, NodeState::degraded);
  EXPECT_EQ(status.lost, 2);
  EXPECT_EQ(status.gpus[0].free, 0);
  EXPECT_EQ(status.problem, "2 of 8 withdrawn as unhealthy by the device plugin");
}

TEST(Status, NotReadyLosesAll) {
  model::Node node = gpu_node();
  node.conditions = {
      {"Ready", "Unknown", "NodeStatusUnknown", "Kubelet stopped posting node status.", ""}};
  const NodeStatus status = status_of(node);
  EXPECT_EQ(status.state, NodeState::not_ready);
  EXPECT_EQ(status.lost, 8);
  EXPECT_EQ(status.problem, "Kubelet stopped posting node status.");
}

TEST(Status, CordonedLosesWhatIsFree) {
  model::Node node = gpu_node();
  node.unschedulable = true;
  const NodeStatus status = status_of(node, {pod_on("gpu-a", "one", "3")});
  EXPECT_EQ(status.state, NodeState::cordoned);
  EXPECT_EQ(status.lost, 5);
  EXPECT_EQ(status.gpus[0].free, 0);
}

TEST(Status, NoGpusLosesWhatFeatureDiscoveryCounted) {
  model::Node node = gpu_node("0", "0");
  node.labels.insert_or_assign("nvidia.com/gpu.count", "4");
  const NodeStatus status = status_of(node);
  EXPECT_EQ(status.state, NodeState::no_gpus);
  EXPECT_EQ(status.problem, "no device plugin in the cluster");
  EXPECT_EQ(status.lost, 4);
  node.labels.insert_or_assign("nvidia.com/gpu.count", "many");
  EXPECT_EQ(status_of(node).lost, 0);
}

TEST(Status, MigMixed) {
  model::Node node = ready_node(
      "gpu-a", {{"nvidia.com/mig.strategy", "mixed"}, {"nvidia.com/mig.config", "all-balanced"}},
      {{"nvidia.com/gpu", q("0")},
       {"nvidia.com/mig-1g.10gb", q("16")},
       {"nvidia.com/mig-3g.40gb", q("8")}});
  model::Pod pod = pod_on("gpu-a", "small");
  pod.requests = {{"nvidia.com/mig-1g.10gb", q("2")}};
  const NodeStatus status = status_of(node, {pod});
  EXPECT_EQ(status.mig, "mixed (all-balanced)");
  ASSERT_EQ(status.gpus.size(), 2U);
  EXPECT_EQ(status.gpus[0].resource, "nvidia.com/mig-1g.10gb");
  EXPECT_EQ(status.gpus[0].free, 14);
  EXPECT_EQ(status.sum().total, 24);
  node.labels.insert_or_assign("nvidia.com/mig.config.state", "failed");
  EXPECT_EQ(status_of(node).state, NodeState::mig_pending);
}

TEST(Status, MigAndSharingOnlyWhereTheyAre) {
  model::Node node = gpu_node();
  node.labels.insert({{"nvidia.com/mig.strategy", "mixed"},
                      {"nvidia.com/gpu.replicas", "1"},
                      {"nvidia.com/gpu.sharing-strategy", "none"}});
  EXPECT_EQ(status_of(node).mig, "");
  EXPECT_EQ(status_of(node).sharing, "");
  node.labels.insert_or_assign("nvidia.com/gpu.replicas", "4");
  node.labels.insert_or_assign("nvidia.com/gpu.sharing-strategy", "time-slicing");
  EXPECT_EQ(status_of(node).sharing, "time-slicing 4");
}

TEST(Status, TaintsOfGpusAndOfOurs) {
  model::Node node = gpu_node();
  node.taints = {taint("nvidia.com/gpu=present:NoSchedule"), taint("pool=ml:NoSchedule"),
                 taint("team=x:NoSchedule")};
  node.annotations = {{"kubectl-ai/gpu", R"({"taints":["pool=ml:NoSchedule"]})"}};
  EXPECT_THAT(status_of(node).taints,
              ElementsAre("nvidia.com/gpu=present:NoSchedule", "pool=ml:NoSchedule"));
}

TEST(Status, Totals) {
  ClusterFacts facts;
  facts.nodes = {gpu_node("8", "6"), gpu_node("4", "4")};
  facts.nodes[1].name = "gpu-b";
  facts.pods = {pod_on("gpu-a", "one", "5"), pod_on("gpu-b", "two", "4")};
  const GpuStatus status = summarise({&facts.nodes[0], &facts.nodes[1]}, facts);
  EXPECT_EQ(status.sum.total, 12);
  EXPECT_EQ(status.sum.allocatable, 10);
  EXPECT_EQ(status.sum.used, 9);
  EXPECT_EQ(status.sum.free, 1);
  EXPECT_EQ(status.lost, 2);
  EXPECT_TRUE(status.usage_known);
  facts.not_read = {"pods: pods is forbidden"};
  EXPECT_FALSE(summarise({}, facts).usage_known);
}

}  // namespace
}  // namespace kai::gpu
