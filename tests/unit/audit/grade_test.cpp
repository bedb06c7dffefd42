#include <gtest/gtest.h>
#include <kai/audit/grade.hpp>
#include <kai/audit/rule.hpp>

#include <array>

namespace kai::audit {
namespace {

// A report with findings of so many rules, two of each.
Report report_of(std::size_t errors, std::size_t warnings = 0, std::size_t infos = 0) {
  static const auto k_rules = [] {
    std::array<std::array<Rule, 8>, 3> rules{};
    constexpr Severity k_severities[] = {Severity::error, Severity::warning, Severity::info};
    for (std::size_t i = 0; i < rules.size(); ++i) {
      for (Rule& rule : rules[i]) rule.severity = k_severities[i];
    }
    return rules;
  }();
  Report report;
  report.rules = 24;
  report.objects = 10;
  const std::size_t counts[] = {errors, warnings, infos};
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t rule = 0; rule < counts[i]; ++rule) {
      Finding finding;
      finding.rule = &k_rules[i][rule];
      for (int twice = 0; twice < 2; ++twice) report.findings.push_back(finding);
    }
  }
  return report;
}

char letter_of(const Report& report) {
  const auto found = grade(report);
  return found ? found->letter : '-';
}

TEST(Grade, CountsRulesAndNotFindings) {
  EXPECT_EQ(letter_of(report_of(0)), 'A');
  EXPECT_EQ(letter_of(report_of(0, 0, 8)), 'A');
  EXPECT_EQ(letter_of(report_of(0, 1)), 'B');
  EXPECT_EQ(letter_of(report_of(0, 8)), 'B');
  EXPECT_EQ(letter_of(report_of(1)), 'C');
  EXPECT_EQ(letter_of(report_of(2, 8)), 'C');
  EXPECT_EQ(letter_of(report_of(3)), 'D');
  EXPECT_EQ(letter_of(report_of(5)), 'D');
  EXPECT_EQ(letter_of(report_of(6)), 'F');
  EXPECT_EQ(grade(report_of(1))->reason, "errors of 1 rule");
  EXPECT_EQ(grade(report_of(0, 2))->reason, "warnings of 2 rules");
}

TEST(Grade, AQuarterOfTheGpusIdleIsNoBetterThanD) {
  Report report = report_of(0, 1);
  report.summary.gpus.total = 8;
  report.summary.gpus.lost = 1;
  EXPECT_EQ(letter_of(report), 'B');
  report.summary.gpus.stranded = 1;
  EXPECT_EQ(letter_of(report), 'D');
  EXPECT_EQ(grade(report)->reason, "2 of 8 GPUs lost or stranded");
  report.summary.gpus.usage_known = false;  // then what is stranded is not known either
  EXPECT_EQ(letter_of(report), 'B');
  Report worse = report_of(6);
  worse.summary.gpus = {.total = 8, .lost = 8};
  EXPECT_EQ(letter_of(worse), 'F');
}

TEST(Grade, IsAnUpperBoundWhereSomethingWasNotChecked) {
  Report report = report_of(1);
  EXPECT_FALSE(grade(report)->at_best);
  report.coverage.not_checked.push_back({"Pod", "forbidden", {}, {}});
  EXPECT_TRUE(grade(report)->at_best);
}

TEST(Grade, NothingCheckedHasNone) {
  Report report = report_of(0);
  report.objects = 0;
  EXPECT_FALSE(grade(report));
  report = report_of(0);
  report.rules = 0;
  EXPECT_FALSE(grade(report));
}

}  // namespace
}  // namespace kai::audit
