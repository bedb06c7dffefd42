#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "builders.hpp"

namespace kai::audit {
namespace {

using test::cluster_of;
using test::facts_of;
using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> subjects(const Facts& facts) {
  std::vector<std::string> names;
  facts.each_subject([&](const Subject& subject) { names.push_back(subject.ref.to_string()); });
  return names;
}

// A pod of a Deployment's ReplicaSet, as the API server has it.
std::string replica(std::string_view name, std::string_view node, std::string_view token) {
  return std::string("apiVersion: v1\nkind: Pod\nmetadata:\n  name: ") + std::string(name) +
         R"(
  namespace: team
  labels: {app: web, pod-template-hash: 6b9f}
  ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: web-6b9f, controller: true}]
spec:
  nodeName: )" +
         std::string(node) + R"(
  containers:
  - name: main
    image: registry.example/web:1
    env: [{name: POD, value: )" +
         std::string(name) + R"(}]
    resources: {limits: {nvidia.com/gpu: "1"}, requests: {nvidia.com/gpu: "1", cpu: 500m}}
    volumeMounts: [{name: kube-api-access-)" +
         std::string(token) + R"(, mountPath: /var/run/secrets/kubernetes.io/serviceaccount}]
  volumes: [{name: kube-api-access-)" +
         std::string(token) + R"(, projected: {sources: []}}]
status: {phase: Running}
---
)";
}

TEST(KubeVersion, ReadsTheUsualForms) {
  EXPECT_EQ(KubeVersion::parse("1.37"), (KubeVersion{1, 37}));
  EXPECT_EQ(KubeVersion::parse("v1.36.3"), (KubeVersion{1, 36}));
  EXPECT_EQ(KubeVersion::parse("v1.30.1-gke.100"), (KubeVersion{1, 30}));
  EXPECT_EQ(KubeVersion::parse("1.30+"), (KubeVersion{1, 30}));
  for (const char* text : {"", "1", "1.", "v", "one.two", "1.3x", "1.-3", "latest"}) {
    EXPECT_FALSE(KubeVersion::parse(text).known()) << text;
  }
  EXPECT_LT(KubeVersion::parse("1.9"), KubeVersion::parse("1.10"));
  EXPECT_EQ(KubeVersion().to_string(), "unknown");
}

TEST(Amounts, AreExactAndZeroWhenAbsent) {
  const Facts facts = facts_of(R"(
apiVersion: v1
kind: Node
metadata: {name: a}
status:
  capacity: {cpu: "192", memory: 2Ti, nvidia.com/gpu: 8, broken: x}
  allocatable: {cpu: 191500m, nvidia.com/gpu: "6"}
)");
  ASSERT_EQ(facts.nodes.size(), 1U);
  const Node& node = facts.nodes[0];
  EXPECT_EQ(amount_of(node.capacity, "nvidia.com/gpu").value(), 8);
  EXPECT_EQ(amount_of(node.allocatable, "nvidia.com/gpu").value(), 6);
  EXPECT_EQ(amount_of(node.allocatable, "cpu").milli_value(), 191500);
  EXPECT_TRUE(amount_of(node.allocatable, "memory").is_zero());
  EXPECT_EQ(to_resources(node.allocatable).size(), 2U);
}

TEST(Templates, ReplicasShareOne) {
  const Facts facts =
      cluster_of(replica("web-6b9f-a", "n1", "x1y2z") + replica("web-6b9f-b", "n2", "q9w8e"));
  ASSERT_EQ(facts.pods.size(), 2U);
  EXPECT_EQ(facts.templates.size(), 1U);
  EXPECT_EQ(facts.pods[0].spec, facts.pods[1].spec);
  EXPECT_EQ(facts.pods[0].labels, facts.pods[1].labels);
  EXPECT_EQ(facts.pods[0].owner, facts.pods[1].owner);
  EXPECT_NE(facts.pods[0].node, facts.pods[1].node);
  EXPECT_TRUE(facts.pods[0].spec->wants_gpu());
}

TEST(Templates, WhatRulesLookAtTellsThemApart) {
  const auto pod = [](std::string_view name, std::string_view spec) {
    return "apiVersion: v1\nkind: Pod\nmetadata: {name: " + std::string(name) +
           ", namespace: team}\nspec: " + std::string(spec) + "\n---\n";
  };
  const Facts facts = facts_of(
      pod("a", "{containers: [{name: m, image: i}]}") +
      pod("b", "{containers: [{name: m, image: j}]}") +
      pod("c",
          "{containers: [{name: m, image: i, env: [{name: NVIDIA_VISIBLE_DEVICES, value: "
          "all}]}]}") +
      pod("d", "{containers: [{name: m, image: i}], hostIPC: true}") +
      pod("e", "{containers: [{name: m, image: i}], tolerations: [{operator: Exists}]}") +
      pod("f", "{containers: [{name: m, image: i, securityContext: {privileged: true}}]}") +
      pod("g", "{initContainers: [{name: m, image: i}], containers: []}") +
      pod("h", "{containers: [{name: m, image: i}], nodeSelector: {a: b}}"));
  EXPECT_EQ(facts.templates.size(), facts.pods.size());
}

TEST(Templates, PodsOfADaemonSetAreAlikeWhereverTheyRun) {
  std::string yaml;
  for (const char* node : {"n1", "n2"}) {
    yaml += std::string(R"(
apiVersion: v1
kind: Pod
metadata:
  name: agent-)") +
            node + R"(
  namespace: team
  ownerReferences: [{apiVersion: apps/v1, kind: DaemonSet, name: agent, controller: true}]
spec:
  nodeName: )" +
            node +
            R"(
  affinity:
    nodeAffinity:
      requiredDuringSchedulingIgnoredDuringExecution:
        nodeSelectorTerms:
        - matchFields: [{key: metadata.name, operator: In, values: [)" +
            node + R"(]}]
  containers: [{name: main, image: i}]
---
)";
  }
  EXPECT_EQ(facts_of(yaml).templates.size(), 1U);
}

TEST(Templates, KnowWhatIsAtDevShm) {
  const auto shm = [](std::string_view volume) {
    const Facts facts = facts_of(R"(
apiVersion: v1
kind: Pod
metadata: {name: a}
spec:
  containers: [{name: m, volumeMounts: [{name: s, mountPath: /dev/shm}]}]
  volumes: [{name: s, )" + std::string(volume) +
                                 "}]\n");
    return facts.templates.at(0).containers.at(0).shm;
  };
  EXPECT_EQ(shm("emptyDir: {medium: Memory}"), Shm::memory);
  EXPECT_EQ(shm("hostPath: {path: /dev/shm}"), Shm::host);
  EXPECT_EQ(shm("emptyDir: {}"), Shm::disk);
  EXPECT_EQ(
      facts_of("apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: m}]}")
          .templates.at(0)
          .containers.at(0)
          .shm,
      Shm::none);
}

TEST(Templates, ReadWhateverHasPods) {
  const Facts facts = facts_of(R"(
apiVersion: ray.io/v1
kind: RayCluster
metadata: {name: ray, namespace: team}
spec:
  headGroupSpec: {template: {spec: {containers: [{name: head}]}}}
  workerGroupSpecs:
  - {template: {spec: {containers: [{name: w0}]}}}
  - {template: {spec: {containers: [{name: w1}]}}}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: nightly, namespace: team}
spec: {jobTemplate: {spec: {template: {spec: {containers: [{name: job}]}}}}}
---
apiVersion: kubeflow.org/v1
kind: PyTorchJob
metadata: {name: train, namespace: team}
spec: {pytorchReplicaSpecs: {Master: {template: {spec: {containers: [{name: pytorch}]}}}}}
---
apiVersion: example.org/v1
kind: Deployment
metadata: {name: not-ours, namespace: team}
spec: {template: {spec: {containers: [{name: x}]}}}
)");
  std::vector<std::string> paths;
  for (const Workload& workload : facts.workloads) paths.push_back(workload.spec_path.str());
  EXPECT_THAT(paths,
              testing::UnorderedElementsAre(
                  "/spec/headGroupSpec/template/spec", "/spec/workerGroupSpecs/0/template/spec",
                  "/spec/workerGroupSpecs/1/template/spec", "/spec/jobTemplate/spec/template/spec",
                  "/spec/pytorchReplicaSpecs/Master/template/spec"));
  EXPECT_EQ(facts.objects, 4);
}

TEST(Subjects, ADeploymentSpeaksForItsPods) {
  const std::string pods = replica("web-6b9f-a", "n1", "t") + replica("web-6b9f-b", "n2", "u");
  const std::string deployment = R"(
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: team}
spec: {replicas: 2, template: {metadata: {labels: {app: web}}, spec: {containers: [{name: main}]}}}
---
apiVersion: apps/v1
kind: ReplicaSet
metadata:
  name: web-6b9f
  namespace: team
  ownerReferences: [{apiVersion: apps/v1, kind: Deployment, name: web, controller: true}]
spec: {template: {spec: {containers: [{name: main}]}}}
)";
  EXPECT_THAT(subjects(cluster_of(pods + deployment)), ElementsAre("Deployment team/web"));
  // Without it, its pods speak for it, once.
  const Facts alone = cluster_of(pods);
  EXPECT_THAT(subjects(alone), ElementsAre("Deployment team/web"));
  EXPECT_EQ(controller_ref(alone.pods[0]).api_version, "apps/v1");
}

