#include "plan.hpp"

#include "builders.hpp"
#include "proof.hpp"
#include "role_objects.hpp"
#include "status.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

namespace kai::policy {
namespace {

using model::Json;
using model::Resource;
using test::object;
using test::request_of;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

ClusterState with_namespace(const std::string& more = "") {
  ClusterState state;
  state.namespaces.emplace(
      "team",
      object("{apiVersion: v1, kind: Namespace, metadata: {name: team, uid: u}" + more + "}"));
  return state;
}

const std::string k_ours =
    "labels: {app.kubernetes.io/managed-by: kubectl-ai, app.kubernetes.io/part-of: "
    "kubectl-ai-policy}, managedFields: [{manager: kubectl-ai, operation: Apply, fieldsV1: {}}]";

Resource role(const std::string& kind, const std::string& name, const std::string& metadata,
              const std::string& more = "") {
  return object("{apiVersion: rbac.authorization.k8s.io/v1, kind: " + kind + ", metadata: {name: " +
                name + ", namespace: team, uid: u, " + metadata + "}" + more + "}");
}

// "apply Role team/a", "remove Role team/b".
std::vector<std::string> steps(const PolicyPlan& plan) {
  std::vector<std::string> words;
  for (const apply::Step& step : plan.steps) {
    const bool removes = std::holds_alternative<apply::Remove>(step.action);
    words.push_back((removes ? "remove " : "apply ") + apply::ref_of(step).to_string());
  }
  return words;
}

const std::string k_researchers =
    ", roles: [{name: ai-researcher, subjects: [{kind: Group, name: lab}, {kind: ServiceAccount, "
    "name: bot}]}]";

TEST(PolicyPlan, MakesTheNamespaceFirst) {
  const auto plan = make_plan(request_of(k_researchers), {}, kube::Force::no);
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_THAT(steps(*plan), ElementsAre("apply Namespace team", "apply Role team/ai-researcher",
                                        "apply RoleBinding team/ai-researcher"));
}

TEST(PolicyPlan, StopsAtANamespaceThatGoesAway) {
  const auto plan = make_plan(request_of(k_researchers),
                              with_namespace(", status: {phase: Terminating}"), kube::Force::no);
  ASSERT_FALSE(plan);
  EXPECT_THAT(plan.error().message, HasSubstr("is being deleted"));
}

TEST(PolicyPlan, TakesAwayWhatIsNotAskedForAnyMoreAndNothingOfOthers) {
  ClusterState state = with_namespace();
  state.roles = {role("Role", "ai-operator", k_ours), role("Role", "theirs", "labels: {}")};
  state.bindings = {role("RoleBinding", "ai-operator", k_ours),
                    role("RoleBinding", "theirs", "labels: {hnc.x-k8s.io/inherited-from: parent}")};
  const auto plan = make_plan(request_of(k_researchers), state, kube::Force::no);
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_THAT(steps(*plan),
              ElementsAre("remove Role team/ai-operator", "remove RoleBinding team/ai-operator",
                          "apply Role team/ai-researcher", "apply RoleBinding team/ai-researcher"));
  EXPECT_THAT(plan->notes,
              ElementsAre(HasSubstr("RoleBinding team/theirs (inherited from parent")));
  EXPECT_THAT(steps(make_undo(state, kube::Force::no)),
              ElementsAre("remove RoleBinding team/ai-operator", "remove Role team/ai-operator"));
}

TEST(PolicyPlan, UndoLeavesWhatOthersApplyAsWell) {
  ClusterState state = with_namespace();
  state.roles = {role("Role", "ai-operator", k_ours)};
  state.roles[0].json()["metadata"]["managedFields"].push_back(
      {{"manager", "argocd"}, {"operation", "Apply"}, {"fieldsV1", Json::object()}});
  const PolicyPlan kept = make_undo(state, kube::Force::no);
  EXPECT_THAT(steps(kept), IsEmpty());
  EXPECT_THAT(kept.notes, ElementsAre(HasSubstr("\"argocd\" applies it as well")));
  EXPECT_THAT(steps(make_undo(state, kube::Force::yes)),
              ElementsAre("remove Role team/ai-operator"));
}

TEST(PolicyPlan, TakesOverNothingWithoutForce) {
  ClusterState state = with_namespace();
  state.roles = {role("Role", "ai-researcher", "labels: {}")};
  const auto plan = make_plan(request_of(k_researchers), state, kube::Force::no);
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().code, ErrorCode::conflict);
  EXPECT_TRUE(make_plan(request_of(k_researchers), state, kube::Force::yes));
}

// Whether rules allow it, by RBAC's own matching.
bool allows(const Json& rules, const ProofCheck& check) {
  return std::any_of(rules.begin(), rules.end(), [&](const Json& rule) {
    const auto has = [&rule](const char* key, const std::string& word) {
      return std::find(rule[key].begin(), rule[key].end(), Json(word)) != rule[key].end();
    };
    return has("apiGroups", check.group) && has("resources", check.resource) &&
           has("verbs", check.verb);
  });
}

TEST(PolicyRoles, GiveWhatStatusAsksForAndNothingMore) {
  for (const std::string name : {"ai-researcher", "ai-operator"}) {
    const Request request =
        request_of(", roles: [{name: " + name + ", subjects: [{kind: User, name: anna}]}]");
    const auto objects = role_objects(request.namespaces.front());
    ASSERT_EQ(objects.size(), 2U);
    const Json& rules = objects[0].json()["rules"];
    for (const ProofCheck& check : checks_for({"team", {"User", "anna", ""}, {name}})) {
      if (check.ns != "team") {
        EXPECT_FALSE(check.should);
        continue;
      }
      EXPECT_EQ(allows(rules, check), check.should) << name << ": " << check.what();
    }
    EXPECT_EQ(rules.dump().find('*'), std::string::npos);
  }
}

TEST(PolicyRoles, NameSubjectsAsTheServerStoresThem) {
  const auto objects = role_objects(request_of(k_researchers).namespaces.front());
  EXPECT_EQ(
      objects[1].json()["subjects"],
      Json::array({{{"kind", "Group"}, {"name", "lab"}, {"apiGroup", "rbac.authorization.k8s.io"}},
                   {{"kind", "ServiceAccount"}, {"name", "bot"}, {"namespace", "team"}}}));
}

TEST(PolicyStatusOf, SeesWaysOutOnlyWhereSomebodyCanTakeThem) {
  ClusterState state = with_namespace();
  state.cluster_bindings = {object(
      "{kind: ClusterRoleBinding, metadata: {name: b}, roleRef: {name: admin}, subjects: [{kind: "
      "ServiceAccount, name: robot, namespace: team}, {kind: User, name: anna}]}")};
  EXPECT_THAT(status_of(state).ways_out, IsEmpty());
  state.bindings = {role("RoleBinding", "ai-researcher", k_ours,
                         ", roleRef: {name: ai-researcher}, subjects: [{kind: Group, name: lab}]")};
  const PolicyStatus status = status_of(state);
  ASSERT_EQ(status.ways_out.size(), 1U);
  EXPECT_EQ(status.ways_out[0].account, "robot");
  ASSERT_EQ(status.namespaces[0].holders.size(), 1U);
  EXPECT_FALSE(status.is_as_it_should());
}

TEST(PolicyStatusOf, TellsWhatIsWrongAndWhatWasNotAsked) {
  PolicyStatus status;
  Proof proof{{"team", {"Group", "lab", ""}, {"ai-researcher"}}, {}, {}};
  proof.answers = {{{"list", "", "pods", "", "", false}, true, "RBAC: allowed"},
                   {{"create", "", "pods", "team", "", true}, true, ""}};
  status.proofs = {proof, {{"team", {"User", "anna", ""}, {"ai-operator"}}, {}, "forbidden"}};
  EXPECT_FALSE(status.is_as_it_should());
  EXPECT_FALSE(status.is_proved());
  const std::string text = status_text(status, StatusDetail::normal, output::Palette(), 0);
  EXPECT_THAT(text, HasSubstr("may list pods in all namespaces: RBAC: allowed"));
  EXPECT_THAT(text, HasSubstr("User anna, ai-operator in team: not proved: forbidden"));
  EXPECT_THAT(text, Not(HasSubstr("create pods")));
}

}  // namespace
}  // namespace kai::policy
