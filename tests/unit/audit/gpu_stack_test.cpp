#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <kai/audit/facts/gpu_nodes.hpp>
#include <kai/audit/facts/stranded.hpp>
#include <kai/audit/tables.hpp>

#include "builders.hpp"

namespace kai::audit {
namespace {

using test::cluster_of;
using test::facts_of;

std::string config_map(std::string_view text) {
  std::string yaml =
      "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, namespace: n}\ndata:\n  a: |\n";
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    yaml += "    " + std::string(text.substr(at, end - at)) + "\n";
    at = end + 1;
  }
  return yaml;
}

std::vector<std::string> strays_of(std::string_view text) {
  const Facts facts = facts_of(config_map(text));
  std::vector<std::string> found;
  for (const SharingConfig& config : facts.sharing_configs) {
    for (const auto& stray : config.strays) found.push_back(stray.where + " -> " + stray.home);
  }
  return found;
}

TEST(ImageVersion, IsTheNumbersThatATagBeginsWith) {
  const auto parse = [](std::string_view tag) { return ImageVersion::parse(tag).numbers; };
  EXPECT_EQ(parse("v1.17.8-ubuntu20.04"), (std::vector<int>{1, 17, 8}));
  EXPECT_EQ(parse("24.6.1"), (std::vector<int>{24, 6, 1}));
  EXPECT_EQ(parse("1.0.0-beta4"), (std::vector<int>{1, 0, 0}));
  EXPECT_EQ(parse("v0.17"), (std::vector<int>{0, 17}));
  for (const char* tag : {"", "latest", "v1", "20240101", "abc1.2", "99999999999.1", "-1.2"}) {
    EXPECT_FALSE(ImageVersion::parse(tag).known()) << tag;
  }
  const auto older = [](std::string_view a, std::string_view b) {
    return ImageVersion::parse(a).older_than(ImageVersion::parse(b));
  };
  EXPECT_TRUE(older("1.9.9", "1.10.0"));
  EXPECT_TRUE(older("1.10", "1.10.1"));
  EXPECT_FALSE(older("1.10.0", "1.10"));
  EXPECT_FALSE(older("2.0", "1.99"));
}

TEST(ImageTag, StandsBetweenRepositoryAndDigest) {
  EXPECT_EQ(image_tag("nvcr.io/nvidia/cuda:12.9"), "12.9");
  EXPECT_EQ(image_tag("localhost:5000/a/b:1@sha256:ff"), "1");
  EXPECT_EQ(image_tag("localhost:5000/a/b"), "");
  EXPECT_EQ(image_tag("a@sha256:ff"), "");
}

TEST(GpuStack, TellsDevicePluginsFromTheirCompanions) {
  const GpuStack& stack = GpuStack::get();
  EXPECT_TRUE(
      stack.is_device_plugin("nvcr.io/nvidia/k8s-device-plugin:v0.20.0", "nvidia-device-plugin"));
  EXPECT_FALSE(
      stack.is_device_plugin("nvcr.io/nvidia/k8s-device-plugin:v0.20.0", "gpu-feature-discovery"));
  EXPECT_FALSE(stack.is_device_plugin("nvcr.io/nvidia/cuda:13.0.1", "nvidia-device-plugin"));
  EXPECT_TRUE(stack.is_dra_driver("nvcr.io/nvidia/k8s-dra-driver-gpu:v25.8.1"));
  EXPECT_TRUE(stack.is_exporter("gke.gcr.io/dcgm-exporter:4"));
}

TEST(GpuStack, KnowsWhichDevicePluginsAreOld) {
  const GpuStack& stack = GpuStack::get();
  for (const char* tag :
       {"v0.12.2", "v0.16.2-ubi8", "1.0.0-beta", "1.0.0-beta6", "1.11", "0.9.0"}) {
    EXPECT_NE(stack.stale("nvcr.io/nvidia/k8s-device-plugin:" + std::string(tag)), nullptr) << tag;
  }
  for (const char* image :
       {"nvcr.io/nvidia/k8s-device-plugin:v0.17.0", "nvcr.io/nvidia/k8s-device-plugin:v0.20.0-ubi9",
        "nvcr.io/nvidia/k8s-device-plugin:latest", "nvcr.io/nvidia/k8s-device-plugin",
        "rocm/k8s-device-plugin:0.9", "busybox:0.1"}) {
    EXPECT_EQ(stack.stale(image), nullptr) << image;
  }
}

TEST(GpuStack, VulnerabilitiesEndWithTheFix) {
  const GpuStack& stack = GpuStack::get();
  const auto cves = [&](std::string_view image) {
    std::vector<std::string> names;
    for (const auto* row : stack.vulnerabilities(image)) names.push_back(row->cve);
    return names;
  };
  EXPECT_THAT(cves("nvcr.io/nvidia/k8s/container-toolkit:v1.16.1"),
              testing::IsSupersetOf({"CVE-2024-0132", "CVE-2025-23359", "CVE-2025-23266"}));
  EXPECT_THAT(cves("nvcr.io/nvidia/k8s/container-toolkit:v1.17.7"),
              testing::ElementsAre("CVE-2025-23266"));
  EXPECT_THAT(cves("nvcr.io/nvidia/k8s/container-toolkit:v1.17.8-ubuntu20.04"), testing::IsEmpty());
  EXPECT_THAT(cves("nvcr.io/nvidia/gpu-operator:v25.3.0"), testing::ElementsAre("CVE-2025-23266"));
  EXPECT_THAT(cves("nvcr.io/nvidia/gpu-operator:v25.3.1"), testing::IsEmpty());
  EXPECT_THAT(cves("nvcr.io/nvidia/gpu-operator:devel"), testing::IsEmpty());
  EXPECT_EQ(stack.least_driver(13), 580);
  EXPECT_EQ(stack.least_driver(99), 0);
}

TEST(Sharing, FindsKeysThatTheDevicePluginStepsOver) {
  EXPECT_THAT(strays_of("version: v1\ntimeSlicing:\n  resources: []\n"),
              testing::ElementsAre("timeSlicing -> sharing.timeSlicing"));
  EXPECT_THAT(
      strays_of("version: v1\nsharing:\n  resources: []\n  timeSlicing: {replicas: 4}\n"),
      testing::ElementsAre("sharing.resources -> sharing.timeSlicing",
                           "sharing.timeSlicing.replicas -> sharing.timeSlicing.resources[]"));
  EXPECT_THAT(strays_of("version: v1\nsharing: {timeSlicing: {renameByDefault: true, resources: "
                        "[{name: nvidia.com/gpu, replicas: 2}]}}\n"),
              testing::IsEmpty());
}

TEST(Sharing, ReadsWhatIsShared) {
  const Facts facts = facts_of(config_map(
      "version: v1\nsharing:\n  timeSlicing:\n    renameByDefault: true\n    resources:\n"
      "    - {name: nvidia.com/gpu, replicas: 4}\n    - {name: nvidia.com/mig-1g.5gb}\n"));
  ASSERT_EQ(facts.sharing_configs.size(), 1U);
  const SharingConfig& config = facts.sharing_configs[0];
  EXPECT_EQ(config.entry, "a");
  EXPECT_EQ(config.strategy, "timeSlicing");
  EXPECT_FALSE(config.one_each);
  ASSERT_EQ(config.resources.size(), 2U);
  EXPECT_EQ(config.resources[0].advertised, "nvidia.com/gpu.shared");
  EXPECT_EQ(config.resources[0].replicas, 4);
  EXPECT_EQ(config.resources[1].replicas, -1);
  // With MPS one share is all that a pod gets.
  EXPECT_TRUE(facts_of(config_map("version: v1\nsharing:\n  mps:\n    resources: []\n"))
                  .sharing_configs.at(0)
                  .one_each);
}

TEST(Sharing, LeavesOtherTextsAlone) {
  for (const char* text : {"timeSlicing: {quantum: 3}\n", "just timeSlicing: words",
                           "timeSlicing: [", "version: v1\nflags: {}\n", "mps: true\n"}) {
    EXPECT_TRUE(facts_of(config_map(text)).sharing_configs.empty()) << text;
  }
}

TEST(GpuLabels, AreAsOldAsTheLastWriteOfTheirWriters) {
  const auto written = [](std::string_view entries) {
    return facts_of("apiVersion: v1\nkind: Node\nmetadata: {name: n, managedFields: [" +
                    std::string(entries) + "]}\n")
        .nodes.at(0)
        .gpu_labels_written;
  };
  EXPECT_EQ(written(""), 0);
  EXPECT_EQ(written("{manager: kubelet, time: \"2026-01-01T00:00:10Z\"}"), 0);
  EXPECT_EQ(
      written("{manager: gpu-operator, time: \"1970-01-01T00:00:10Z\"}, {manager: kubectl-label,"
              " time: \"1970-01-01T00:01:00Z\"}, {manager: gpu-operator, subresource: status,"
              " time: \"1970-01-01T01:00:00Z\"}"),
      60);
}

std::string node(std::string_view gpus, std::string_view labels = "") {
  return "apiVersion: v1\nkind: Node\nmetadata: {name: a, labels: {" + std::string(labels) +
         "}}\nstatus:\n  capacity: {" + std::string(gpus) +
         "}\n  allocatable: {cpu: 32, memory: 256Gi, " + std::string(gpus) +
         "}\n  conditions: [{type: Ready, status: \"True\"}]\n---\n";
}

std::string pod(std::string_view name, std::string_view requests) {
  return "apiVersion: v1\nkind: Pod\nmetadata: {name: " + std::string(name) +
         ", namespace: t}\nspec:\n  nodeName: a\n  containers: [{name: m, resources: {limits: {" +
         std::string(requests) + "}}}]\nstatus: {phase: Running}\n---\n";
}

// Stranded, and what of it is left without CPU-only pods.
std::pair<std::int64_t, std::int64_t> stranded(const std::string& yaml) {
  const Facts facts = cluster_of(yaml);
  const auto list = stranded_nodes(facts);
  std::int64_t all = 0;
  for (const StrandedNode& entry : list) all += entry.stranded;
  EXPECT_EQ(summarize_gpus(facts).stranded, all);
  return list.empty() ? std::pair<std::int64_t, std::int64_t>{}
                      : std::pair{list[0].stranded, list[0].without_cpu_pods};
}

TEST(Stranded, ByPodsWithoutAGpu) {
  EXPECT_EQ(
      stranded(node("nvidia.com/gpu: 8") + pod("g", "cpu: 4, memory: 8Gi, nvidia.com/gpu: 1") +
               pod("c", "cpu: 20, memory: 1Gi")),
      std::pair(5L, 0L));
}

TEST(Stranded, ByGpuPodsThatTakeAllTheCpu) {
  EXPECT_EQ(
      stranded(node("nvidia.com/gpu: 8") + pod("g", "cpu: 32, memory: 8Gi, nvidia.com/gpu: 1")),
      std::pair(7L, 7L));
}

TEST(Stranded, NotWhatTheNodeIsTooSmallForAnyway) {
  EXPECT_EQ(stranded(node("nvidia.com/mig-1g.5gb: 56") +
                     pod("g", "cpu: 2, memory: 1Gi, nvidia.com/mig-1g.5gb: 1")),
            std::pair(0L, 0L));
  EXPECT_EQ(
      stranded(
          node("nvidia.com/gpu: 8") +
          "apiVersion: v1\nkind: Pod\nmetadata: {name: w, namespace: t}\n"
          "spec: {containers: [{name: m, resources: {limits: {cpu: 64, nvidia.com/gpu: 1}}}]}\n"
          "status: {phase: Pending}\n"),
      std::pair(0L, 0L));
}

TEST(Stranded, SharesOfAGpuThatIsInUseAreNot) {
  const std::string shared =
      node("nvidia.com/gpu: 40", "nvidia.com/gpu.count: \"4\", nvidia.com/gpu.replicas: \"10\"");
  EXPECT_EQ(stranded(shared + pod("g", "cpu: 8, memory: 8Gi, nvidia.com/gpu: 1") +
                     pod("h", "cpu: 24, memory: 8Gi, nvidia.com/gpu: 3")),
            std::pair(0L, 0L));
  EXPECT_EQ(
      stranded(shared + pod("g", "cpu: 8, memory: 8Gi, nvidia.com/gpu: 1") + pod("c", "cpu: 24")),
      std::pair(3L, 0L));
}

TEST(Stranded, RoomIsWrittenForPeople) {
  EXPECT_EQ(to_string(Room{1500, std::int64_t{12} << 30U}), "1500m CPU and 12Gi memory");
  EXPECT_EQ(to_string(Room{4000, (std::int64_t{25} << 29U)}), "4 CPU and 12.5Gi memory");
  EXPECT_EQ(to_string(Room{-5, -1}), "0 CPU and 0Mi memory");
}

}  // namespace
}  // namespace kai::audit