TEST(Subjects, APodOnItsOwnSpeaksForItself) {
  const Facts facts =
      facts_of("apiVersion: v1\nkind: Pod\nmetadata: {name: solo, namespace: team}\nspec: {}\n");
  EXPECT_THAT(subjects(facts), ElementsAre("Pod team/solo"));
}

TEST(Subjects, OwnersThatAreNoDeploymentStayWhatTheyAre) {
  const Facts facts = facts_of(R"(
apiVersion: v1
kind: Pod
metadata:
  name: rs-x
  namespace: team
  labels: {pod-template-hash: other}
  ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: rs, controller: true}]
---
apiVersion: v1
kind: Pod
metadata:
  name: not-controlled
  namespace: team
  ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: c}]
)");
  EXPECT_THAT(subjects(facts), ElementsAre("Pod team/not-controlled", "ReplicaSet team/rs"));
}

TEST(Builder, ReadsPods) {
  const Facts facts = cluster_of(R"(
apiVersion: v1
kind: Pod
metadata:
  {name: a, namespace: t, creationTimestamp: "2026-01-01T00:00:00Z", deletionTimestamp: "2026-01-01T00:01:00Z"}
spec:
  schedulingGates: [{name: g}]
  containers: [{name: m, resources: {limits: {nvidia.com/gpu: 1}, requests: {nvidia.com/gpu: 1}}}]
status:
  phase: Pending
  conditions:
  - {type: PodScheduled, status: "False", message: none fits, lastTransitionTime: "2026-01-01T00:00:30Z"}
---
apiVersion: v1
kind: Pod
metadata: {name: b, namespace: t, annotations: {kubernetes.io/config.mirror: x}}
spec: {nodeName: n}
status:
  phase: Pending
  containerStatuses: [{state: {running: {}}}, {state: {waiting: {reason: ErrImagePull}}}]
---
apiVersion: v1
kind: Pod
metadata: {name: c, namespace: t}
status: {phase: Failed, reason: UnexpectedAdmissionError}
)");
  ASSERT_EQ(facts.pods.size(), 3U);
  const Pod& a = facts.pods[0];
  EXPECT_TRUE(a.gated && a.deleting);
  EXPECT_EQ(a.message, std::string_view("none fits"));
  EXPECT_EQ(a.unscheduled_since - a.created, 30);
  EXPECT_EQ(a.phase, Phase::pending);
  const Pod& b = facts.pods[1];
  EXPECT_TRUE(b.is_static);
  EXPECT_EQ(b.reason, std::string_view("ErrImagePull"));
  EXPECT_TRUE(facts.pods[2].finished());
  EXPECT_EQ(facts.pods[2].reason, std::string_view("UnexpectedAdmissionError"));
}

