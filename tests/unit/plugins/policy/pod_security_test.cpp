#include "pod_security.hpp"

#include "builders.hpp"
#include "fix_plan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <kai/audit/facts/builder.hpp>

#include <string>
#include <vector>

namespace kai::policy {
namespace {

using model::Json;
using model::Resource;
using test::object;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Resource pod(const std::string& name, const std::string& spec = "") {
  return object("{apiVersion: v1, kind: Pod, metadata: {name: " + name +
                ", namespace: team}, spec: {containers: [{name: a, image: a}]" + spec + "}}");
}

Resource deployment(const std::string& name, const std::string& spec = "") {
  return object("{apiVersion: apps/v1, kind: Deployment, metadata: {name: " + name +
                ", namespace: team}, spec: {template: {spec: {containers: [{name: a, image: a}]" +
                spec + "}}}}");
}

ClusterState state_of(const std::vector<Resource>& objects) {
  audit::FactsBuilder builder{audit::FactsOptions()};
  for (const Resource& each : objects) builder.add(each.json());
  ClusterState state;
  state.facts = builder.finish();
  return state;
}

Request enforce(const std::string& level) {
  Request request;
  Wanted wanted;
  wanted.ns = "team";
  wanted.pod_security.emplace();
  wanted.pod_security->enforce = model::PodSecurityMode{level, std::nullopt};
  request.namespaces.push_back(wanted);
  return request;
}

apply::ChangeSet warned(std::vector<std::string> warnings) {
  apply::ChangeSet set;
  apply::Change change;
  change.ref = {"v1", "Namespace", "", "team"};
  change.warnings = std::move(warnings);
  set.changes.push_back(std::move(change));
  return set;
}

std::vector<std::string> lines(const std::vector<output::Impact>& impacts) {
  std::vector<std::string> found;
  for (const output::Impact& impact : impacts) {
    found.push_back(impact.object.to_string() + ": " + impact.detail);
  }
  return found;
}

const std::string k_head =
    R"(existing pods in namespace "team" violate the new PodSecurity enforce level "baseline:latest")";

TEST(PodSecurityLabels, KeepOtherLabelsOfOurs) {
  const Resource live = object(
      "{apiVersion: v1, kind: Namespace, metadata: {name: team, uid: u, labels: {a: b, c: d, "
      "pod-security.kubernetes.io/enforce: baseline}, managedFields: [{manager: kubectl-ai, "
      "operation: Apply, fieldsV1: {'f:metadata': {'f:labels': {'f:c': {}, "
      "'f:pod-security.kubernetes.io/enforce': {}}}}}]}}");
  EXPECT_TRUE(has_labels_of_ours(live));
  EXPECT_EQ(namespace_config("team", &live, std::nullopt).json()["metadata"],
            (Json{{"name", "team"}, {"uid", "u"}, {"labels", {{"c", "d"}}}}));
  const Resource made =
      namespace_config("new", nullptr, enforce("baseline").namespaces[0].pod_security);
  EXPECT_EQ(
      made.json()["metadata"],
      (Json{{"name", "new"}, {"labels", {{"pod-security.kubernetes.io/enforce", "baseline"}}}}));
}

TEST(PodSecurityLabels, KnowWhoMakesNamespacesForTenants) {
  EXPECT_EQ(
      tenant_keeper(object("{metadata: {ownerReferences: [{apiVersion: kubeflow.org/v1, kind: "
                           "Profile, name: lab}]}}")),
      "Kubeflow's Profile lab");
  EXPECT_EQ(
      tenant_keeper(object("{metadata: {annotations: {hnc.x-k8s.io/subnamespace-of: parent}}}")),
      "the Hierarchical Namespace Controller, as a subnamespace of parent");
  EXPECT_EQ(tenant_keeper(object("{metadata: {name: a}}")), "");
}

TEST(Rejections, NameThePodsThatTheServerCounted) {
  const ClusterState state =
      state_of({pod("a", ", hostPID: true"), pod("b", ", hostPID: true"), pod("c")});
  apply::ChangeSet set = warned({k_head, "a (and 1 other pod): host namespaces"});
  const Rejections found = take_rejections(set, enforce("baseline"), state);
  EXPECT_TRUE(found.running);
  EXPECT_THAT(lines(found.impacts),
              ElementsAre("Pod team/a: Host Namespaces", "Pod team/b: Host Namespaces"));
  EXPECT_THAT(set.changes[0].warnings, IsEmpty());
}

TEST(Rejections, AreTheServersWhereItKnowsBetter) {
  apply::ChangeSet set = warned(
      {k_head, "a (and 7 other pods): host namespaces", "b: privileged", "something else",
       "new PodSecurity enforce level only checked against the first 3000 of 4000 existing pods"});
  const Rejections found = take_rejections(set, enforce("baseline"), state_of({}));
  EXPECT_TRUE(found.running);
  EXPECT_THAT(lines(found.impacts), ElementsAre("Pod team/a: and 7 other pods: host namespaces",
                                                "Pod team/b: privileged"));
  EXPECT_THAT(found.notes, ElementsAre(HasSubstr("first 3000 of 4000")));
  EXPECT_THAT(set.changes[0].warnings, ElementsAre("something else"));
}

TEST(Rejections, AreNoneWithoutAWarning) {
  apply::ChangeSet set = warned({});
  EXPECT_FALSE(
      take_rejections(set, enforce("baseline"), state_of({pod("a", ", hostPID: true")})).running);
}

TEST(Rejections, TellOfTemplatesWithoutPods) {
  EXPECT_THAT(
      lines(rejected_templates(enforce("baseline"),
                               state_of({deployment("web", ", hostIPC: true"), deployment("ok")}))),
      ElementsAre("Deployment team/web: Host Namespaces"));
}

TEST(Fixes, SettleEveryContainerAndSayWhatIsLeft) {
  const auto fixes = fixes_for(
      {deployment("web",
                  ", hostNetwork: true, initContainers: [{name: i, image: i, securityContext: "
                  "{capabilities: {drop: [KILL]}}}]")},
      "restricted");
  ASSERT_EQ(fixes.size(), 1U);
  const WorkloadFix& fix = fixes.front();
  ASSERT_EQ(fix.left.size(), 1U);
  EXPECT_EQ(fix.left[0].control, "Host Namespaces");
  EXPECT_EQ(fix.left[0].path, "spec.template.spec.hostNetwork");
  EXPECT_THAT(fix.command(), HasSubstr("kubectl patch deployment web -n team --type=json -p '[{"));
  EXPECT_THAT(
      fix.command(),
      HasSubstr(R"({"op":"test","path":"/spec/template/spec/containers/0/name","value":"a"})"));
  EXPECT_THAT(fix.note, HasSubstr("another user than root"));
}

TEST(Fixes, AreHeldBackWhereTheyDoNotLast) {
  Resource helm = deployment("web");
  helm.json()["metadata"]["labels"]["app.kubernetes.io/managed-by"] = "Helm";
  helm.json()["metadata"]["annotations"]["meta.helm.sh/release-name"] = "web";
  EXPECT_THAT(fixes_for({helm}, "restricted").at(0).note, HasSubstr("Helm"));
  Resource job = deployment("train");
  job.json()["apiVersion"] = "batch/v1";
  job.json()["kind"] = "Job";
  const auto fixes = fixes_for({job, pod("lone")}, "restricted");
  ASSERT_EQ(fixes.size(), 2U);
  for (const WorkloadFix& fix : fixes) {
    EXPECT_THAT(fix.note, HasSubstr("cannot be changed"));
    EXPECT_EQ(fix.command(), "");
    EXPECT_FALSE(fix.patch.empty());
  }
}

TEST(Fixes, OfBaselineLeaveAloneWhatOnlyRestrictedAsksFor) {
  EXPECT_THAT(fixes_for({deployment("plain")}, "baseline"), IsEmpty());
  const auto fixes = fixes_for({deployment("host", ", hostPID: true")}, "baseline");
  ASSERT_EQ(fixes.size(), 1U);
  EXPECT_TRUE(fixes[0].patch.empty());
  EXPECT_EQ(fixes[0].left.size(), 1U);
}

}  // namespace
}  // namespace kai::policy
