#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <kai/apply/change.hpp>

namespace kai::apply {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Change change(Action action, Outcome outcome = Outcome::planned) {
  Change result;
  result.ref = {"v1", "Node", "", "gpu-a"};
  result.action = action;
  result.outcome = outcome;
  return result;
}

TEST(ChangeSet, IsPendingWhileSomethingIsNotWritten) {
  EXPECT_FALSE(ChangeSet{}.pending());
  EXPECT_FALSE(ChangeSet{{change(Action::unchanged)}}.pending());
  EXPECT_TRUE((ChangeSet{{change(Action::unchanged), change(Action::create)}}.pending()));
  EXPECT_FALSE(ChangeSet{{change(Action::create, Outcome::done)}}.pending());
  EXPECT_TRUE(ChangeSet{{change(Action::remove, Outcome::failed)}}.pending());
}

TEST(ChangeSet, CountsOutcomesOfRealChangesOnly) {
  const ChangeSet set{{change(Action::unchanged), change(Action::create),
                       change(Action::configure, Outcome::done),
                       change(Action::configure, Outcome::unknown)}};
  EXPECT_EQ(set.count(Action::configure), 2U);
  EXPECT_EQ(set.count(Action::unchanged), 1U);
  EXPECT_EQ(set.count(Outcome::planned), 1U);
  EXPECT_EQ(set.count(Outcome::done), 1U);
  EXPECT_EQ(set.count(Outcome::unknown), 1U);
}

// As kube-apiserver 1.36 words it.
const char* const k_words =
    "conflict with \"helm\" using v1 at 2026-01-01T00:00:00Z: .metadata.labels.nvidia.com/gpu";

TEST(ConflictsOf, NamesManagerAndField) {
  Error error(ErrorCode::conflict, "Apply failed with 1 conflict");
  error.causes = {{"FieldManagerConflict", ".metadata.labels.nvidia.com/gpu", k_words},
                  {"FieldValueInvalid", ".spec", "something else"},
                  {"FieldManagerConflict", ".spec.taints", "no name in it"}};
  EXPECT_THAT(conflicts_of(error), ElementsAre(Conflict{"helm", ".metadata.labels.nvidia.com/gpu"},
                                               Conflict{"", ".spec.taints"}));
  EXPECT_THAT(conflicts_of(Error(ErrorCode::conflict, "the object has been modified")), IsEmpty());
}

TEST(ConflictError, SaysWhoOwnsWhichFieldOfWhichObject) {
  Change one = change(Action::configure);
  one.conflicts = {{"helm", ".metadata.labels.a"}};
  Error error = conflict_error({{one}});
  EXPECT_EQ(error.code, ErrorCode::conflict);
  EXPECT_EQ(error.message, "a field belongs to another field manager");
  ASSERT_EQ(error.causes.size(), 1U);
  EXPECT_EQ(error.causes[0].message, "Node gpu-a: .metadata.labels.a is managed by \"helm\"");
  EXPECT_THAT(error.hint, HasSubstr("--force-conflicts"));

  one.conflicts.push_back({"", ".spec.taints"});
  error = conflict_error({{one}});
  EXPECT_EQ(error.message, "2 fields belong to other field managers");
  EXPECT_EQ(error.causes[1].message, "Node gpu-a: .spec.taints is managed by someone else");
}

TEST(Words, ThoseOfKubectl) {
  EXPECT_EQ(to_string(Action::remove), "delete");
  EXPECT_EQ(to_string(Action::configure), "configure");
  EXPECT_EQ(to_string(Outcome::skipped), "skipped");
}

}  // namespace
}  // namespace kai::apply
