#include "node_setup.hpp"

#include "builders.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kai::gpu {
namespace {

using model::Json;
using test::json;
using test::node_object;
using test::taint;

const char* const k_applied_by_us = R"([{"manager": "kubectl-ai", "operation": "Apply",
  "fieldsV1": {"f:metadata": {"f:labels": {"f:nvidia.com/gpu": {}}}}}])";

NodeWish wish(std::string_view text = "nvidia.com/gpu=true:NoSchedule") {
  NodeWish result;
  result.labels = {{"nvidia.com/gpu", "true"}};
  if (!text.empty()) result.taint = taint(text);
  return result;
}

// The patch as text; "nothing" when there is none to make.
std::string patch_of(const Result<std::optional<Json>>& edit) {
  if (!edit) return "error: " + edit.error().message;
  return *edit ? (*edit)->dump() : "nothing";
}

std::string record(std::string_view content) {
  return Json{{std::string(k_record_annotation), content}}.dump();
}

// What is left of `node` after `edit`.
model::Resource edited(const model::Resource& node, const Result<std::optional<Json>>& edit) {
  model::Resource after = node;
  if (edit && *edit) after.json().merge_patch(**edit);
  return after;
}

TEST(NodeRecord, GoesThereAndBack) {
  NodeRecord value;
  value.taints = {taint("a=b:NoSchedule"), taint("c:NoExecute")};
  value.replaced_taints = {taint("a=x:NoSchedule")};
  value.replaced_labels = {{"k", "old"}};
  EXPECT_EQ(NodeRecord::parse(value.to_string()), value);
  EXPECT_TRUE(NodeRecord::parse("").empty());
  EXPECT_TRUE(NodeRecord::parse("[1").empty());
  EXPECT_TRUE(NodeRecord::parse(R"({"taints": "all", "replacedLabels": 3})").empty());
}

TEST(EditForSetup, AddsTheTaintAndTheRecordInOnePatch) {
  EXPECT_EQ(
      patch_of(edit_for_setup(node_object("{}"), wish())),
      R"({"metadata":{"annotations":{"kubectl-ai/gpu":"{\"taints\":[\"nvidia.com/gpu=true:NoSchedule\"]}"}},)"
      R"("spec":{"taints":[{"effect":"NoSchedule","key":"nvidia.com/gpu","value":"true"}]}})");
}

TEST(EditForSetup, KeepsForeignTaintsWithAllTheirFields) {
  const auto node = node_object(
      "{}", R"([{"key": "x", "effect": "NoExecute", "timeAdded": "2026-01-01T00:00:00Z"}])");
  const auto after = edited(node, edit_for_setup(node, wish()));
  EXPECT_EQ(after.json()["spec"]["taints"].size(), 2U);
  EXPECT_EQ(after.json()["spec"]["taints"][0]["timeAdded"], "2026-01-01T00:00:00Z");
}

TEST(EditForSetup, ChangesNothingTheSecondTime) {
  const auto node = node_object("{}");
  const auto after = edited(node, edit_for_setup(node, wish()));
  EXPECT_EQ(patch_of(edit_for_setup(after, wish())), "nothing");
}

TEST(EditForSetup, ATaintThatWasThereIsNotOurs) {
  const auto node =
      node_object("{}", R"([{"key": "nvidia.com/gpu", "value": "true", "effect": "NoSchedule"}])");
  EXPECT_EQ(patch_of(edit_for_setup(node, wish())), "nothing");
  EXPECT_EQ(patch_of(edit_for_undo(node)), "nothing");
}

TEST(EditForSetup, AnotherValueWillDoUnlessATaintWasAskedFor) {
  const auto node = node_object(
      "{}", R"([{"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"}])");
  EXPECT_EQ(patch_of(edit_for_setup(node, wish())), "nothing");

  NodeWish strict = wish();
  strict.existing_taint = ExistingTaint::conflict;
  const auto refused = edit_for_setup(node, strict);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::conflict);
  ASSERT_EQ(refused.error().causes.size(), 1U);
  EXPECT_EQ(refused.error().causes[0].field, ".spec.taints[nvidia.com/gpu=present:NoSchedule]");
}

TEST(EditForSetup, ForceReplacesAndUndoRestores) {
  const auto node = node_object(
      R"({"nvidia.com/gpu": "yes"})",
      R"([{"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"}, {"key": "b", "effect": "NoSchedule"}])");
  NodeWish forced = wish();
  forced.existing_taint = ExistingTaint::conflict;
  forced.force = kube::Force::yes;
  auto after = edited(node, edit_for_setup(node, forced));
  EXPECT_EQ(after.json()["spec"]["taints"][0]["value"], "true");
  // What the server-side apply that follows does.
  after.json()["metadata"]["labels"]["nvidia.com/gpu"] = "true";
  after.json()["metadata"]["managedFields"] = json(k_applied_by_us);
  EXPECT_EQ(patch_of(edit_for_setup(after, forced)), "nothing");

  const auto back = edited(after, edit_for_undo(after));
  EXPECT_EQ(back.json()["spec"], node.json()["spec"]);
  EXPECT_EQ(back.json()["metadata"]["labels"], node.json()["metadata"]["labels"]);
  EXPECT_EQ(back.json()["metadata"]["annotations"], Json::object());
}

