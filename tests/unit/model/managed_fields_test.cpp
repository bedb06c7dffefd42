#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <kai/model/managed_fields.hpp>

namespace kai::model {
namespace {

// As kube-apiserver 1.36 returns it.
const char* const k_node = R"({"metadata": {"managedFields": [
  {"manager": "kubectl-ai", "operation": "Apply", "fieldsType": "FieldsV1",
   "fieldsV1": {"f:metadata": {"f:labels": {"f:mine": {}, "f:nvidia.com/gpu": {}}}}},
  {"manager": "kubelet", "operation": "Update", "subresource": "status",
   "fieldsV1": {"f:status": {"f:conditions": {"k:{\"type\":\"Ready\"}": {".": {}, "f:status": {}}}}}},
  {"manager": "kubectl-label", "operation": "Update",
   "fieldsV1": {"f:metadata": {"f:labels": {".": {}, "f:foo": {}, "f:nvidia.com/gpu": {}}},
                "f:spec": {"f:finalizers": {"v:\"kubernetes\"": {}}}}}]}})";

using testing::ElementsAre;
using testing::IsEmpty;

class ManagedFields : public testing::Test {
 protected:
  std::vector<FieldOwner> owners = field_owners(parse_json(k_node).value());
};

TEST_F(ManagedFields, FindsAnEntry) {
  ASSERT_EQ(owners.size(), 3U);
  const FieldOwner* ours = find_owner(owners, "kubectl-ai", "Apply");
  ASSERT_NE(ours, nullptr);
  EXPECT_EQ(find_owner(owners, "kubectl-ai", "Update"), nullptr);
  EXPECT_EQ(find_owner(owners, "kubelet", "Update"), nullptr);  // a subresource's entry
  EXPECT_TRUE(ours->owns({"metadata", "labels", "nvidia.com/gpu"}));
  EXPECT_FALSE(ours->owns({"metadata", "labels", "foo"}));
  EXPECT_THAT(ours->keys_below({"metadata", "labels"}), ElementsAre("mine", "nvidia.com/gpu"));
  EXPECT_THAT(ours->keys_below({"metadata", "annotations"}), IsEmpty());
}

TEST_F(ManagedFields, ManagersOfAField) {
  EXPECT_THAT(managers_of(owners, {"metadata", "labels", "nvidia.com/gpu"}),
              ElementsAre("kubectl-ai", "kubectl-label"));
  EXPECT_THAT(managers_of(owners, {"metadata", "labels", "none"}), IsEmpty());
}

TEST_F(ManagedFields, PathsReadAsInConflicts) {
  EXPECT_THAT(owners[0].paths(),
              ElementsAre(".metadata.labels.mine", ".metadata.labels.nvidia.com/gpu"));
  EXPECT_THAT(owners[1].paths(), ElementsAre(R"(.status.conditions[type="Ready"].status)"));
  EXPECT_THAT(owners[2].paths(),
              ElementsAre(".metadata.labels.foo", ".metadata.labels.nvidia.com/gpu",
                          R"(.spec.finalizers[="kubernetes"])"));
}

TEST(ManagedFieldsOfLists, HaveManagersButNoFields) {
  const auto owners = field_owners(
      parse_json(R"({"metadata": {"managedFields": [{"manager": "helm", "operation": "Update"}]}})")
          .value());
  ASSERT_EQ(owners.size(), 1U);
  EXPECT_EQ(owners[0].manager, "helm");
  EXPECT_THAT(owners[0].paths(), IsEmpty());
}

}  // namespace
}  // namespace kai::model
