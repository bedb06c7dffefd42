#include "builders.hpp"

#include <kai/apply/ownership.hpp>

namespace kai::apply {
namespace {

using http::Method;
using test::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// One entry of managedFields.
std::string entry(const std::string& manager, const std::string& operation = "Apply",
                  const std::string& subresource = "") {
  return R"({"manager": ")" + manager + R"(", "operation": ")" + operation +
         R"(", "subresource": ")" + subresource + R"(", "fieldsV1": {"f:data": {"f:key": {}}}})";
}

model::Resource owned_by(const std::string& entries, bool with_label = true) {
  model::Json object = json(R"({"apiVersion": "v1", "kind": "ConfigMap"})");
  object["metadata"] = {{"name", "a"}, {"namespace", "team"}, {"uid", "u1"}};
  object["metadata"]["managedFields"] = json("[" + entries + "]");
  if (with_label) {
    object["metadata"]["labels"] = ownership_labels("kubectl-ai-gpu");
  }
  return model::Resource(std::move(object));
}

TEST(OwnershipOf, TheLabelAndTheManagerDecide) {
  EXPECT_EQ(ownership_of(owned_by(entry("kubectl-ai"))), Ownership::whole);
  EXPECT_EQ(ownership_of(owned_by(entry("kubectl-ai"), false)), Ownership::fields);
  EXPECT_EQ(ownership_of(owned_by(entry("kubectl-ai") + "," + entry("helm"))), Ownership::shared);
  // The label can be copied.
  EXPECT_EQ(ownership_of(owned_by(entry("helm"))), Ownership::none);
  EXPECT_EQ(ownership_of(owned_by("")), Ownership::none);
}

TEST(OwnershipOf, ControllersAndManualEditsMakeNoClaim) {
  EXPECT_EQ(
      ownership_of(owned_by(
          entry("kubectl-ai") + "," + entry("kube-controller-manager", "Update", "status") + "," +
          entry("kubectl-edit", "Update") + "," + entry("status-writer", "Apply", "status"))),
      Ownership::whole);
}

TEST(OtherManagers, AreThoseWhoApplyTheObject) {
  EXPECT_THAT(other_managers(owned_by(entry("kubectl-ai") + "," + entry("argocd") + "," +
                                      entry("kubectl-edit", "Update"))),
              ElementsAre("argocd"));
}

TEST(OwnershipSelector, FindsWhatTheLabelsMark) {
  EXPECT_EQ(ownership_selector("kubectl-ai-gpu"),
            "app.kubernetes.io/managed-by=kubectl-ai,app.kubernetes.io/part-of=kubectl-ai-gpu");
}

TEST(Release, AppliesNothingButTheIdentity) {
  const Step step = release(owned_by(entry("kubectl-ai")));
  const auto* config = std::get_if<ApplyConfig>(&step.action);
  ASSERT_NE(config, nullptr);
  // With the uid, a deleted object does not come back empty.
  EXPECT_EQ(config->config.json(), json(R"({"apiVersion": "v1", "kind": "ConfigMap",
                     "metadata": {"name": "a", "namespace": "team", "uid": "u1"}})"));
  EXPECT_TRUE(config->live.has_value());
}

class FindOwned : public test::ClusterTest {};

TEST_F(FindOwned, LeavesOutWhatOnlyLooksLikeOurs) {
  model::Json list = json(R"({"kind": "ConfigMapList", "apiVersion": "v1", "metadata": {}})");
  model::Json ours = owned_by(entry("kubectl-ai")).json();
  model::Json copied = owned_by(entry("helm")).json();
  copied["metadata"]["name"] = "copied";
  list["items"] = {ours, copied};
  on(Method::get, "/api/v1/namespaces/team/configmaps").reply(200, list.dump());
  const auto found = find_owned(m_client, {{"v1", "ConfigMap", "team", ""}}, "kubectl-ai-gpu");
  ASSERT_TRUE(found.has_value()) << found.error().to_string();
  ASSERT_EQ(found->size(), 1U);
  EXPECT_EQ(found->front().name(), "a");
  EXPECT_THAT(m_fake.requests().back().url, HasSubstr("labelSelector="));
}

TEST_F(FindOwned, AForbiddenKindIsAnErrorNotAbsence) {
  on(Method::get, "/api/v1/namespaces/team/configmaps")
      .reply(403, kai::test::status_body(403, "Forbidden", "configmaps is forbidden"));
  const auto found = find_owned(m_client, {{"v1", "ConfigMap", "team", ""}}, "kubectl-ai-gpu");
  ASSERT_FALSE(found.has_value());
  EXPECT_EQ(found.error().code, ErrorCode::forbidden);
}

TEST_F(FindOwned, NothingIsFoundInNothing) {
  const auto found = find_owned(m_client, {}, "kubectl-ai-gpu");
  ASSERT_TRUE(found.has_value());
  EXPECT_THAT(*found, IsEmpty());
}

}  // namespace
}  // namespace kai::apply
