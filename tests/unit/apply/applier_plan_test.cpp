// What a plan says: that it is the server's own word, and that making it writes nothing.
#include "builders.hpp"

#include <kai/apply/applier.hpp>
#include <kai/apply/ownership.hpp>

#include <algorithm>

namespace kai::apply {
namespace {

using http::Method;
using kai::test::status_body;
using model::Json;
using test::config_map;
using test::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const std::string k_map = "/api/v1/namespaces/team/configmaps/a";

// The 409 of a field that somebody else owns.
std::string owned_by_helm() {
  return R"({"kind": "Status", "status": "Failure", "code": 409, "reason": "Conflict",
    "message": "Apply failed with 1 conflict", "details": {"causes": [
      {"reason": "FieldManagerConflict", "field": ".data.key",
       "message": "conflict with \"helm\" using v1"}]}})";
}

class Planning : public test::ClusterTest {
 protected:
  Result<Plan> plan(std::vector<Step> steps, DryRun dry_run = DryRun::none) {
    ApplierOptions options;
    options.dry_run = dry_run;
    return Applier(m_client, m_outside.context.cancel, std::move(options)).plan(std::move(steps));
  }

  // The change that the one step comes to.
  Change planned(Step step, DryRun dry_run = DryRun::none) {
    auto result = plan({std::move(step)}, dry_run);
    EXPECT_TRUE(result.has_value()) << (result ? "" : result.error().to_string());
    EXPECT_THAT(writes(), IsEmpty());
    return result ? result->set.changes.at(0) : Change();
  }
};

TEST_F(Planning, AnObjectThatIsNotThereIsCreated) {
  on(Method::get, k_map).reply(404, status_body(404, "NotFound", "not found"));
  on(Method::patch, k_map).reply(201, config_map("a").json().dump());
  const Change change = planned({ApplyConfig{config_map("a"), {}}, "why"});
  EXPECT_EQ(change.action, Action::create);
  EXPECT_EQ(change.note, "why");
  EXPECT_THAT(change.fields, IsEmpty());
}

TEST_F(Planning, TheServersAnswerDecidesWhatDiffers) {
  on(Method::get, k_map).reply(200, config_map("a", "1").json().dump());
  // Admission adds something of its own.
  Json after = config_map("a", "2").json();
  after["metadata"]["labels"] = {{"added-by", "webhook"}};
  on(Method::patch, k_map).reply(200, after.dump());
  const Change change = planned({ApplyConfig{config_map("a", "2"), {}}, {}});
  EXPECT_EQ(change.action, Action::configure);
  ASSERT_THAT(change.fields, SizeIs(2));
  EXPECT_EQ(change.fields[0].path, ".data.key");
  EXPECT_EQ(change.fields[1].path, ".metadata.labels.added-by");
}

TEST_F(Planning, BookkeepingIsNoDifference) {
  Json live = config_map("a").json();
  live["metadata"]["resourceVersion"] = "1";
  live["metadata"]["managedFields"] = Json::array();
  Json after = config_map("a").json();
  after["metadata"]["resourceVersion"] = "2";
  after["metadata"]["generation"] = 4;
  on(Method::get, k_map).reply(200, live.dump());
  on(Method::patch, k_map).reply(200, after.dump());
  EXPECT_EQ(planned({ApplyConfig{config_map("a"), {}}, {}}).action, Action::unchanged);
}

TEST_F(Planning, WhatTheCallerHasReadIsNotReadAgain) {
  on(Method::patch, k_map).reply(200, config_map("a").json().dump());
  EXPECT_EQ(planned({ApplyConfig{config_map("a"), config_map("a")}, {}}).action, Action::unchanged);
  EXPECT_THAT(m_fake.requests(), SizeIs(1));
}

TEST_F(Planning, AConflictIsPartOfThePlanWithWhatForceWouldDo) {
  on(Method::get, k_map).reply(200, config_map("a", "1").json().dump());
  on(Method::patch, k_map).compute([](const http::Request& request) -> Result<http::Response> {
    http::Response response;
    const bool forced = request.url.find("force=true") != std::string::npos;
    response.status = forced ? 200 : 409;
    response.body = forced ? config_map("a", "2").json().dump() : owned_by_helm();
    return response;
  });
  const Change change = planned({ApplyConfig{config_map("a", "2"), {}}, {}});
  EXPECT_THAT(change.conflicts, ElementsAre(Conflict{"helm", ".data.key"}));
  EXPECT_EQ(change.action, Action::configure);
}

TEST_F(Planning, ARejectedObjectFailsThePlanAndIsNamed) {
  on(Method::get, k_map).reply(404, status_body(404, "NotFound", "not found"));
  on(Method::patch, k_map).reply(422, status_body(422, "Invalid", "data is invalid"));
  const auto result = plan({{ApplyConfig{config_map("a"), {}}, {}}});
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, ErrorCode::invalid_object);
  EXPECT_THAT(result.error().to_string(), HasSubstr("planning ConfigMap team/a"));
}

