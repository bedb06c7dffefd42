#include "builders.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <kai/audit/facts/operations.hpp>

namespace kai::audit {
namespace {

using test::cluster_of;
using test::facts_of;
using testing::ElementsAre;

TEST(Glob, IsVeleros) {
  EXPECT_TRUE(matches_glob("*", ""));
  EXPECT_TRUE(matches_glob("team-*", "team-a"));
  EXPECT_TRUE(matches_glob("*-prod-*", "a-prod-b-prod-c"));
  EXPECT_TRUE(matches_glob("ns?", "ns1"));
  EXPECT_TRUE(matches_glob("ns[a-c2]", "nsb"));
  EXPECT_TRUE(matches_glob("ns[a-c2]", "ns2"));
  EXPECT_FALSE(matches_glob("ns?", "ns10"));
  EXPECT_FALSE(matches_glob("ns[a-c]", "nsd"));
  EXPECT_FALSE(matches_glob("ns[a-c", "nsa"));
  EXPECT_FALSE(matches_glob("team-a", "team-ab"));
  EXPECT_FALSE(matches_glob("", "a"));
}

TEST(BackupSchedule, CoversWhatItIncludesAndDoesNotExclude) {
  BackupSchedule schedule;
  EXPECT_TRUE(schedule.covers("team-a"));
  schedule.excluded = {"kube-*"};
  EXPECT_TRUE(schedule.covers("team-a"));
  EXPECT_FALSE(schedule.covers("kube-system"));
  schedule.included = {"team-b", "kube-system"};
  EXPECT_FALSE(schedule.covers("team-a"));
  EXPECT_TRUE(schedule.covers("team-b"));
  EXPECT_FALSE(schedule.covers("kube-system"));
}

EncryptionConfiguration::Key key_of(const std::string& secret) {
  const Facts facts = facts_of(R"(
apiVersion: apiserver.config.k8s.io/v1
kind: EncryptionConfiguration
resources:
- resources: [secrets]
  providers:
  - secretbox:
      keys:
      - name: one
        secret: ")" + secret + "\"\n");
  return facts.operations->encryption.at(0).entries.at(0).providers.at(0).keys.at(0);
}

TEST(EncryptionConfiguration, KnowsHowLongAKeyIs) {
  EXPECT_EQ(key_of("q3fH1m8Zk0yBv5cXw2Rt9uLs7pNd4eGj6aQoTiWxYzE=").bytes, 32);
  EXPECT_EQ(key_of("bX1kZ3Jhdml0eTE5ODMhIQ==").bytes, 16);
  EXPECT_EQ(key_of("bX1kZ3Jhdml0eTE5ODMhIWFiY2RlZmdo").bytes, 24);
  EXPECT_EQ(key_of("YQ==").bytes, 1);
  EXPECT_EQ(key_of("YQ==\\n").bytes, 1);
  EXPECT_EQ(key_of("YQ").bytes, -1);
  EXPECT_EQ(key_of("Y=Q=").bytes, -1);
  EXPECT_EQ(key_of("Y-Q=").bytes, -1);
  EXPECT_FALSE(key_of("YQ").placeholder);
}

TEST(EncryptionConfiguration, KnowsAPlaceholder) {
  for (const char* const secret :
       {"", "<BASE 64 ENCODED SECRET>", "${ENCRYPTION_KEY}", "{{ key }}", "CHANGEME",
        "c2VjcmV0IGlzIHNlY3VyZQ==", "dGhpcyBpcyBwYXNzd29yZA==",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}) {
    EXPECT_TRUE(key_of(secret).placeholder) << secret;
  }
}

TEST(KubeletConfiguration, HasNoNamespaceWhateverTheDefaultIs) {
  FactsOptions options;
  options.default_ns = "team-a";
  const Facts facts = facts_of(R"(
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
evictionHard: {nodefs.available: 5%, memory.available: 1Gi}
)",
                               options);
  ASSERT_EQ(facts.operations->kubelets.size(), 1U);
  const KubeletConfiguration& kubelet = facts.operations->kubelets[0];
  EXPECT_TRUE(kubelet.head.ns.empty());
  EXPECT_THAT(kubelet.eviction_hard, ElementsAre("memory.available", "nodefs.available"));
  EXPECT_FALSE(kubelet.merges_defaults);
}

constexpr std::string_view k_pods = R"(
apiVersion: v1
kind: Pod
metadata:
  name: train-0
  namespace: team-a
  annotations: {backup.velero.io/backup-volumes: "data, other"}
spec:
  containers: [{name: main, image: a}]
  volumes:
  - {name: data, persistentVolumeClaim: {claimName: data-train-0}}
  - {name: tmp, ephemeral: {volumeClaimTemplate: {spec: {}}}}
  - {name: config, configMap: {name: settings}}
---
apiVersion: v1
kind: Pod
metadata: {name: done, namespace: team-a}
spec:
  containers: [{name: main, image: a}]
  volumes:
  - {name: data, persistentVolumeClaim: {claimName: old}}
status: {phase: Succeeded}
)";

TEST(ClaimUse, OfPodsThatAreNotDone) {
  const Facts facts = cluster_of(k_pods);
  const auto& uses = facts.operations->claim_uses;
  ASSERT_EQ(uses.size(), 2U);
  EXPECT_EQ(uses[0].claim.view(), "data-train-0");
  EXPECT_EQ(uses[0].save, ClaimUse::Save::wanted);
  EXPECT_EQ(uses[1].claim.view(), "train-0-tmp");
  EXPECT_EQ(uses[1].save, ClaimUse::Save::unsaid);
}

TEST(Operations, OtherKindsOfTheSameNameAreNotVeleros) {
  const Facts facts = cluster_of(R"(
apiVersion: postgresql.cnpg.io/v1
kind: Backup
metadata: {name: db, namespace: team-a}
)");
  EXPECT_TRUE(facts.operations->backups.empty());
  EXPECT_FALSE(has_velero(facts));
}

TEST(Operations, NowOfADumpIsTheNewestTimeOfABackup) {
  const Facts facts = cluster_of(R"(
apiVersion: velero.io/v1
kind: Backup
metadata: {name: daily, namespace: velero, creationTimestamp: "2026-10-14T01:00:00Z"}
status: {phase: Completed, completionTimestamp: "2026-10-14T01:06:40Z"}
)");
  EXPECT_EQ(facts.now, facts.operations->backups.at(0).completed);
  EXPECT_EQ(facts.now, 1791940000);
}

}  // namespace
}  // namespace kai::audit
