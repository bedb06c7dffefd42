#include "builders.hpp"

#include <gtest/gtest.h>

namespace kai::audit::test {
namespace {

Facts quota_defaults(std::string_view item) {
  return facts_of(
      "apiVersion: v1\nkind: LimitRange\nmetadata: {name: a, namespace: team}\n"
      "spec: {limits: [" +
      std::string(item) + "]}\n");
}

TEST(LimitRange, CompletesDefaultsAsTheApiServerDoes) {
  const Facts facts = quota_defaults(
      "{type: Container, max: {cpu: 4}, min: {memory: 1Gi}, default: {ephemeral-storage: 1Gi}, "
      "defaultRequest: {example.com/x: 1}}");
  const Governance& governance = facts.governance;
  for (const char* resource : {"cpu", "memory", "ephemeral-storage", "example.com/x"}) {
    EXPECT_TRUE(governance.defaults_request("team", resource)) << resource;
    EXPECT_FALSE(governance.defaults_request("other", resource)) << resource;
  }
  EXPECT_TRUE(governance.defaults_limit("team", "cpu"));
  EXPECT_TRUE(governance.defaults_limit("team", "ephemeral-storage"));
  EXPECT_FALSE(governance.defaults_limit("team", "memory"));
  EXPECT_FALSE(governance.defaults_limit("team", "example.com/x"));
}

TEST(LimitRange, OfPodsAndVolumesGivesNoDefaults) {
  const Facts facts = quota_defaults("{type: Pod, max: {cpu: 4}}, {type: PersistentVolumeClaim}");
  EXPECT_FALSE(facts.governance.defaults_request("team", "cpu"));
  EXPECT_FALSE(facts.governance.defaults_limit("team", "cpu"));
}

TEST(PriorityClass, OfSeveralDefaultsTheLowestCounts) {
  const Facts facts = facts_of(R"(
apiVersion: scheduling.k8s.io/v1
kind: PriorityClass
metadata: {name: high}
value: 1000
globalDefault: true
---
apiVersion: scheduling.k8s.io/v1
kind: PriorityClass
metadata: {name: low}
value: -5
globalDefault: true
---
apiVersion: scheduling.k8s.io/v1
kind: PriorityClass
metadata: {name: system-node-critical}
value: 2000001000
)");
  const Governance& governance = facts.governance;
  ASSERT_NE(governance.global_default(), nullptr);
  EXPECT_EQ(governance.global_default()->head.name, std::string_view("low"));
  ASSERT_NE(governance.find_priority_class("system-node-critical"), nullptr);
  EXPECT_TRUE(governance.find_priority_class("system-node-critical")->is_system());
  EXPECT_EQ(governance.find_priority_class("gone"), nullptr);
}

Autoscaler scaler(std::string_view version, std::string_view spec,
                  std::string_view annotations = "") {
  const Facts facts =
      facts_of("apiVersion: autoscaling/" + std::string(version) +
               "\nkind: HorizontalPodAutoscaler\n"
               "metadata: {name: a, annotations: {" +
               std::string(annotations) + "}}\nspec: {" + std::string(spec) + "}\n");
  return facts.governance.autoscalers.at(0);
}

Autoscaler scaler_of(const std::string& metrics) {
  return scaler("v2", "metrics: [" + metrics + "]");
}

TEST(Autoscaler, KnowsMetricsOfEveryVersion) {
  const std::string cpu = "{type: Resource, resource: {name: cpu}}";
  const std::string memory = "{type: Resource, resource: {name: memory}}";
  EXPECT_TRUE(scaler_of(cpu).on_cpu);
  EXPECT_FALSE(scaler_of(cpu).on_others);
  EXPECT_EQ(scaler_of(memory + ", " + cpu).cpu.pointer(), "/spec/metrics/1");
  EXPECT_TRUE(scaler_of("{type: ContainerResource, containerResource: {name: cpu}}").on_cpu);
  EXPECT_FALSE(scaler_of(memory).on_cpu);
  EXPECT_FALSE(scaler_of(memory).on_others);
  EXPECT_TRUE(scaler_of(cpu + ", {type: External, external: {}}").on_others);
  EXPECT_FALSE(scaler_of("{type: Pods, pods: {}}").on_cpu);
  EXPECT_TRUE(scaler("v2", "").on_cpu) << "the API server's own default";
  EXPECT_EQ(scaler("v1", "targetCPUUtilizationPercentage: 80").cpu.pointer(),
            "/spec/targetCPUUtilizationPercentage");
  const Autoscaler old = scaler("v1", "", "autoscaling.alpha.kubernetes.io/metrics: '[]'");
  EXPECT_TRUE(old.on_others);
  EXPECT_FALSE(old.on_cpu);
}

TEST(Autoscaler, FindsTargetsThatSpeakForNobody) {
  // The StatefulSet is left out of Facts::workloads, as its owner says the same.
  const Facts facts = facts_of(R"(
apiVersion: leaderworkerset.x-k8s.io/v1
kind: LeaderWorkerSet
metadata: {name: llm, namespace: team}
spec: {leaderWorkerTemplate: {workerTemplate: {spec: {containers: [{name: m, image: i}]}}}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: llm
  namespace: team
  ownerReferences:
  - {apiVersion: leaderworkerset.x-k8s.io/v1, kind: LeaderWorkerSet, name: llm, controller: true}
spec: {template: {spec: {containers: [{name: m, image: i}]}}}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: a, namespace: team}
spec: {scaleTargetRef: {apiVersion: apps/v1, kind: StatefulSet, name: llm}}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: b, namespace: other}
spec: {scaleTargetRef: {apiVersion: apps/v1, kind: StatefulSet, name: llm}}
)");
  ASSERT_EQ(facts.governance.autoscalers.size(), 2U);
  EXPECT_EQ(facts.workloads.size(), 1U);
  EXPECT_FALSE(facts.governance.autoscalers[0].target_read) << "another namespace's";
  EXPECT_TRUE(facts.governance.autoscalers[1].target_read);
}

TEST(PriorityClass, OfOthersMayNotHideBehindAPrefix) {
  EXPECT_TRUE(is_system_priority_class("system-cluster-critical"));
  EXPECT_FALSE(is_system_priority_class("system-gpu-critical"));
}

MemoryLock lock_of(std::string_view pod, std::string_view container) {
  const Facts facts =
      facts_of("apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {securityContext: {" +
               std::string(pod) + "}, containers: [{name: m, securityContext: {" +
               std::string(container) + "}}]}\n");
  return facts.pods.at(0).spec->containers.at(0).memory_lock;
}

TEST(MemoryLock, NeedsTheCapabilityAndRoot) {
  const std::string lock = "capabilities: {add: [NET_RAW, IPC_LOCK]}";
  EXPECT_EQ(lock_of("", lock), MemoryLock::granted);
  EXPECT_EQ(lock_of("", "privileged: true"), MemoryLock::granted);
  EXPECT_EQ(lock_of("", "capabilities: {add: [ALL]}"), MemoryLock::granted);
  EXPECT_EQ(lock_of("", "capabilities: {add: [NET_RAW], drop: [ALL]}"), MemoryLock::missing);
  EXPECT_EQ(lock_of("", ""), MemoryLock::missing);
  EXPECT_EQ(lock_of("runAsUser: 1000", lock), MemoryLock::inert);
  EXPECT_EQ(lock_of("runAsUser: 1000", "runAsUser: 0, " + lock), MemoryLock::granted);
  EXPECT_EQ(lock_of("runAsNonRoot: true", lock), MemoryLock::inert);
  EXPECT_EQ(lock_of("runAsNonRoot: true", "runAsNonRoot: false, " + lock), MemoryLock::granted);
}

TEST(StaticLogins, ComeFromDexAndFromNoOtherText) {
  const Facts facts = facts_of(R"(
apiVersion: v1
kind: ConfigMap
metadata: {name: dex, namespace: auth}
data:
  broken: "staticPasswords: [{email: x"
  config.yaml: |
    issuer: http://dex
    staticPasswords:
    - email: a@example.org
      hash: $2y$12$abc
    - email: b@example.org
      hashFromEnv: B
)");
  ASSERT_EQ(facts.governance.static_logins.size(), 2U);
  EXPECT_EQ(facts.governance.static_logins[0].user, "a@example.org");
  EXPECT_EQ(facts.governance.static_logins[0].hash, "$2y$12$abc");
  EXPECT_EQ(facts.governance.static_logins[0].path.pointer(), "/data/config.yaml");
  EXPECT_EQ(facts.governance.static_logins[1].hash, "");
}

TEST(StaticLogins, AreNoneWhereDexAsksForNoPassword) {
  const Facts facts = facts_of(R"(
apiVersion: v1
kind: ConfigMap
metadata: {name: dex, namespace: auth}
data:
  config.yaml: |
    enablePasswordDB: false
    staticPasswords: [{email: user@example.com}]
)");
  EXPECT_TRUE(facts.governance.static_logins.empty());
}

TEST(StaticLogins, AreKeptWithoutThoseOfOthers) {
  const auto in_brackets = [](std::string_view user) { return "<" + std::string(user) + ">"; };
  EXPECT_EQ(keep_shipped_logins("staticPasswords:\n- {email: user@example.com, hash: own}\n"
                                "- {email: a@b.c, hash: other}\nsecret: s\n",
                                in_brackets),
            R"({"staticPasswords":[{"email":"<user@example.com>","hash":"another"}]})");
  EXPECT_EQ(keep_shipped_logins("staticPasswords: [{email: a@b.c, hash: other}]", in_brackets), "");
  EXPECT_EQ(keep_shipped_logins("staticPasswords: [", in_brackets), "");
}

struct CleanUp {
  const char* metadata;
  const char* spec;
  bool cleaned_up;
};

TEST(CleanedUp, ByItsOwnTtlOrByWhoeverMadeIt) {
  for (const CleanUp& job : {
           CleanUp{"", "", false},
           CleanUp{"", "ttlSecondsAfterFinished: 0", true},
           CleanUp{"labels: {cleanup.kyverno.io/ttl: 1h}", "", true},
           CleanUp{"annotations: {helm.sh/hook: test}", "", true},
           CleanUp{"annotations: {argocd.argoproj.io/hook: PostSync}", "", true},
           CleanUp{"annotations: {argocd.argoproj.io/tracking-id: x}", "", true},
           CleanUp{"annotations: {meta.helm.sh/release-name: x}", "", true},
           CleanUp{"labels: {kustomize.toolkit.fluxcd.io/name: apps}", "", true},
           CleanUp{"labels: {app.kubernetes.io/managed-by: Helm}", "", false},
       }) {
    const std::string text = std::string("apiVersion: batch/v1\nkind: Job\nmetadata: {name: a, ") +
                             job.metadata + "}\nspec: {" + job.spec + (*job.spec == 0 ? "" : ", ") +
                             "template: {spec: {containers: [{name: m, image: i}]}}}\n";
    EXPECT_EQ(facts_of(text).workloads.at(0).cleaned_up, job.cleaned_up) << text;
  }
}

}  // namespace
}  // namespace kai::audit::test