TEST_F(Planning, AllThatIsRefusedIsInOneMessage) {
  on(Method::get, k_map).reply(404, status_body(404, "NotFound", "not found"));
  on(Method::patch, k_map).reply(422, status_body(422, "Invalid", "data is invalid"));
  const std::string other = "/api/v1/namespaces/team/configmaps/b";
  on(Method::get, other).reply(404, status_body(404, "NotFound", "not found"));
  on(Method::patch, other).reply(403, status_body(403, "Forbidden", "quota exceeded"));
  const auto result =
      plan({{ApplyConfig{config_map("a"), {}}, {}}, {ApplyConfig{config_map("b"), {}}, {}}});
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, ErrorCode::invalid_object);
  EXPECT_THAT(result.error().to_string(),
              testing::AllOf(HasSubstr("2 objects are refused"), HasSubstr("ConfigMap team/a"),
                             HasSubstr("data is invalid"), HasSubstr("ConfigMap team/b"),
                             HasSubstr("quota exceeded")));
}

// Ten namespaces that are to get the same ConfigMap.
class PlanningForTenants : public Planning {
 protected:
  static constexpr std::size_t k_tenants = 10;

  PlanningForTenants() {
    on(Method::get, "/api").reply(200, R"({"kind": "APIGroupDiscoveryList", "items": []})");
    on(Method::get, "/apis").reply(200, R"({"kind": "APIGroupDiscoveryList", "items": [
      {"metadata": {"name": "admissionregistration.k8s.io"}, "versions": [
        {"version": "v1", "freshness": "Current", "resources": [
          {"resource": "validatingadmissionpolicybindings", "scope": "Cluster", "verbs": ["list"],
           "responseKind": {"kind": "ValidatingAdmissionPolicyBinding"}}]}]}]})");
    has("validatingwebhookconfigurations", "");
    has("mutatingwebhookconfigurations", "");
    has("validatingadmissionpolicybindings", "");
    for (std::size_t i = 0; i < k_tenants; ++i) {
      Json map = config_map("a").json();
      map["metadata"]["namespace"] = "team-" + std::to_string(i);
      const std::string path = "/api/v1/namespaces/team-" + std::to_string(i) + "/configmaps/a";
      on(Method::patch, path).reply(201, map.dump());
      m_steps.push_back({ApplyConfig{model::Resource(std::move(map)), {}, true}, {}});
    }
  }

  // What the cluster has of a kind of admission configuration.
  void has(const std::string& plural, const std::string& items) {
    on(Method::get, "/apis/admissionregistration.k8s.io/v1/" + plural)
        .clear()
        .reply(200, R"({"kind": "List", "items": [)" + items + "]}");
  }

  // How many dry runs the plan takes.
  std::size_t dry_runs() {
    const auto result = plan(std::move(m_steps));
    EXPECT_TRUE(result.has_value());
    EXPECT_THAT(writes(), IsEmpty());
    if (result) {
      EXPECT_EQ(result->set.count(Action::create), k_tenants);
    }
    const auto requests = m_fake.requests();
    return static_cast<std::size_t>(
        std::count_if(requests.begin(), requests.end(),
                      [](const auto& request) { return request.method == Method::patch; }));
  }

  std::vector<Step> m_steps;
};

TEST_F(PlanningForTenants, WhatDiffersInItsNamespaceAloneIsAskedOnce) {
  has("validatingwebhookconfigurations", R"({"metadata": {"name": "pods"}, "webhooks": [
    {"rules": [{"apiGroups": [""], "operations": ["*"], "resources": ["pods"]},
               {"apiGroups": ["*"], "operations": ["UPDATE"], "resources": ["*"]}]}]})");
  EXPECT_EQ(dry_runs(), 1U);
}

TEST_F(PlanningForTenants, AnotherValueIsAnotherQuestion) {
  std::get<ApplyConfig>(m_steps[3].action).config.json()["data"]["key"] = "2";
  EXPECT_EQ(dry_runs(), 2U);
}

TEST_F(PlanningForTenants, AWebhookMayAnswerForEachNamespaceAnew) {
  has("mutatingwebhookconfigurations", R"({"metadata": {"name": "all"}, "webhooks": [
    {"rules": [{"apiGroups": ["*"], "operations": ["CREATE"], "resources": ["*/*"]}]}]})");
  EXPECT_EQ(dry_runs(), k_tenants);
}

TEST_F(PlanningForTenants, SoMayAPolicyThatIsBound) {
  has("validatingadmissionpolicybindings",
      R"({"metadata": {"name": "tenants"}, "spec": {"policyName": "tenants"}})");
  EXPECT_EQ(dry_runs(), k_tenants);
}

TEST_F(PlanningForTenants, WhatCannotBeReadMayBeThere) {
  on(Method::get, "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations")
      .clear()
      .reply(403, status_body(403, "Forbidden", "no"));
  EXPECT_EQ(dry_runs(), k_tenants);
}

