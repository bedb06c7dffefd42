#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <kai/audit/engine.hpp>
#include <kai/audit/rules.hpp>
#include <kai/audit/source/snapshot.hpp>

#include <sstream>

#include "builders.hpp"

namespace kai::audit {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr std::string_view k_cluster = R"(
apiVersion: v1
kind: Namespace
metadata: {name: secret-project}
---
apiVersion: v1
kind: ResourceQuota
metadata:
  name: gpus
  namespace: secret-project
  annotations: {kubectl.kubernetes.io/last-applied-configuration: "{}", note: for Alice}
spec: {hard: {limits.nvidia.com/gpu: 4}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: alice-trainer, namespace: secret-project}
spec:
  selector: {matchLabels: {app: alice-trainer}}
  template:
    metadata: {labels: {app: alice-trainer}}
    spec:
      containers:
      - name: train
        image: registry.alice.example/llm:1.2
        args: [--token, hunter2]
        env: [{name: PASSWORD, value: hunter2}, {name: NVIDIA_VISIBLE_DEVICES, value: all}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: sharing, namespace: secret-project}
binaryData: {key: c3dvcmRmaXNo}
data:
  db.conf: "password: swordfish"
  plugin.yaml: |
    version: v1
    timeSlicing: {resources: [{name: nvidia.com/gpu, replicas: 4}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: dex, namespace: auth}
data:
  config.yaml: |
    issuer: http://dex.auth.svc.cluster.local:5556/dex
    staticClients: [{id: kubeflow-oidc-authservice, secret: hunter2}]
    staticPasswords:
    - {email: user@example.com, hash: $2y$12$swordfish-of-user}
    - {email: alice@alice.example,
       hash: $2y$12$4K/VkmDd1q1Orb3xAt82zu8gk7Ad6ReFR4LCP9UeYE90NLiN9Df72}
    - {email: carol@alice.example, hash: $2y$12$swordfish-of-carol}
---
apiVersion: scheduling.k8s.io/v1
kind: PriorityClass
metadata: {name: system-cluster-critical}
value: 2000000000
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: alice-server, namespace: secret-project}
spec:
  replicas: 2
  selector: {matchLabels: {app: alice-server}}
  template:
    metadata: {labels: {app: alice-server}}
    spec:
      priorityClassName: system-cluster-critical
      containers:
      - name: serve
        image: auto
        resources: {limits: {nvidia.com/gpu: 1, cpu: 4, memory: 8Gi}}
---
apiVersion: batch/v1
kind: Job
metadata: {name: alice-queued, namespace: secret-project}
spec:
  ttlSecondsAfterFinished: 60
  template:
    spec:
      schedulerName: volcano
      containers:
      - name: train
        image: registry.alice.example/llm:1.2
        resources: {limits: {nvidia.com/gpu: 1, cpu: 4, memory: 8Gi}}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: alice-server, namespace: secret-project}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: alice-server}
  metrics:
  - {type: Resource, resource: {name: cpu}}
  - {type: Resource, resource: {name: memory}}
---
apiVersion: v1
kind: Node
metadata: {name: gpu-a.alice.example, labels: {nvidia.com/gpu.present: "true"}}
spec: {providerID: "aws:///zone/i-123"}
status:
  capacity: {nvidia.com/gpu: 8}
  allocatable: {nvidia.com/gpu: 6}
  addresses: [{type: InternalIP, address: 10.1.2.3}]
  conditions: [{type: Ready, status: "True"}]
)";

KubeVersion version() {
  return KubeVersion::parse("1.36");
}