TEST(Builder, TakesTheNewestTimeForNow) {
  EXPECT_EQ(cluster_of(R"(
apiVersion: v1
kind: ConfigMap
metadata: {name: a, creationTimestamp: "2026-01-02T00:00:00Z"}
---
apiVersion: v1
kind: Node
metadata: {name: a, creationTimestamp: "2026-01-01T00:00:00Z"}
status:
  conditions: [{type: Ready, status: "True", lastHeartbeatTime: "2026-01-03T00:00:00Z"}]
)")
                .now,
            1767398400);
  FactsOptions options;
  options.now = 7;
  EXPECT_EQ(facts_of("apiVersion: v1\nkind: Node\nmetadata: {name: a}", options).now, 7);
}

TEST(Builder, FillsInTheNamespaceOnlyWhereThereIsOne) {
  FactsOptions options;
  options.default_ns = "team";
  const Facts facts = facts_of(R"(
apiVersion: v1
kind: Pod
metadata: {name: a}
---
apiVersion: v1
kind: Node
metadata: {name: gpu-a}
---
apiVersion: v1
kind: Pod
metadata: {generateName: b-, namespace: other}
)",
                               options);
  EXPECT_EQ(facts.pods[0].ref().to_string(), "Pod other/b-");
  EXPECT_EQ(facts.pods[1].ref().to_string(), "Pod team/a");
  EXPECT_EQ(facts.nodes[0].head.ref().to_string(), "Node gpu-a");
}

