#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <kai/audit/tables.hpp>
#include <kai/model/manifests.hpp>
#include <kai/model/yaml.hpp>

#include <algorithm>
#include <set>

namespace kai::audit {
namespace {

using model::Json;

TEST(Tables, EveryFileReadsAndSaysWhenAndFromWhere) {
  std::set<std::string> read;
  for (const model::Manifest& manifest : model::embedded_manifests()) {
    if (!manifest.path.starts_with("audit-data/")) continue;
    const auto document = model::parse_yaml(manifest.text);
    ASSERT_TRUE(document) << manifest.path << ": " << document.error().to_string();
    EXPECT_THAT(std::string(model::string_at(document->value, {"date"})),
                testing::MatchesRegex("20[0-9][0-9]-[01][0-9]-[0-3][0-9]"))
        << manifest.path;
    EXPECT_GT(model::string_at(document->value, {"source"}).size(), 20U) << manifest.path;
    read.emplace(manifest.path);
  }
  EXPECT_THAT(read,
              testing::IsSupersetOf({"audit-data/apis.yaml", "audit-data/gpu-metrics.yaml",
                                     "audit-data/control-plane-flags.yaml",
                                     "audit-data/well-known.yaml", "audit-data/runtimes.yaml",
                                     "audit-data/other-tools.yaml", "audit-data/kubeflow.yaml"}));
}

TEST(RuntimeTable, RowsAreWhole) {
  const RuntimeTable& table = RuntimeTable::get();
  ASSERT_GT(table.ends().size(), 20U);
  std::set<std::pair<std::string, std::string>> seen;
  for (const RuntimeTable::EndOfLife& row : table.ends()) {
    EXPECT_TRUE(row.version.known()) << row.runtime;
    EXPECT_GT(row.time, 0) << row.date;
    EXPECT_TRUE(seen.emplace(row.runtime, row.version.to_string()).second) << row.date;
  }
}

TEST(RuntimeTable, AnswersForVersions) {
  const RuntimeTable& table = RuntimeTable::get();
  const auto* const old = table.end_of_life("containerd", KubeVersion::parse("1.6.20"));
  ASSERT_NE(old, nullptr);
  EXPECT_EQ(old->date, "2025-08-23");
  EXPECT_EQ(table.end_of_life("containerd", KubeVersion::parse("9.9")), nullptr);
  EXPECT_EQ(table.end_of_life("docker", KubeVersion::parse("28.5")), nullptr);
  EXPECT_EQ(table.needed("containerd", KubeVersion::parse("1.25")), std::nullopt);
  EXPECT_EQ(table.needed("containerd", KubeVersion::parse("1.35")), KubeVersion::parse("1.6"));
  EXPECT_EQ(table.needed("containerd", KubeVersion::parse("1.37")), KubeVersion::parse("2.0"));
  EXPECT_EQ(table.needed("cri-o", KubeVersion::parse("1.37")), std::nullopt);
}

TEST(OtherTools, KnowsImagesInAnyRegistry) {
  const OtherTools& tools = OtherTools::get();
  EXPECT_TRUE(tools.is_backup("gcr.io/kasten-images/executor:8.5.2"));
  EXPECT_TRUE(tools.is_backup("mirror.example.com/k8up-io/k8up:v2.13.0"));
  EXPECT_FALSE(tools.is_backup("velero/velero:v1.18.2"));
  EXPECT_TRUE(tools.reads_service_monitors("docker.io/grafana/alloy:v1.19.2"));
  EXPECT_FALSE(tools.reads_service_monitors("quay.io/prometheus/prometheus:v3.8.1"));
}

TEST(ApiTable, RowsAreWholeAndInOrder) {
  const ApiTable& table = ApiTable::get();
  EXPECT_GE(table.newest(), KubeVersion::parse("1.37"));
  ASSERT_GT(table.rows().size(), 50U);
  std::set<std::pair<std::string, std::string>> seen;
  for (const ApiLifecycle& row : table.rows()) {
    const std::string what = row.api_version + " " + row.kind;
    EXPECT_TRUE(seen.emplace(row.api_version, row.kind).second) << what << " stands there twice";
    EXPECT_TRUE(row.deprecated.known() || row.removed.known()) << what;
    if (row.deprecated.known() && row.removed.known()) {
      EXPECT_LE(row.deprecated, row.removed) << what;
    }
    const bool gone = row.removed.known() && row.removed <= table.newest();
    if (row.replacement.empty()) {
      EXPECT_TRUE(!gone || !row.note.empty())
          << what << " says neither what replaces it nor what to do";
    } else {
      EXPECT_NE(row.replacement, row.api_version) << what;
    }
  }
}

TEST(ApiTable, KnowsWhatTheGuidesAndKubeflowStillUse) {
  const ApiTable& table = ApiTable::get();
  const ApiLifecycle* const scaler = table.find("autoscaling/v2beta2", "HorizontalPodAutoscaler");
  ASSERT_NE(scaler, nullptr);
  EXPECT_EQ(scaler->removed, KubeVersion::parse("1.26"));
  EXPECT_EQ(scaler->replacement, "autoscaling/v2");
  const ApiLifecycle* const older = table.find("autoscaling/v2beta1", "HorizontalPodAutoscaler");
  ASSERT_NE(older, nullptr);
  EXPECT_EQ(older->removed, KubeVersion::parse("1.25"));
  const ApiLifecycle* const policy = table.find("policy/v1beta1", "PodSecurityPolicy");
  ASSERT_NE(policy, nullptr);
  EXPECT_EQ(policy->removed, KubeVersion::parse("1.25"));
  EXPECT_TRUE(policy->replacement.empty());
  EXPECT_EQ(table.find("apps/v1", "Deployment"), nullptr);
  EXPECT_EQ(table.find("autoscaling/v2beta2", "Deployment"), nullptr);
  EXPECT_EQ(table.find("", ""), nullptr);
}

TEST(FlagTable, TellsEtcdsFlagsFromOthers) {
  const FlagTable& table = FlagTable::get();
  const auto has = [](const std::vector<std::string>& list, std::string_view name) {
    return std::binary_search(list.begin(), list.end(), name);
  };
  EXPECT_GE(table.newest_etcd(), KubeVersion::parse("3.6"));
  EXPECT_TRUE(std::is_sorted(table.etcd().begin(), table.etcd().end()));
  for (const char* flag : {"data-dir", "name", "cert-file", "listen-client-urls", "snapshot-count",
                           "auto-compaction-retention", "experimental-initial-corrupt-check"}) {
    EXPECT_TRUE(has(table.etcd(), flag)) << flag;
  }
  for (const char* flag : {"encrypt-at-rest", "encryption-provider-config"}) {
    EXPECT_FALSE(has(table.etcd(), flag)) << flag;
  }
  EXPECT_TRUE(has(table.apiserver_only(), "encryption-provider-config"));
}

TEST(MetricTable, NamesCarryTheirFamilysPrefixInOrder) {
  const MetricTable& table = MetricTable::get();
  ASSERT_FALSE(table.families().empty());
  for (const MetricFamily& family : table.families()) {
    EXPECT_TRUE(std::is_sorted(family.names.begin(), family.names.end())) << family.prefix;
    EXPECT_FALSE(family.exporter.empty()) << family.prefix;
    for (const std::string& name : family.names)
      EXPECT_TRUE(name.starts_with(family.prefix)) << name;
  }
}

TEST(MetricTable, AdvisesMetricsOfTheDcgmExporter) {
  const MetricTable& table = MetricTable::get();
  ASSERT_FALSE(table.all_advice().empty());
  for (const MetricAdvice& advice : table.all_advice()) {
    EXPECT_THAT(advice.instead, testing::MatchesRegex("DCGM_FI_[A-Z0-9_]+")) << advice.name;
    EXPECT_EQ(table.advice(advice.instead), nullptr) << advice.name << " is sent in a circle";
    EXPECT_EQ(table.advice(advice.name), &advice) << advice.name << " stands there twice";
    for (const MetricFamily& family : table.families()) {
      EXPECT_FALSE(std::binary_search(family.names.begin(), family.names.end(), advice.name))
          << advice.name << " is a metric of " << family.exporter;
    }
  }
  ASSERT_NE(table.advice("nvidia_gpu_utilization"), nullptr);
  EXPECT_EQ(table.advice("nvidia_gpu_utilization")->instead, "DCGM_FI_DEV_GPU_UTIL");
}

TEST(WellKnown, SystemNamespaces) {
  const WellKnown& known = WellKnown::get();
  for (const char* name : {"kube-system", "calico-system", "gpu-operator", "cilium-secrets"}) {
    EXPECT_TRUE(known.is_system_namespace(name)) << name;
  }
  for (const char* name : {"default", "team", "kube-system-2", "gpu", ""}) {
    EXPECT_FALSE(known.is_system_namespace(name)) << name;
  }
}

TEST(WellKnown, Images) {
  const WellKnown& known = WellKnown::get();
  EXPECT_TRUE(known.is_gpu_infrastructure("nvcr.io/nvidia/k8s-device-plugin:v0.20.0"));
  EXPECT_TRUE(known.is_gpu_infrastructure("mirror.example/deep/k8s-device-plugin@sha256:0123"));
  EXPECT_FALSE(known.is_gpu_infrastructure("registry.example/my-k8s-device-plugin:1"));
  EXPECT_TRUE(known.is_cuda_image("docker.io/nvidia/cuda:12.9.0-devel-ubuntu24.04"));
  EXPECT_TRUE(known.is_cuda_image("nvidia/cuda"));
  EXPECT_FALSE(known.is_cuda_image("registry.example/cuda:1"));
  EXPECT_FALSE(known.is_cuda_image(""));
}

TEST(ImageRepository, LeavesOutTagAndDigest) {
  EXPECT_EQ(image_repository("nvcr.io/nvidia/cuda:12.9"), "nvcr.io/nvidia/cuda");
  EXPECT_EQ(image_repository("localhost:5000/a/b"), "localhost:5000/a/b");
  EXPECT_EQ(image_repository("localhost:5000/a/b:1@sha256:ff"), "localhost:5000/a/b");
  EXPECT_EQ(image_repository("busybox"), "busybox");
  EXPECT_EQ(image_repository(""), "");
}

}  // namespace
}  // namespace kai::audit
