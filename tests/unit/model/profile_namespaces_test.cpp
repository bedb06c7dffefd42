#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <kai/model/profile.hpp>

namespace kai::model {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

// What a namespace named "a" has besides: `text` in braces.
std::string with_namespace(std::string_view text) {
  return "apiVersion: kubectl-ai/v1alpha1\nkind: Platform\nspec:\n  namespaces:\n  - {name: a, " +
         std::string(text) + "}\n";
}

NamespaceProfile read(std::string_view text) {
  const auto profile = parse_profile(with_namespace(text), "lab.yaml");
  EXPECT_TRUE(profile) << profile.error().to_string();
  return profile ? profile->namespaces.at(0) : NamespaceProfile{};
}

std::vector<std::string> texts(const std::vector<FieldProblem>& problems) {
  std::vector<std::string> list;
  const std::string prefix = "spec.namespaces[0].";
  for (const FieldProblem& problem : problems) {
    const bool is_of_it = problem.message.starts_with(prefix);
    list.push_back(problem.message.substr(is_of_it ? prefix.size() : 0));
  }
  return list;
}

std::vector<std::string> problems(std::string_view text) {
  const auto reading = check_profile(with_namespace(text), "lab.yaml");
  return reading ? texts(reading->problems) : std::vector{reading.error().to_string()};
}

std::vector<std::string> warnings(std::string_view text) {
  const auto reading = check_profile(with_namespace(text), "lab.yaml");
  return reading ? texts(reading->warnings) : std::vector{reading.error().to_string()};
}

std::vector<std::pair<std::string, std::string>> amounts(const ResourceAmounts& map) {
  std::vector<std::pair<std::string, std::string>> list;
  for (const auto& [key, amount] : map) list.emplace_back(key, amount.to_string());
  return list;
}

TEST(ProfileNamespaces, NamesAreUniqueAndThoseOfKubernetes) {
  const auto reading = check_profile(
      "apiVersion: kubectl-ai/v1alpha1\nkind: Platform\nspec:\n  namespaces:\n  - name: a\n"
      "  - name: A_b\n  - name: a\n  - roles: []\n",
      "lab.yaml");
  ASSERT_TRUE(reading);
  EXPECT_THAT(
      texts(reading->problems),
      ElementsAre("spec.namespaces[1].name: invalid name \"A_b\": must consist of lower case "
                  "alphanumeric characters or '-', and must start and end with an alphanumeric "
                  "character",
                  "spec.namespaces[2].name \"a\" is already in line 5",
                  "spec.namespaces[3] has no name"));
}

TEST(ProfileNamespaces, OneLevelIsThatOfAllModes) {
  const PodSecurityMode restricted{"restricted", std::nullopt};
  const auto security = read("podSecurity: restricted").pod_security;
  ASSERT_TRUE(security);
  EXPECT_EQ(security->enforce, restricted);
  EXPECT_EQ(security->audit, restricted);
  EXPECT_EQ(security->warn, restricted);
}

TEST(ProfileNamespaces, ModesFollowEnforceUnlessNamed) {
  const auto security =
      read(
          "podSecurity: {enforce: baseline, version: v1.34, warn: restricted, warnVersion: latest,"
          " auditVersion: v1.33}")
          .pod_security;
  ASSERT_TRUE(security);
  EXPECT_EQ(security->enforce, (PodSecurityMode{"baseline", "v1.34"}));
  EXPECT_EQ(security->audit, (PodSecurityMode{"baseline", "v1.33"}));
  EXPECT_EQ(security->warn, (PodSecurityMode{"restricted", "latest"}));

  const auto only_warn = read("podSecurity: {warn: baseline}").pod_security;
  EXPECT_FALSE(only_warn->enforce);
  EXPECT_FALSE(only_warn->audit);
  EXPECT_EQ(only_warn->warn, (PodSecurityMode{"baseline", std::nullopt}));
}

TEST(ProfileNamespaces, WrongLevelsAndVersions) {
  EXPECT_THAT(problems("podSecurity: restrictd"),
              ElementsAre("podSecurity must be privileged, baseline or restricted, not "
                          "\"restrictd\"; did you mean \"restricted\"?"));
  EXPECT_THAT(problems("podSecurity: {enforce: baseline, version: \"1.34\"}"),
              ElementsAre("podSecurity.version must be latest or a minor version such as v1.34, "
                          "not \"1.34\""));
  EXPECT_THAT(problems("podSecurity: {version: v1.34}"),
              ElementsAre("podSecurity names no level: enforce, audit and warn are all missing"));
  EXPECT_THAT(problems("podSecurity: {warn: baseline, auditVersion: v1.34}"),
              ElementsAre("podSecurity.auditVersion is a version without a level"));
  EXPECT_THAT(problems("podSecurity: true"),
              ElementsAre("podSecurity must be a string or a map, not a boolean: put true in "
                          "quotes"));
}

TEST(ProfileNamespaces, QuotasCountWhatKubernetesCounts) {
  const NamespaceProfile space = read(
      "quota: {gpus: 3, requests.nvidia.com/mig-1g.5gb: 2, requests.cpu: 20, "
      "limits.memory: 200Gi, requests.storage: 1Ti, count/jobs.batch: 50, pods: 100, "
      "fast.storageclass.storage.k8s.io/requests.storage: 500Gi, "
      "requests.hugepages-2Mi: 1Gi}, defaults: {cpu: 1, memory: 1Gi}, "
      "quotaByPriority: {high: {gpus: 1, pods: 5, requests.rdma/hca: 1}}");
  EXPECT_THAT(
      amounts(*space.quota),
      ElementsAre(Pair("count/jobs.batch", "50"),
                  Pair("fast.storageclass.storage.k8s.io/requests.storage", "500Gi"),
                  Pair("limits.memory", "200Gi"), Pair("pods", "100"), Pair("requests.cpu", "20"),
                  Pair("requests.hugepages-2Mi", "1Gi"), Pair("requests.nvidia.com/gpu", "3"),
                  Pair("requests.nvidia.com/mig-1g.5gb", "2"), Pair("requests.storage", "1Ti")));
  EXPECT_THAT(amounts(space.quota_by_priority.at("high")),
              ElementsAre(Pair("pods", "5"), Pair("requests.nvidia.com/gpu", "1"),
                          Pair("requests.rdma/hca", "1")));
}

TEST(ProfileNamespaces, WrongQuotaKeys) {
  EXPECT_THAT(
      problems("quota: {request.cpu: 1, gpu: 1, colour: 1, a b/c: 1}"),
      ElementsAre(
          "quota.request.cpu is no resource of a quota; did you mean \"requests.cpu\"?",
          "quota.gpu is no resource of a quota; did you mean \"gpus\"?",
          "quota.colour is no resource of a quota; GPUs are gpus, other devices "
          "requests.example.com/name, objects count/<plural>.<group>",
          "quota.a b/c is an invalid label key \"a b/c\": the prefix must consist of lower case "
          "alphanumeric characters, '-' or '.', and must start and end with an "
          "alphanumeric character"));
  EXPECT_THAT(problems("quota: {gpus: 1, requests.nvidia.com/gpu: 2}"),
              ElementsAre("quota.requests.nvidia.com/gpu is the same as gpus, which is there too: "
                          "leave one of them out"));
  EXPECT_THAT(problems("quotaByPriority: {high: {requests.storage: 1Gi, count/jobs.batch: 1}}"),
              ElementsAre("quotaByPriority.high.requests.storage cannot be counted by "
                          "PriorityClass: only pods, their cpu and memory, and devices can",
                          "quotaByPriority.high.count/jobs.batch cannot be counted by "
                          "PriorityClass: only pods, their cpu and memory, and devices can"));
}

TEST(ProfileNamespaces, WrongAmountsAndUnits) {
  EXPECT_THAT(
      problems("quota: {requests.memory: 100GB, limits.memory: 100, requests.storage: 500m, "
               "requests.cpu: 20Gi, gpus: 0.5, pods: -1, limits.cpu: many, services: [1]}"),
      ElementsAre("quota.requests.memory is \"100GB\", which is no amount; did you mean 100Gi?",
                  "quota.limits.memory is in bytes: 100 needs a unit; did you mean 100Gi?",
                  "quota.requests.storage is in bytes, and 500m is a fraction of one; did you "
                  "mean 500Mi?",
                  "quota.requests.cpu takes cores such as 20 or 500m, and 20Gi is an amount of "
                  "bytes",
                  "quota.gpus counts things and takes a whole number, not 0.5",
                  "quota.pods must not be negative, as -1 is",
                  "quota.limits.cpu is \"many\", which is no amount",
                  "quota.services must be an amount such as 2 or 100Gi, not a list"));
  EXPECT_THAT(problems("quota: {requests.memory: 0, limits.memory: 1073741824, requests.cpu: 0.5}"),
              IsEmpty());
}

TEST(ProfileNamespaces, KeysThatCountNothingAreWarnedOf) {
  EXPECT_THAT(warnings("quota: {limits.nvidia.com/gpu: 2, amd.com/gpu: 1}"),
              ElementsAre("quota.limits.nvidia.com/gpu limits nothing: Kubernetes counts GPUs by "
                          "requests.nvidia.com/gpu, which is gpus in a profile",
                          "quota.amd.com/gpu limits nothing: Kubernetes counts GPUs by "
                          "requests.amd.com/gpu"));
  EXPECT_THAT(warnings("quota: {requests.cpu: 2, limits.memory: 1Gi}, defaults: {cpu: 1}"),
              ElementsAre("quota counts limits.memory, so pods that do not say theirs are "
                          "rejected: add defaults"));
  EXPECT_THAT(warnings("quota: {requests.cpu: 2}, defaults: {limits: {cpu: 1}}"), IsEmpty());
}

TEST(ProfileNamespaces, Defaults) {
  const auto both = read("defaults: {cpu: 500m, memory: 1Gi}").defaults;
  EXPECT_THAT(amounts(both->requests), ElementsAre(Pair("cpu", "500m"), Pair("memory", "1Gi")));
  EXPECT_THAT(amounts(both->limits), ElementsAre(Pair("cpu", "500m"), Pair("memory", "1Gi")));
  const auto apart =
      read("defaults: {memory: 1Gi, requests: {cpu: 100m}, limits: {cpu: 2}}").defaults;
  EXPECT_THAT(amounts(apart->requests), ElementsAre(Pair("cpu", "100m"), Pair("memory", "1Gi")));
  EXPECT_THAT(amounts(apart->limits), ElementsAre(Pair("cpu", "2"), Pair("memory", "1Gi")));

  EXPECT_THAT(problems("defaults: {requests: {cpu: 4}, limits: {cpu: 2}}"),
              ElementsAre("defaults request more cpu (4) than they limit it to (2)"));
  EXPECT_THAT(problems("defaults: {cpus: 1, nvidia.com/gpu: 1, requests: 2}"),
              ElementsAre("defaults.cpus is unknown here; did you mean \"cpu\"?",
                          "defaults.nvidia.com/gpu is unknown here; known are cpu, memory, "
                          "ephemeral-storage",
                          "defaults.requests must be a map, not a number"));
}

TEST(ProfileNamespaces, Network) {
  const auto network =
      read(
          "network: {isolate: true, dns: true, apiServer: true, allowFrom: [monitoring, "
          "{namespace: ingress-nginx, pods: {app: ingress}, ports: [8080, 53/UDP, 8000-9000, "
          "http]}], allowTo: [{cidr: 0.0.0.0/0, except: [10.0.0.0/8], ports: [443]}]}")
          .network;
  ASSERT_TRUE(network);
  EXPECT_EQ(network->isolate, Isolation::both);
  EXPECT_TRUE(network->dns);
  EXPECT_TRUE(network->api_server);
  ASSERT_EQ(network->allow_from.size(), 2U);
  EXPECT_EQ(network->allow_from[0].namespace_name, "monitoring");
  EXPECT_THAT(network->allow_from[0].ports, IsEmpty());
  EXPECT_EQ(network->allow_from[1].pods, (Labels{{"app", "ingress"}}));
  std::vector<std::string> ports;
  for (const NetworkPort& port : network->allow_from[1].ports) ports.push_back(port.to_string());
  EXPECT_THAT(ports, ElementsAre("8080", "53/UDP", "8000-9000", "http"));
  ASSERT_EQ(network->allow_to.size(), 1U);
  EXPECT_EQ(network->allow_to[0].cidr->to_string(), "0.0.0.0/0");
  EXPECT_EQ(network->allow_to[0].except[0].to_string(), "10.0.0.0/8");

  EXPECT_EQ(read("network: {isolate: ingress}").network->isolate, Isolation::ingress);
}

TEST(ProfileNamespaces, WrongPeersAndPorts) {
  EXPECT_THAT(
      problems("network: {isolate: true, dns: true, allowFrom: [Monitoring, b, b, {ports: [80]}, "
               "{namespace: c, ports: [0, 70000, 9-8, 53/udp, Http, 80, 80]}, {namespace: d, "
               "cidr: 10.0.0.0/8}, {cidr: 10.0.0.0/33}, {cidr: 10.0.0.0/8, except: "
               "[11.0.0.0/8, 10.0.0.0/8]}, {cidr: 10.0.0.1, ports: []}]}"),
      ElementsAre(
          "network.allowFrom[0]: invalid name \"Monitoring\": must consist of lower case "
          "alphanumeric characters or '-', and must start and end with an alphanumeric character",
          "network.allowFrom[2] names the namespace \"b\" a second time",
          "network.allowFrom[3] needs a namespace or a cidr",
          "network.allowFrom[4].ports[0] must be a port such as 8080, 53/UDP, 8000-9000 or http, "
          "not \"0\"",
          "network.allowFrom[4].ports[1] must be a port such as 8080, 53/UDP, 8000-9000 or http, "
          "not \"70000\"",
          "network.allowFrom[4].ports[2] ends before it begins: \"9-8\"",
          "network.allowFrom[4].ports[3] has the protocol \"udp\"; known are TCP, UDP and SCTP",
          "network.allowFrom[4].ports[4] must be a port such as 8080, 53/UDP, 8000-9000 or http, "
          "not \"Http\"",
          "network.allowFrom[4].ports[6] names 80 a second time",
          "network.allowFrom[5] has a namespace and a cidr: make two entries of it",
          "network.allowFrom[6].cidr: \"10.0.0.0/33\" is no CIDR: behind the slash stands a "
          "number from 0 to 32",
          "network.allowFrom[7].except[0] is 11.0.0.0/8, which is no part of 10.0.0.0/8",
          "network.allowFrom[7].except[1] is 10.0.0.0/8, which is no part of 10.0.0.0/8",
          "network.allowFrom[8].cidr: \"10.0.0.1\" is no CIDR: for one address write 10.0.0.1/32",
          "network.allowFrom[8].ports must not be empty; leave it out for all ports"));
}

TEST(ProfileNamespaces, AllowingNeedsIsolation) {
  EXPECT_THAT(problems("network: {dns: true, allowFrom: [b]}"),
              ElementsAre("network.dns needs isolate: true; without it everything is allowed out",
                          "network.allowFrom needs isolate: without it everything is allowed in"));
  EXPECT_THAT(problems("network: {isolate: ingress, allowTo: [b], allowFrom: [b]}"),
              ElementsAre("network.allowTo needs isolate: true; without it everything is allowed "
                          "out"));
  EXPECT_THAT(problems("network: {isolate: egress}"),
              ElementsAre("network.isolate must be true, false or ingress, not a string"));
  EXPECT_THAT(warnings("network: {isolate: true}"),
              ElementsAre("network.isolate cuts the pods off from DNS: add dns: true"));
}

TEST(ProfileNamespaces, Roles) {
  const auto roles =
      read(
          "roles: [{name: ai-researcher, subjects: [{kind: Group, name: \"oidc:lab\"}, "
          "{kind: ServiceAccount, name: runner}, {kind: ServiceAccount, name: ci, namespace: "
          "ops}]}]")
          .roles;
  ASSERT_EQ(roles.size(), 1U);
  EXPECT_EQ(roles[0].name, "ai-researcher");
  EXPECT_THAT(roles[0].subjects, ElementsAre(RoleSubject{"Group", "oidc:lab", ""},
                                             RoleSubject{"ServiceAccount", "runner", "a"},
                                             RoleSubject{"ServiceAccount", "ci", "ops"}));
}

TEST(ProfileNamespaces, WrongRoles) {
  EXPECT_THAT(
      problems("roles: [{name: ai-reseacher, subjects: []}, {name: ai-operator, subjects: [{kind: "
               "group, name: x}, {kind: User, name: \"\"}, {kind: User, name: u, namespace: b}, "
               "{kind: Group, name: g}, {kind: Group, name: g}, {name: z}]}, {name: ai-operator}]"),
      ElementsAre("roles[0].name must be ai-researcher or ai-operator, not \"ai-reseacher\"; did "
                  "you mean \"ai-researcher\"?",
                  "roles[0].subjects must not be empty: a role that nobody has grants nothing",
                  "roles[1].subjects[0].kind must be User, Group or ServiceAccount, not "
                  "\"group\"; did you mean \"Group\"?",
                  "roles[1].subjects[1].name must not be empty",
                  "roles[1].subjects[2].namespace is for ServiceAccounts: a User belongs to no "
                  "namespace",
                  "roles[1].subjects[4] names Group \"g\" a second time",
                  "roles[1].subjects[5] has no kind", "roles[2] has no subjects",
                  "roles[2].name \"ai-operator\" is already in line 5: put all subjects there"));
}

}  // namespace
}  // namespace kai::model
