#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <kai/audit/rules.hpp>
#include <kai/audit/settings.hpp>

namespace kai::audit {
namespace {

using testing::HasSubstr;

constexpr std::string_view k_head = "apiVersion: kubectl-ai/v1alpha1\nkind: AuditConfig\n";

Result<Settings> parse(std::string_view text) {
  return parse_settings(std::string(k_head) + std::string(text), "audit.yaml");
}

std::string error_of(std::string_view text) {
  const auto parsed = parse(text);
  return parsed ? "" : parsed.error().to_string();
}

std::int64_t value_of(const Settings& settings, std::string_view rule, std::string_view name) {
  return settings.thresholds.of(*find_rule(rule)->threshold(name));
}

TEST(Settings, WhatIsNotSetKeepsItsStandard) {
  const auto settings = parse("thresholds:\n  gpu-pending: {patience: 15m}\n");
  ASSERT_TRUE(settings) << settings.error().to_string();
  EXPECT_EQ(value_of(*settings, "gpu-pending", "patience"), 900);
  EXPECT_EQ(value_of(*settings, "storage-pvc-pending", "patience"), 300);
  EXPECT_EQ(value_of(*settings, "quota-exhausted", "used"), 90);
  EXPECT_TRUE(parse(""));
}

TEST(Settings, NumbersAreSecondsOrPercent) {
  const auto settings = parse(
      "thresholds:\n  debug-pod-leftover: {running: 60, finished: 1h30m}\n"
      "  quota-exhausted: {used: 75%}\n");
  ASSERT_TRUE(settings) << settings.error().to_string();
  EXPECT_EQ(value_of(*settings, "debug-pod-leftover", "running"), 60);
  EXPECT_EQ(value_of(*settings, "debug-pod-leftover", "finished"), 5400);
  EXPECT_EQ(value_of(*settings, "quota-exhausted", "used"), 75);
  EXPECT_EQ(
      value_of(*parse("thresholds: {quota-exhausted: {used: 75}}"), "quota-exhausted", "used"), 75);
}

TEST(Settings, AMistakeIsNamedWithItsPlace) {
  EXPECT_THAT(
      error_of("thresholds:\n  gpu-pendng: {patience: 15m}\n"),
      testing::AllOf(HasSubstr("audit.yaml:4:3: "), HasSubstr("did you mean \"gpu-pending\"?")));
  EXPECT_THAT(error_of("thresholds:\n  gpu-pending: {wait: 15m}\n"),
              HasSubstr("gpu-pending has no threshold \"wait\"; it has patience"));
  EXPECT_THAT(error_of("thresholds:\n  gpu-pending: 15m\n"), HasSubstr("must be a map: patience"));
  EXPECT_THAT(error_of("thresholds:\n  gpu-shm-small: {size: 1}\n"),
              HasSubstr("has no thresholds"));
  EXPECT_THAT(error_of("threshold: {}\n"), HasSubstr("did you mean \"thresholds\"?"));
  EXPECT_THAT(error_of("thresholds:\n  quota-exhausted: {used: 101%}\n"),
              HasSubstr("used must be a percentage from 1% to 100%, not \"101%\""));
  EXPECT_THAT(error_of("thresholds:\n  gpu-pending: {patience: -5m}\n"),
              HasSubstr("patience must be a duration such as 15m, not \"-5m\""));
}

// What a rule calls its thresholds is its own affair, but they must be told apart.
TEST(Settings, EveryThresholdHasANameOfItsOwnAndAMeaning) {
  for (const Rule* const rule : all_rules()) {
    for (const Threshold& threshold : rule->thresholds) {
      EXPECT_EQ(rule->threshold(threshold.name), &threshold) << rule->id;
      EXPECT_FALSE(threshold.meaning.empty()) << rule->id;
      EXPECT_GT(threshold.standard, 0) << rule->id;
    }
  }
}

}  // namespace
}  // namespace kai::audit