TEST(EditForSetup, ADifferentTaintTakesThePlaceOfOurFormerOne) {
  const auto node = node_object("{}", R"([{"key": "other", "effect": "NoSchedule"}])");
  auto after = edited(node, edit_for_setup(node, wish("pool=gpu:NoSchedule")));
  after = edited(after, edit_for_setup(after, wish("pool=gpu:NoExecute")));
  ASSERT_EQ(after.json()["spec"]["taints"].size(), 2U);
  EXPECT_EQ(after.json()["spec"]["taints"][1]["effect"], "NoExecute");
  after = edited(after, edit_for_setup(after, wish("")));
  EXPECT_EQ(after.json()["spec"], node.json()["spec"]);
  EXPECT_FALSE(after.annotation(k_record_annotation));
}

TEST(EditForSetup, ForgetsATaintThatSomeoneRemoved) {
  const auto node = node_object("{}", "[]", record(R"({"taints":["a:NoSchedule"]})"));
  EXPECT_EQ(patch_of(edit_for_setup(node, wish(""))),
            R"({"metadata":{"annotations":{"kubectl-ai/gpu":null}}})");
}

TEST(EditForSetup, RefusesWhereTaintsAreAppliedAsAWhole) {
  const auto node = node_object("{}", R"([{"key": "a", "effect": "NoSchedule"}])", "{}",
                                R"([{"manager": "argocd", "operation": "Apply",
                                     "fieldsV1": {"f:spec": {"f:taints": {}}}}])");
  const auto refused = edit_for_setup(node, wish());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().causes[0].message, "conflict with \"argocd\"");
  NodeWish forced = wish();
  forced.force = kube::Force::yes;
  EXPECT_TRUE(edit_for_setup(node, forced));
}

TEST(EditForUndo, RemovesOnlyWhatTheRecordSays) {
  const auto node = node_object(
      "{}",
      R"([{"key": "a", "effect": "NoSchedule"}, {"key": "nvidia.com/gpu", "value": "true", "effect": "NoSchedule"}])",
      record(R"({"taints":["nvidia.com/gpu=true:NoSchedule"]})"));
  EXPECT_EQ(patch_of(edit_for_undo(node)),
            R"({"metadata":{"annotations":{"kubectl-ai/gpu":null}},)"
            R"("spec":{"taints":[{"effect":"NoSchedule","key":"a"}]}})");
}

TEST(EditForUndo, TheLastTaintTakesTheFieldAlong) {
  const auto node = node_object("{}", R"([{"key": "a", "effect": "NoSchedule"}])",
                                record(R"({"taints":["a:NoSchedule"]})"));
  EXPECT_EQ(patch_of(edit_for_undo(node)),
            R"({"metadata":{"annotations":{"kubectl-ai/gpu":null}},"spec":{"taints":null}})");
}

TEST(EditForUndo, LeavesATaintWhoseValueSomeoneChanged) {
  const auto node = node_object("{}", R"([{"key": "a", "value": "his", "effect": "NoSchedule"}])",
                                record(R"({"taints":["a=ours:NoSchedule"]})"));
  EXPECT_EQ(patch_of(edit_for_undo(node)),
            R"({"metadata":{"annotations":{"kubectl-ai/gpu":null}}})");
}

const apply::ApplyConfig* label_step(const std::vector<apply::Step>& steps) {
  for (const apply::Step& step : steps) {
    if (const auto* config = std::get_if<apply::ApplyConfig>(&step.action)) return config;
  }
  return nullptr;
}

TEST(SetupSteps, AppliesTheLabelsThatAreMissingOrOurs) {
  const auto fresh = setup_steps(node_object("{}"), wish());
  ASSERT_NE(label_step(fresh), nullptr);
  EXPECT_EQ(label_step(fresh)->config.json(),
            json(R"({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "gpu-a", "uid": "u1",
                     "labels": {"nvidia.com/gpu": "true"}}})"));
  const auto again = setup_steps(
      node_object(R"({"nvidia.com/gpu": "true"})", "[]", "{}", k_applied_by_us), wish());
  ASSERT_NE(label_step(again), nullptr);
  EXPECT_EQ(label_step(again)->config.label("nvidia.com/gpu"), "true");
}

TEST(SetupSteps, ALabelOfSomeoneElseWithTheRightValueStaysHis) {
  EXPECT_EQ(label_step(setup_steps(node_object(R"({"nvidia.com/gpu": "true"})"), wish())), nullptr);
}

TEST(SetupSteps, GivesUpLabelsThatAreNoLongerWished) {
  NodeWish other = wish();
  other.labels = {{"pool", "gpu"}};
  const auto steps =
      setup_steps(node_object(R"({"nvidia.com/gpu": "true"})", "[]", "{}", k_applied_by_us), other);
  ASSERT_NE(label_step(steps), nullptr);
  EXPECT_FALSE(label_step(steps)->config.label("nvidia.com/gpu"));
  EXPECT_EQ(label_step(steps)->config.label("pool"), "gpu");
}

TEST(UndoSteps, NothingOfOursNothingToDo) {
  EXPECT_TRUE(undo_steps(node_object(R"({"nvidia.com/gpu": "true"})")).empty());
}

TEST(NewTaint, IsNewOnlyWhenItIsNotThere) {
  EXPECT_EQ(new_taint({}, wish()), taint("nvidia.com/gpu=true:NoSchedule"));
  EXPECT_FALSE(new_taint({taint("nvidia.com/gpu=true:NoSchedule")}, wish()));
  EXPECT_FALSE(new_taint({taint("nvidia.com/gpu=present:NoSchedule")}, wish()));
  EXPECT_TRUE(new_taint({taint("nvidia.com/gpu=present:NoExecute")}, wish()));
  EXPECT_FALSE(new_taint({}, wish("")));
}

}  // namespace
}  // namespace kai::gpu
