#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <kai/model/profile.hpp>

namespace kai::model {
namespace {

using testing::ElementsAre;

std::string error_of(std::string_view text) {
  const auto profile = parse_profile(text, "lab.yaml");
  return profile ? "no error" : profile.error().to_string();
}

// The example that the documentation shows.
const char* const k_whole = R"(apiVersion: kubectl-ai/v1alpha1
kind: Platform
metadata: {name: lab}
spec:
  gpu:
    nodes: [gpu-a.example.org, gpu-b.example.org]
    labels: {nvidia.com/gpu: "true"}
    taint: nvidia.com/gpu=true:NoSchedule
    stack: device-plugin
    timeSlicing: 4
  namespaces:
  - name: ai-projects
    podSecurity: restricted
    quota: {requests.cpu: 20, limits.cpu: 40, requests.memory: 100Gi, gpus: 3}
    defaults: {cpu: 500m, memory: 1Gi}
    network: {isolate: true, dns: true, allowFrom: [monitoring]}
    roles: [{name: ai-researcher, subjects: [{kind: Group, name: researchers}]}]
  priorityClasses:
  - {name: ai-workload-priority, value: 1000000, description: AI workloads}
  backup: {provider: aws, bucket: velero, endpoint: "http://minio.velero.svc:9000", schedule: "0 1 * * *", ttl: 720h}
  kubeflow: {source: "./manifests/example", version: v1.7.0}
  host: {os: auto, runtime: auto, kubernetes: v1.34, reserved: {cpu: 1, memory: 2Gi}}
)";

TEST(Profile, ReadsTheGpuSection) {
  const auto profile = parse_profile(k_whole, "lab.yaml");
  ASSERT_TRUE(profile) << profile.error().to_string();
  EXPECT_EQ(profile->name, "lab");
  ASSERT_TRUE(profile->gpu);
  EXPECT_THAT(profile->gpu->nodes, ElementsAre("gpu-a.example.org", "gpu-b.example.org"));
  EXPECT_EQ(profile->gpu->labels, (Labels{{"nvidia.com/gpu", "true"}}));
  EXPECT_EQ(profile->gpu->taint, "nvidia.com/gpu=true:NoSchedule");
  EXPECT_EQ(profile->gpu->stack, "device-plugin");
  EXPECT_EQ(profile->gpu->time_slicing, 4);
  EXPECT_FALSE(profile->gpu->mps);
  EXPECT_FALSE(profile->gpu->selector);
}

std::string with_gpu(std::string_view section) {
  return "apiVersion: kubectl-ai/v1alpha1\nkind: Platform\nspec:\n  gpu:\n" + std::string(section);
}

TEST(Profile, NodesBySelector) {
  const auto profile = parse_profile(with_gpu("    nodes: {selector: \"pool=gpu\"}\n"), "lab.yaml");
  ASSERT_TRUE(profile) << profile.error().to_string();
  EXPECT_EQ(profile->gpu->selector, "pool=gpu");
}

TEST(Profile, UnknownKeysNameThePlaceAndTheNearestKey) {
  EXPECT_EQ(error_of(with_gpu("    lables: {a: b}\n")),
            "lab.yaml:5:5: unknown key \"lables\" in spec.gpu; did you mean \"labels\"?");
  EXPECT_EQ(error_of(with_gpu("    colour: red\n")),
            "lab.yaml:5:5: unknown key \"colour\" in spec.gpu; known are nodes, labels, taint, "
            "stack, timeSlicing, mps, migStrategy");
  EXPECT_EQ(error_of("apiVersion: kubectl-ai/v1alpha1\nkind: Platform\nspecs: {}\n"),
            "lab.yaml:3:1: unknown key \"specs\"; did you mean \"spec\"?");
  EXPECT_EQ(
      error_of("apiVersion: kubectl-ai/v1alpha1\nkind: Platform\nspec:\n  namespaces:\n"
               "  - name: a\n    netwrok: {}\n"),
      "lab.yaml:6:5: unknown key \"netwrok\" in spec.namespaces[0]; did you mean \"network\"?");
}

TEST(Profile, WrongTypesSayWhatIsWanted) {
  EXPECT_EQ(error_of(with_gpu("    labels: {nvidia.com/gpu: true}\n")),
            "lab.yaml:5:14: spec.gpu.labels.nvidia.com/gpu must be a string, not a boolean: put "
            "true in quotes");
  EXPECT_EQ(error_of(with_gpu("    timeSlicing: four\n")),
            "lab.yaml:5:5: spec.gpu.timeSlicing must be a whole number, not a string");
  EXPECT_EQ(error_of(with_gpu("    nodes: gpu-a\n")),
            "lab.yaml:5:5: spec.gpu.nodes must be a list, not a string");
  EXPECT_EQ(error_of("- a\n"), "lab.yaml:1:1: the profile must be a map, not a list");
}

TEST(Profile, AllProblemsAreToldAtOnce) {
  EXPECT_EQ(error_of(with_gpu("    taint: 3\n    lables: {}\n")),
            "lab.yaml:5:5: spec.gpu.taint must be a string, not a number: put 3 in quotes; "
            "lab.yaml:6:5: unknown key \"lables\" in spec.gpu; did you mean \"labels\"?");
}

TEST(Profile, OtherVersionsAndKindsAreRefused) {
  EXPECT_EQ(error_of("apiVersion: kubectl-ai/v2\nkind: Platform\n"),
            "lab.yaml:1:1: apiVersion must be kubectl-ai/v1alpha1");
  EXPECT_EQ(error_of("apiVersion: kubectl-ai/v1alpha1\nkind: Pod\n"),
            "lab.yaml:2:1: kind must be Platform");
}

TEST(Profile, DuplicateKeysAreErrors) {
  EXPECT_THAT(error_of(with_gpu("    taint: a\n    taint: b\n")),
              testing::HasSubstr("lab.yaml:6:5"));
}

}  // namespace
}  // namespace kai::model