TEST(Builder, SortsWhateverTheOrderOfReading) {
  const auto names = [](std::string_view yaml) {
    std::vector<std::string> list;
    for (const Role& role : facts_of(yaml).roles) list.push_back(role.head.ref().to_string());
    return list;
  };
  const std::string a =
      "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: a, namespace: "
      "x}\n---\n";
  const std::string b =
      "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: b, namespace: "
      "a}\n---\n";
  EXPECT_THAT(names(a + b), ElementsAre("Role a/b", "Role x/a"));
  EXPECT_EQ(names(a + b), names(b + a));
}

TEST(Builder, SurvivesObjectsOfTheWrongShape) {
  const Facts facts = facts_of(R"(
apiVersion: v1
kind: Pod
metadata: [1]
spec: 3
status: {conditions: {}, containerStatuses: [1, null, {state: 3}]}
---
apiVersion: v1
kind: Pod
metadata: {name: 3, labels: {a: 1}, ownerReferences: {}}
spec: {containers: [null, 1, {env: 3, volumeMounts: [7], resources: []}], volumes: [1], tolerations: 1}
---
apiVersion: v1
kind: Node
metadata: {name: n, annotations: 3}
spec: {taints: [1, {key: 3}]}
status: {capacity: {nvidia.com/gpu: {}}, conditions: [3, {type: Ready, status: true}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: p}
spec: {podSelector: 3, ingress: [1, {from: [2], ports: [3]}], policyTypes: [1]}
---
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: {name: r}
spec: {groups: [1, {rules: [2]}]}
---
apiVersion: v1
kind: ResourceQuota
metadata: {name: q}
spec: {hard: 3}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: d, managedFields: [1]}
spec: {replicas: many, template: 3}
)");
  EXPECT_EQ(facts.objects, 7);
  EXPECT_EQ(facts.pods.size(), 2U);
}

TEST(Builder, ReadsNodesOfHamiAndProfiles) {
  const Facts facts = facts_of(R"(
apiVersion: v1
kind: Node
metadata: {name: n, annotations: {hami.io/node-nvidia-register: x}}
spec: {unschedulable: true, providerID: "aws:///z/i"}
---
apiVersion: kubectl-ai/v1alpha1
kind: Platform
metadata: {name: lab}
spec: {gpu: {taint: "nvidia.com/gpu=true:NoSchedule"}}
)");
  EXPECT_TRUE(facts.nodes[0].hami);
  EXPECT_FALSE(facts.nodes[0].usable());
  ASSERT_EQ(facts.declared_taints.size(), 1U);
  EXPECT_EQ(facts.declared_taints[0].to_string(), "nvidia.com/gpu=true:NoSchedule");
}

TEST(Builder, ReadsRefusedPods) {
  const Facts facts = cluster_of(R"(
apiVersion: apps/v1
kind: Deployment
metadata: {name: d, namespace: t}
spec: {template: {spec: {containers: []}}}
status:
  conditions:
  - {type: Available, status: "False", message: other}
  - {type: ReplicaFailure, status: "True", reason: FailedCreate, message: exceeded, lastTransitionTime: "2026-01-01T00:00:00Z"}
)");
  ASSERT_EQ(facts.workloads.size(), 1U);
  EXPECT_EQ(facts.workloads[0].refused, std::string_view("exceeded"));
  EXPECT_EQ(facts.workloads[0].refused_since, facts.now);
}