std::string recorded(SnapshotWriter::Redact redact, std::string ns = "",
                     std::vector<Gap> gaps = {}) {
  std::ostringstream out;
  SnapshotWriter writer(out, redact);
  for (model::Json& object : test::documents(k_cluster)) {
    const auto kind =
        kind_of(model::string_at(object, {"apiVersion"}), model::string_at(object, {"kind"}));
    EXPECT_TRUE(writer.add(*kind, std::move(object)));
  }
  for (const KindInfo& kind : all_kinds()) {
    const bool gap = std::any_of(gaps.begin(), gaps.end(),
                                 [&](const Gap& each) { return each.kind == kind.kind; });
    if (!gap) writer.complete(kind.kind);
  }
  EXPECT_TRUE(writer.finish({std::move(ns), 1'780'000'000, version(), std::move(gaps)}));
  return out.str();
}

std::string expanded(const std::string& bytes) {
  std::string text;
  model::GzipReader reader([&](std::string_view more) -> Result<> {
    text += more;
    return {};
  });
  EXPECT_TRUE(reader.write(bytes));
  return text;
}

Result<Evidence> evidence_of(const std::string& bytes, SnapshotOptions options = {}) {
  std::istringstream in(bytes);
  return read_snapshot(in, "a.snapshot", all_rules(), options);
}

std::vector<std::string> rules_of(const Report& report) {
  std::vector<std::string> rules;
  for (const Finding& finding : report.findings) rules.emplace_back(finding.rule->id);
  return rules;
}

Report report_of(const Evidence& evidence) {
  return run_rules(evidence.facts, all_rules(), evidence.gaps);
}

TEST(Snapshot, FindsWhatTheClusterHad) {
  FactsOptions options;
  options.view = Facts::View::cluster;
  options.now = 1'780'000'000;
  options.target = version();
  const Facts facts = test::facts_of(k_cluster, std::move(options));
  const Report live = run_rules(facts, all_rules(), {});
  const auto evidence = evidence_of(recorded(SnapshotWriter::Redact::no));
  ASSERT_TRUE(evidence) << evidence.error().to_string();
  const Report again = report_of(*evidence);
  EXPECT_EQ(evidence->facts.now, 1'780'000'000);
  EXPECT_EQ(evidence->facts.target, version());
  EXPECT_EQ(again.coverage.checked, live.coverage.checked);
  EXPECT_EQ(again.objects, live.objects);
  ASSERT_FALSE(live.findings.empty());
  ASSERT_EQ(again.findings.size(), live.findings.size());
  for (std::size_t i = 0; i < live.findings.size(); ++i) {
    EXPECT_EQ(again.findings[i].fingerprint, live.findings[i].fingerprint);
    EXPECT_EQ(again.findings[i].full_message(), live.findings[i].full_message());
  }
}

TEST(Snapshot, HasOfConfigMapsOnlyWhatRulesRead) {
  const std::string text = expanded(recorded(SnapshotWriter::Redact::no));
  EXPECT_THAT(text, HasSubstr("timeSlicing"));
  EXPECT_THAT(text, HasSubstr("user@example.com"));
  EXPECT_THAT(text, Not(HasSubstr("kubeflow-oidc")));
  EXPECT_THAT(text, Not(HasSubstr("carol")));
  EXPECT_THAT(text, Not(HasSubstr("swordfish")));
  EXPECT_THAT(text, Not(HasSubstr("c3dvcmRmaXNo")));
}

TEST(Snapshot, GapsStayGaps) {
  const auto evidence = evidence_of(
      recorded(SnapshotWriter::Redact::no, "", {{Kind::node, "forbidden", std::nullopt, false}}));
  ASSERT_TRUE(evidence);
  ASSERT_EQ(evidence->gaps.size(), 1U);
  EXPECT_EQ(evidence->gaps.front().kind, Kind::node);
  EXPECT_EQ(evidence->gaps.front().reason, "forbidden");
}

TEST(Snapshot, OfOneNamespaceIsForThatNamespace) {
  const std::string bytes = recorded(SnapshotWriter::Redact::no, "secret-project");
  EXPECT_THAT(evidence_of(bytes).error().hint, HasSubstr("-n secret-project"));
  SnapshotOptions own;
  own.ns = "secret-project";
  EXPECT_TRUE(evidence_of(bytes, own));
  SnapshotOptions other;
  other.ns = "another";
  const auto filtered = evidence_of(recorded(SnapshotWriter::Redact::no), other);
  ASSERT_TRUE(filtered);
  EXPECT_THAT(filtered->facts.quotas, IsEmpty());
  EXPECT_EQ(filtered->facts.nodes.size(), 1U);
}

TEST(Snapshot, LeavesOutWhatWasApplied) {
  const std::string text = expanded(recorded(SnapshotWriter::Redact::no));
  EXPECT_THAT(text, Not(HasSubstr("last-applied")));
  EXPECT_THAT(text, HasSubstr("for Alice"));
}

TEST(Snapshot, RedactedHasNoNamesAndTheSameFindings) {
  const std::string bytes = recorded(SnapshotWriter::Redact::yes);
  const std::string text = expanded(bytes);
  for (const std::string_view name : {"alice", "Alice", "secret-project", "hunter2", "10.1.2.3",
                                      "i-123", "carol", "last-applied", "PASSWORD\",\"value"}) {
    EXPECT_THAT(text, Not(HasSubstr(std::string(name))));
  }
  const auto plain = evidence_of(recorded(SnapshotWriter::Redact::no));
  const auto redacted = evidence_of(bytes);
  ASSERT_TRUE(plain);
  ASSERT_TRUE(redacted) << redacted.error().to_string();
  EXPECT_EQ(rules_of(report_of(*redacted)), rules_of(report_of(*plain)));
  // No two snapshots have a hash in common.
  EXPECT_NE(text, expanded(recorded(SnapshotWriter::Redact::yes)));
}

TEST(Snapshot, RefusesWhatIsNone) {
  const std::string bytes = recorded(SnapshotWriter::Redact::no);
  EXPECT_THAT(evidence_of("kind: Pod\n").error().message,
              testing::StartsWith("a.snapshot: it is not in gzip's format"));
  EXPECT_THAT(evidence_of(bytes.substr(0, bytes.size() / 2)).error().message,
              HasSubstr("ends too early"));
  const auto packed = [](std::string_view text) {
    std::string out;
    model::GzipWriter writer([&](std::string_view more) -> Result<> {
      out += more;
      return {};
    });
    EXPECT_TRUE(writer.write(text));
    EXPECT_TRUE(writer.finish());
    return out;
  };
  EXPECT_THAT(evidence_of(packed("")).error().message, HasSubstr("cut off"));
  EXPECT_THAT(evidence_of(packed("{\"kind\": \"AuditSnapshot\", \"format\": 1}\n")).error().message,
              HasSubstr("cut off"));
  EXPECT_THAT(evidence_of(packed("{\"kind\": \"Pod\"}\n")).error().message,
              HasSubstr("it is no AuditSnapshot"));
  EXPECT_THAT(evidence_of(packed("{\"kind\": \"AuditSnapshot\", \"format\": 2}\n")).error().message,
              HasSubstr("its format"));
  EXPECT_FALSE(evidence_of(packed("not json\n")));
}

TEST(Snapshot, WithoutAKindThatARuleNeedsIsAGap) {
  std::ostringstream out;
  SnapshotWriter writer(out, SnapshotWriter::Redact::no);
  writer.complete(Kind::node);
  ASSERT_TRUE(writer.finish({"", 1, version(), {}}));
  const auto evidence = evidence_of(out.str());
  ASSERT_TRUE(evidence);
  ASSERT_FALSE(evidence->gaps.empty());
  EXPECT_EQ(evidence->gaps.front().kind, Kind::pod);
  EXPECT_EQ(evidence->gaps.front().reason, "the snapshot does not have it");
}

TEST(Redactor, KeepsWhatBelongsTogetherTogether) {
  Redactor redactor({1, 2});
  const std::string trainer = redactor.name("alice-trainer");
  EXPECT_TRUE(redactor.name("alice-trainer-5d4f6").starts_with(trainer + "-"));
  EXPECT_EQ(redactor.name("kube-system"), "kube-system");
  EXPECT_EQ(redactor.name(""), "");
  EXPECT_EQ(redactor.name("system:public-info-viewer"), "system:public-info-viewer");
  for (const std::string_view user :
       {"system:serviceaccount:alice:alice", "system:serviceaccounts:alice", "system:node:alice"}) {
    EXPECT_THAT(redactor.name(user), Not(HasSubstr("alice"))) << user;
  }
  EXPECT_NE(redactor.name("alice"), Redactor({1, 3}).name("alice"));
  model::Json object = test::documents(R"(
metadata: {name: kube-system, labels: {nvidia.com/gpu.product: NVIDIA-A100-SXM4-80GB, team: alice}}
spec:
  affinity: [{key: nvidia.com/gpu.product, operator: In, values: [NVIDIA-A100-SXM4-80GB]},
             {key: team, operator: In, values: [alice]}]
  expr: up{namespace="alice"} > 1
  image: alice.example:5000/vllm/x@sha256:abc
)")
                           .front();
  redactor.redact(object);
  const std::string alice = redactor.name("alice");
  EXPECT_EQ(model::string_at(object, {"metadata", "labels", "nvidia.com/gpu.product"}),
            "NVIDIA-A100-SXM4-80GB");
  EXPECT_EQ(model::string_at(object, {"metadata", "labels", "team"}), alice);
  EXPECT_THAT(object.dump(), Not(HasSubstr("\"alice\"")));
  EXPECT_EQ(model::string_at(object, {"spec", "expr"}), "up{namespace=\"" + alice + "\"} > 1");
  EXPECT_THAT(std::string(model::string_at(object, {"spec", "image"})),
              testing::AllOf(Not(HasSubstr("alice")), testing::EndsWith("@sha256:abc")));
}

}  // namespace
}  // namespace kai::audit
