#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <kai/audit/facts/gpu.hpp>
#include <kai/audit/facts/gpu_nodes.hpp>

#include "builders.hpp"

namespace kai::audit {
namespace {

using test::cluster_of;
using test::facts_of;

std::string node(std::string_view name, std::string_view capacity, std::string_view allocatable,
                 std::string_view more = "") {
  return "apiVersion: v1\nkind: Node\nmetadata: {name: " + std::string(name) + "}\nspec: {" +
         std::string(more) + "}\nstatus:\n  capacity: {" + std::string(capacity) +
         "}\n  allocatable: {" + std::string(allocatable) +
         "}\n  conditions: [{type: Ready, status: \"True\"}]\n---\n";
}

std::string pod(std::string_view name, std::string_view on, std::string_view requests,
                std::string_view phase = "Running") {
  return "apiVersion: v1\nkind: Pod\nmetadata: {name: " + std::string(name) +
         ", namespace: t}\nspec:\n  nodeName: " + std::string(on) +
         "\n  containers: [{name: m, resources: {requests: {" + std::string(requests) +
         "}, limits: {" + std::string(requests) + "}}}]\nstatus: {phase: " + std::string(phase) +
         "}\n---\n";
}

std::string labelled(std::string_view labels) {
  return "apiVersion: v1\nkind: Node\nmetadata: {name: n, labels: {" + std::string(labels) + "}}\n";
}

bool operator_equal(const GpuSummary& a, const GpuSummary& b) {
  return a.total == b.total && a.allocatable == b.allocatable && a.allocated == b.allocated &&
         a.lost == b.lost && a.stranded == b.stranded;
}

void expect_summary(const std::string& yaml, const GpuSummary& wanted) {
  const GpuSummary got = summarize_gpus(cluster_of(yaml));
  EXPECT_TRUE(operator_equal(got, wanted))
      << "total " << got.total << ", allocatable " << got.allocatable << ", allocated "
      << got.allocated << ", lost " << got.lost << ", stranded " << got.stranded;
}

TEST(GpuLabels, OfEveryVendorAndCloud) {
  for (const char* labels :
       {"nvidia.com/gpu: \"true\"", "nvidia.com/gpu.present: \"true\"",
        "feature.node.kubernetes.io/pci-10de.present: \"true\"",
        "nvidia.com/gpu.product: NVIDIA-L40S", "feature.node.kubernetes.io/amd-gpu: \"true\"",
        "amd.com/gpu.product-name: x", "cloud.google.com/gke-accelerator: nvidia-l4",
        "karpenter.k8s.aws/instance-gpu-count: \"8\""}) {
    EXPECT_TRUE(is_gpu_node(facts_of(labelled(labels)).nodes[0])) << labels;
  }
  for (const char* labels :
       {"", "nvidia.com/gpu: \"false\"", "nvidia.com/gpu.present: \"false\"",
        "feature.node.kubernetes.io/pci-8086.present: \"true\"",
        "feature.node.kubernetes.io/amd-gpu: \"false\"", "kubernetes.io/hostname: gpu"}) {
    EXPECT_FALSE(is_gpu_node(facts_of(labelled(labels)).nodes[0])) << labels;
  }
}

TEST(GpuAmounts, AreCountedInTheUnitsThatAreAdvertised) {
  const Facts facts = facts_of(node(
      "n", "cpu: 8, nvidia.com/gpu: 0, nvidia.com/mig-1g.5gb: 7, nvidia.com/mig-3g.20gb: 2", ""));
  EXPECT_EQ(gpu_count(facts.nodes[0].capacity), 9);
  EXPECT_EQ(describe_gpus(facts.nodes[0].capacity),
            "7 nvidia.com/mig-1g.5gb + 2 nvidia.com/mig-3g.20gb");
  EXPECT_FALSE(advertises_gpus(facts_of(node("n", "nvidia.com/gpu: 0", "")).nodes[0]));
}

TEST(Summary, CountsWhatIsThereInUseAndLost) {
  const std::string full = "cpu: 64, memory: 512Gi, nvidia.com/gpu: 8";
  expect_summary(node("a", full, full) +
                     node("b", full, "cpu: 64, memory: 512Gi, nvidia.com/gpu: 6") +
                     node("c", full, full, "unschedulable: true") +
                     pod("p", "a", "cpu: 4, memory: 8Gi, nvidia.com/gpu: 3") +
                     pod("q", "c", "cpu: 4, memory: 8Gi, nvidia.com/gpu: 1") +
                     pod("done", "a", "nvidia.com/gpu: 2", "Succeeded"),
                 // What runs on the cordoned node is in use, its other seven are lost.
                 {.total = 24, .allocatable = 14, .allocated = 4, .lost = 9, .stranded = 0});
}

TEST(Summary, GpusOfANodeThatIsNotReadyAreAllLost) {
  expect_summary(R"(
apiVersion: v1
kind: Node
metadata: {name: a}
status:
  capacity: {nvidia.com/gpu: 4}
  allocatable: {nvidia.com/gpu: 4}
  conditions: [{type: Ready, status: Unknown}]
---
)" + pod("p", "a", "nvidia.com/gpu: 1"),
                 {.total = 4, .allocatable = 0, .allocated = 1, .lost = 4, .stranded = 0});
}

TEST(Summary, GpusAreStrandedWhenTheCpuBesideThemIsGone) {
  const std::string full = "cpu: 32, memory: 256Gi, nvidia.com/gpu: 8";
  // Two more of the smallest GPU pod here (4 CPUs each) fit on b.
  expect_summary(node("a", full, full) + node("b", full, full) +
                     pod("gpu", "a", "cpu: 4, memory: 8Gi, nvidia.com/gpu: 1") +
                     pod("cpu", "b", "cpu: 24, memory: 8Gi"),
                 {.total = 16, .allocatable = 16, .allocated = 1, .lost = 0, .stranded = 6});
  // A node that does not say how much CPU it has is not judged.
  expect_summary(node("a", "nvidia.com/gpu: 8", "nvidia.com/gpu: 8"),
                 {.total = 8, .allocatable = 8, .allocated = 0, .lost = 0, .stranded = 0});
}

TEST(Taints, ThoseThatPassAreNoObstacle) {
  const Facts facts =
      facts_of(node("n", "", "",
                    "taints: [{key: nvidia.com/gpu, value: present, effect: NoSchedule},"
                    " {key: team, value: a, effect: PreferNoSchedule},"
                    " {key: node.kubernetes.io/not-ready, effect: NoExecute},"
                    " {key: ToBeDeletedByClusterAutoscaler, value: \"1\", effect: NoSchedule}]"));
  const auto taints = lasting_taints(facts.nodes[0]);
  ASSERT_EQ(taints.size(), 1U);
  EXPECT_EQ(taints[0].to_string(), "nvidia.com/gpu=present:NoSchedule");
}

TEST(Usage, IsWhatPodsSetAsideUntilTheyEnd) {
  const Facts facts =
      cluster_of(pod("a", "gpu-a", "cpu: 2, nvidia.com/gpu: 1") + pod("b", "gpu-a", "cpu: 500m") +
                 pod("c", "gpu-a", "cpu: 8", "Failed") + pod("d", "\"\"", "cpu: 8"));
  const auto usage = usage_by_node(facts);
  ASSERT_EQ(usage.size(), 1U);
  const model::Resources& used = usage.at("gpu-a");
  EXPECT_EQ(model::amount_of(used, "cpu").milli_value(), 2500);
  EXPECT_EQ(model::amount_of(used, "nvidia.com/gpu").value(), 1);
  EXPECT_EQ(model::amount_of(used, "pods").value(), 2);
}

TEST(Hami, BetraysItself) {
  EXPECT_TRUE(
      has_hami(facts_of("apiVersion: v1\nkind: ResourceQuota\nmetadata: {name: q}\nspec: {hard: "
                        "{limits.nvidia.com/gpumem: 1}}")));
  EXPECT_TRUE(has_hami(facts_of(
      "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {schedulerName: hami-scheduler}")));
  EXPECT_TRUE(has_hami(
      facts_of("apiVersion: v1\nkind: Node\nmetadata: {name: n, annotations: {hami.io/x: y}}")));
  EXPECT_FALSE(
      has_hami(facts_of("apiVersion: v1\nkind: ResourceQuota\nmetadata: {name: q}\nspec: {hard: "
                        "{limits.nvidia.com/gpu: 1}}")));
}

TEST(Queues, AreKnownByLabelAndScheduler) {
  const auto queued = [](std::string_view labels, std::string_view spec) {
    return is_queued(facts_of("apiVersion: v1\nkind: Pod\nmetadata: {name: p, labels: {" +
                              std::string(labels) + "}}\nspec: {" + std::string(spec) + "}\n")
                         .pods.at(0));
  };
  EXPECT_TRUE(queued("kueue.x-k8s.io/queue-name: team", ""));
  EXPECT_TRUE(queued("", "schedulerName: volcano"));
  EXPECT_FALSE(queued("app: x", "schedulerName: default-scheduler"));
}

TEST(Words, NamesAndCounts) {
  EXPECT_EQ(list_names({}), "");
  EXPECT_EQ(list_names({"a"}), "a");
  EXPECT_EQ(list_names({"a", "b"}), "a and b");
  // "and 1 more" would be longer than the name.
  EXPECT_EQ(list_names({"a", "b", "c", "d"}), "a, b, c and d");
  EXPECT_EQ(list_names({"a", "b", "c", "d", "e"}), "a, b, c and 2 more");
  EXPECT_EQ(count_of(1, "pod"), "1 pod");
  EXPECT_EQ(count_of(0, "pod"), "0 pods");
}

TEST(GpuNodes, EveryGpuIsInOneState) {
  const Facts facts =
      cluster_of(node("busy", "nvidia.com/gpu: 8, cpu: 64, memory: 512Gi",
                      "nvidia.com/gpu: 6, cpu: 64, memory: 512Gi") +
                 node("cordoned", "nvidia.com/gpu: 4, cpu: 64, memory: 512Gi",
                      "nvidia.com/gpu: 4, cpu: 64, memory: 512Gi", "unschedulable: true") +
                 node("full", "nvidia.com/gpu: 4, cpu: 8, memory: 512Gi",
                      "nvidia.com/gpu: 4, cpu: 8, memory: 512Gi") +
                 node("plain", "cpu: 64", "cpu: 64") +
                 pod("a", "busy", "nvidia.com/gpu: 7, cpu: 7, memory: 7Gi") +
                 pod("b", "cordoned", "nvidia.com/gpu: 1, cpu: 1, memory: 1Gi") +
                 pod("c", "full", "nvidia.com/gpu: 1, cpu: 7, memory: 1Gi"));
  const std::vector<GpuNode> nodes = gpus_by_node(facts);
  ASSERT_EQ(nodes.size(), 3U);
  for (const GpuNode& node : nodes) {
    EXPECT_EQ(node.used + node.free + node.stranded + node.lost, node.total) << node.name;
  }
  EXPECT_EQ(nodes[0].lost, 2);
  EXPECT_EQ(nodes[0].used, 6);  // of 8, as 2 are gone, whatever the pods have been given
  EXPECT_EQ(nodes[1].state, "Cordoned");
  EXPECT_EQ(nodes[1].used, 1);
  EXPECT_EQ(nodes[1].lost, 3);
  EXPECT_EQ(nodes[2].stranded, 2);
  EXPECT_EQ(nodes[2].free, 1);
}

TEST(GpuNodes, UnprotectedAreThoseThatATaintWouldProtect) {
  const std::string gpu = "nvidia.com/gpu: 4, cpu: 64";
  const std::string tainted = "taints: [{key: nvidia.com/gpu, effect: NoSchedule}]";
  EXPECT_EQ(
      summarize_gpus(cluster_of(node("a", gpu, gpu) + node("b", gpu, gpu, tainted))).unprotected,
      4);
  EXPECT_EQ(
      summarize_gpus(cluster_of(node("a", gpu, gpu) + node("c", "cpu: 8", "cpu: 8"))).unprotected,
      4);
  // Other pods have to run somewhere.
  EXPECT_EQ(summarize_gpus(cluster_of(node("a", gpu, gpu))).unprotected, 0);
}

}  // namespace
}  // namespace kai::audit