TEST(NetworkPolicies, HaveTheServersDefaults) {
  const Facts facts = facts_of(R"(
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: a, namespace: t}
spec: {podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {name: x}}}]}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: b, namespace: t}
spec:
  podSelector: {}
  egress:
  - ports: [{port: 53}, {port: dns, protocol: UDP}, {port: 100, endPort: 200, protocol: TCP}, {protocol: SCTP}]
)");
  const NetworkPolicy& a = facts.network_policies[0];
  EXPECT_TRUE(a.for_ingress);
  EXPECT_FALSE(a.for_egress);
  ASSERT_EQ(a.ingress.at(0).peers.at(0).namespace_terms.size(), 1U);
  EXPECT_EQ(a.ingress[0].peers[0].namespace_terms[0].key, "name");
  EXPECT_TRUE(a.ingress[0].opens("UDP", 53, "dns"));
  const NetworkPolicy& b = facts.network_policies[1];
  EXPECT_TRUE(b.for_ingress && b.for_egress);
  const NetworkPolicy::Rule& rule = b.egress.at(0);
  EXPECT_TRUE(rule.opens("TCP", 53, ""));
  EXPECT_TRUE(rule.opens("UDP", 53, "dns"));
  EXPECT_FALSE(rule.opens("UDP", 53, "domain"));
  EXPECT_TRUE(rule.opens("TCP", 200, ""));
  EXPECT_FALSE(rule.opens("TCP", 201, ""));
  EXPECT_TRUE(rule.opens("SCTP", 9, ""));
}

TEST(ControlPlane, FlagsAreReadFromCommandAndArguments) {
  const Facts facts = facts_of(R"(
apiVersion: v1
kind: Pod
metadata: {name: etcd-m1, namespace: kube-system}
spec:
  containers:
  - {name: side, image: x}
  - name: etcd
    image: registry.k8s.io/etcd:3.5.21-0
    command: [/usr/local/bin/etcd, --name, m1, -data-dir=/var/lib/etcd]
    args: [--quota-backend-bytes=8, "3", "-"]
---
apiVersion: v1
kind: Pod
metadata: {name: app, namespace: team}
spec: {containers: [{name: etcd, image: etcd, command: [sh, -c, etcd --bad]}]}
)");
  ASSERT_EQ(facts.control_plane.size(), 1U);
  const ControlPlanePod& etcd = facts.control_plane[0];
  EXPECT_EQ(etcd.program, "etcd");
  ASSERT_EQ(etcd.flags.size(), 3U);
  ASSERT_NE(etcd.flag("data-dir"), nullptr);
  EXPECT_EQ(etcd.flag("data-dir")->value, "/var/lib/etcd");
  EXPECT_EQ(etcd.flag("quota-backend-bytes")->path.to_string(), "spec.containers[1].args[0]");
  EXPECT_EQ(etcd.flag("m1"), nullptr);
}

TEST(ApiUses, ComeFromTheObjectAndFromThoseWhoWriteIt) {
  const auto uses = [](std::string_view managed) {
    const Facts facts = cluster_of(R"(
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: h, namespace: t, managedFields: [)" +
                                   std::string(managed) + "]}\n");
    std::vector<std::string> managers;
    for (const ApiUse& use : facts.api_uses) managers.push_back(use.manager);
    return managers;
  };
  constexpr const char* k_old =
      R"({manager: helm, apiVersion: autoscaling/v2beta2, time: "2024-01-01T00:00:00Z"})";
  EXPECT_THAT(uses(k_old), ElementsAre("helm"));
  EXPECT_THAT(uses("{manager: helm, apiVersion: autoscaling/v2}"), IsEmpty());
  // The same writer moved on; another one did not.
  EXPECT_THAT(
      uses(std::string(k_old) +
           R"(, {manager: helm, apiVersion: autoscaling/v2, time: "2025-01-01T00:00:00Z"})"),
      IsEmpty());
  EXPECT_THAT(
      uses(std::string(k_old) +
           R"(, {manager: argo, apiVersion: autoscaling/v2, time: "2025-01-01T00:00:00Z"})"),
      ElementsAre("helm"));
  // Status is written by controllers, and Kubernetes' own parts follow the server.
  EXPECT_THAT(uses("{manager: x, apiVersion: autoscaling/v2beta2, subresource: status}"),
              IsEmpty());
  EXPECT_THAT(uses("{manager: kube-controller-manager, apiVersion: autoscaling/v2beta2}"),
              IsEmpty());

  const Facts file = facts_of(
      "apiVersion: autoscaling/v2beta2\nkind: HorizontalPodAutoscaler\n"
      "metadata: {name: h}\n");
  ASSERT_EQ(file.api_uses.size(), 1U);
  EXPECT_EQ(file.api_uses[0].manager, "");
}

}  // namespace
}  // namespace kai::audit