TEST_F(Planning, AnObjectMayFollowTheNamespaceThatComesWithIt) {
  const Json space =
      json(R"({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team"}})");
  on(Method::get, "/api/v1/namespaces/team").reply(404, status_body(404, "NotFound", "not found"));
  on(Method::patch, "/api/v1/namespaces/team").reply(201, space.dump());
  on(Method::get, k_map).reply(404, status_body(404, "NotFound", "not found"));
  on(Method::patch, k_map)
      .reply(404, status_body(404, "NotFound", "namespaces \"team\" not found"));
  const auto result =
      plan({{ApplyConfig{config_map("a"), {}}, {}}, {ApplyConfig{model::Resource(space), {}}, {}}});
  ASSERT_TRUE(result.has_value()) << result.error().to_string();
  EXPECT_EQ(result->set.count(Action::create), 2U);
}

TEST_F(Planning, WithoutItsNamespaceAnObjectCannotBePlanned) {
  on(Method::get, k_map).reply(404, status_body(404, "NotFound", "not found"));
  on(Method::patch, k_map)
      .reply(404, status_body(404, "NotFound", "namespaces \"team\" not found"));
  EXPECT_EQ(plan({{ApplyConfig{config_map("a"), {}}, {}}}).error().code, ErrorCode::not_found);
}

TEST_F(Planning, AConfigurationWithAUidNeverCreates) {
  model::Resource config = config_map("a");
  config.json()["metadata"]["uid"] = "u1";
  on(Method::get, k_map).reply(404, status_body(404, "NotFound", "not found"));
  const auto result = plan({{ApplyConfig{config, {}}, {}}});
  ASSERT_FALSE(result.has_value());
  EXPECT_THAT(result.error().message, HasSubstr("does not exist any more"));
  EXPECT_THAT(m_fake.requests(), SizeIs(1));
}

TEST_F(Planning, OnTheClientNothingButReadsIsSent) {
  on(Method::get, k_map).reply(200, config_map("a", "1").json().dump());
  const Change change = planned({ApplyConfig{config_map("a", "2"), {}}, {}}, DryRun::client);
  EXPECT_EQ(change.action, Action::configure);
  ASSERT_THAT(change.fields, SizeIs(1));
  EXPECT_EQ(change.fields[0].path, ".data.key");
  EXPECT_THAT(m_fake.request_lines(), ElementsAre("GET https://api.example.org" + k_map));
}

Step edit_to(const std::string& value, std::optional<model::Resource> live = std::nullopt) {
  const auto edit = [value](const model::Resource& map) -> Result<std::optional<Json>> {
    if (model::string_at(map.json(), {"data", "key"}) == value) return std::nullopt;
    return Json{{"data", {{"key", value}}}};
  };
  return {GuardedEdit{{"v1", "ConfigMap", "team", "a"}, edit, std::move(live)}, {}};
}

TEST_F(Planning, AnEditIsTriedByTheServerToo) {
  on(Method::get, k_map).reply(200, config_map("a", "1").json().dump());
  on(Method::patch, k_map).reply(422, status_body(422, "Invalid", "no"));
  EXPECT_EQ(plan({edit_to("2")}).error().code, ErrorCode::invalid_object);
  EXPECT_THAT(m_fake.requests().back().url, HasSubstr("dryRun=All"));
}

TEST_F(Planning, AnEditWithNothingToDoIsUnchangedAndAsksNothing) {
  EXPECT_EQ(planned(edit_to("1", config_map("a", "1"))).action, Action::unchanged);
  EXPECT_THAT(m_fake.requests(), IsEmpty());
}

TEST_F(Planning, AnEditThatMeetsAnotherOwnerIsAConflictOfThePlan) {
  const auto edit = [](const model::Resource&) -> Result<std::optional<Json>> {
    Error error(ErrorCode::conflict, "someone is in the way");
    error.causes = {{"FieldManagerConflict", ".spec.taints", "conflict with \"capi\""}};
    return fail(std::move(error));
  };
  const Change change =
      planned({GuardedEdit{{"v1", "ConfigMap", "team", "a"}, edit, config_map("a")}, {}});
  EXPECT_THAT(change.conflicts, ElementsAre(Conflict{"capi", ".spec.taints"}));
}

TEST_F(Planning, ARemovalIsPendingWhileThatVeryObjectIsThere) {
  model::Resource live = config_map("a");
  live.json()["metadata"]["uid"] = "u2";
  on(Method::get, k_map).reply(200, live.json().dump());
  const model::ObjectRef ref = live.ref();
  EXPECT_EQ(planned({Remove{ref, "u2"}, {}}).action, Action::remove);
  EXPECT_EQ(planned({Remove{ref, "u1"}, {}}).action, Action::unchanged);
  on(Method::get, k_map).clear().reply(404, status_body(404, "NotFound", "not found"));
  EXPECT_EQ(planned({Remove{ref, "u2"}, {}}).action, Action::unchanged);
}

TEST_F(Planning, AnInterruptedPlanSaysThatNothingWasWritten) {
  m_outside.context.cancel.request(2);
  const auto result = plan({edit_to("2", config_map("a"))});
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, ErrorCode::cancelled);
  EXPECT_THAT(result.error().message, HasSubstr("nothing was written"));
}

}  // namespace
}  // namespace kai::apply
