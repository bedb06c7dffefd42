#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <kai/model/profile.hpp>

namespace kai::model {
namespace {

using testing::ElementsAre;

std::string error_of(std::string_view text) {
  const auto profile = parse_profile(text, "lab.yaml");
  if (profile) return "no error";
  std::string message = profile.error().to_string();
  for (const Cause& cause : profile.error().causes) {
    message += "\n" + cause.field + ": " + cause.message;
  }
  return message;
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
            "lab.yaml:5:5: spec.gpu.taint must be a string, not a number: put 3 in quotes\n"
            "lab.yaml:6:5: unknown key \"lables\" in spec.gpu; did you mean \"labels\"?");
}

TEST(Profile, OtherVersionsAndKindsAreRefused) {
  EXPECT_EQ(error_of("apiVersion: kubectl-ai/v2\nkind: Platform\n"),
            "lab.yaml:1:1: apiVersion must be kubectl-ai/v1alpha1");
  EXPECT_EQ(error_of("apiVersion: kubectl-ai/v1alpha1\nkind: Pod\n"),
            "lab.yaml:2:1: kind must be Platform");
}

TEST(Profile, DuplicateKeysAreErrors) {
  EXPECT_THAT(error_of(with_gpu("    taint: a:NoSchedule\n    taint: b:NoSchedule\n")),
              testing::HasSubstr("lab.yaml:6:5"));
}

TEST(Profile, ReadsTheOtherSections) {
  const auto profile = parse_profile(k_whole, "lab.yaml");
  ASSERT_TRUE(profile) << profile.error().to_string();
  ASSERT_EQ(profile->priority_classes.size(), 1U);
  EXPECT_EQ(profile->priority_classes[0].name, "ai-workload-priority");
  EXPECT_EQ(profile->priority_classes[0].value, 1'000'000);
  EXPECT_FALSE(profile->priority_classes[0].global_default);
  EXPECT_EQ(profile->priority_classes[0].location.line, 19);
  EXPECT_EQ(profile->backup->bucket, "velero");
  EXPECT_EQ(profile->backup->ttl, "720h");
  EXPECT_EQ(profile->kubeflow->version, "v1.7.0");
  EXPECT_EQ(profile->host->kubernetes, "v1.34");
  EXPECT_EQ(profile->host->reserved.at("memory").to_string(), "2Gi");
}

std::string with_spec(std::string_view section) {
  return "apiVersion: kubectl-ai/v1alpha1\nkind: Platform\nspec:\n" + std::string(section);
}

TEST(Profile, SharingIsBounded) {
  EXPECT_EQ(error_of(with_gpu("    timeSlicing: 1\n")),
            "lab.yaml:5:5: spec.gpu.timeSlicing is 1, but a GPU is shared by 2 to 256 pods");
  EXPECT_EQ(error_of(with_gpu("    timeSlicing: 4\n    mps: 4\n")),
            "lab.yaml:6:5: spec.gpu.mps and timeSlicing exclude each other");
}

TEST(Profile, GpuValuesAreThoseOfKubernetes) {
  EXPECT_EQ(error_of(with_gpu("    nodes: [a, A, a]\n    stack: plugin\n")),
            "lab.yaml:5:16: spec.gpu.nodes[1]: invalid name \"A\": must consist of lower case "
            "alphanumeric characters, '-' or '.', and must start and end with an alphanumeric "
            "character\n"
            "lab.yaml:5:19: spec.gpu.nodes[2] names \"a\" a second time\n"
            "lab.yaml:6:5: spec.gpu.stack must be device-plugin, operator or none, not \"plugin\"");
  EXPECT_EQ(error_of(with_gpu("    taint: nvidia.com/gpu:NoScedule\n")),
            "lab.yaml:5:5: spec.gpu.taint: invalid taint \"nvidia.com/gpu:NoScedule\": unknown "
            "effect \"NoScedule\", did you mean NoSchedule?");
  EXPECT_EQ(error_of(with_gpu("    nodes: {selector: \"\"}\n")),
            "lab.yaml:5:13: spec.gpu.nodes.selector must not be empty: it would select every node");
}

TEST(Profile, PriorityClassesAreThoseOfKubernetes) {
  EXPECT_EQ(error_of(with_spec("  priorityClasses:\n"
                               "  - {name: system-high, value: 1}\n"
                               "  - {name: a, value: 1000000001, globalDefault: true}\n"
                               "  - {name: a, globalDefault: true}\n"
                               "  - {name: b, value: 5, preemptionPolicy: never}\n"
                               "  - {value: 1.5}\n")),
            "lab.yaml:5:6: spec.priorityClasses[0].name must not begin with system-: such names "
            "belong to Kubernetes\n"
            "lab.yaml:6:15: spec.priorityClasses[1].value is 1000000001, but what is above "
            "1000000000 belongs to Kubernetes\n"
            "lab.yaml:7:5: spec.priorityClasses[2] has no value\n"
            "lab.yaml:7:6: spec.priorityClasses[2].name \"a\" is already in line 6\n"
            "lab.yaml:7:15: spec.priorityClasses[2].globalDefault is set a second time, after a: a "
            "cluster has one default\n"
            "lab.yaml:8:25: spec.priorityClasses[3].preemptionPolicy must be PreemptLowerPriority "
            "or Never, not \"never\"; did you mean \"Never\"?\n"
            "lab.yaml:9:5: spec.priorityClasses[4] has no name\n"
            "lab.yaml:9:6: spec.priorityClasses[4].value must be a whole number, not a number");
}

TEST(Profile, OperationsAreChecked) {
  EXPECT_EQ(
      error_of(with_spec("  backup: {bucket: \"\", endpoint: minio, schedule: 0 25 * * *, ttl: "
                         "\"720\"}\n"
                         "  kubeflow: {version: v1.7.0}\n"
                         "  host: {runtime: docker, kubernetes: \"1.34\", reserved: {cpus: 1, "
                         "memory: 2GB}}\n")),
      "lab.yaml:4:3: spec.backup has no provider\n"
      "lab.yaml:4:12: spec.backup.bucket must not be empty\n"
      "lab.yaml:4:24: spec.backup.endpoint must be a URL such as "
      "http://minio.velero.svc:9000, not \"minio\"\n"
      "lab.yaml:4:41: spec.backup.schedule is \"0 25 * * *\", which is no schedule: write "
      "five fields, \"0 1 * * *\", or @daily\n"
      "lab.yaml:4:63: spec.backup.ttl must be a duration in hours, minutes or seconds such "
      "as 720h, not \"720\"\n"
      "lab.yaml:5:3: spec.kubeflow has no source\n"
      "lab.yaml:6:10: spec.host.runtime must be auto, containerd or cri-o, not \"docker\"\n"
      "lab.yaml:6:27: spec.host.kubernetes must be a version such as v1.34 or v1.34.2, not "
      "\"1.34\"\n"
      "lab.yaml:6:58: spec.host.reserved.cpus is unknown here; did you mean \"cpu\"?\n"
      "lab.yaml:6:67: spec.host.reserved.memory is \"2GB\", which is no amount; did you mean "
      "2Gi?");
}

}  // namespace
}  // namespace kai::model
