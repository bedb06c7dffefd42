#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <kai/audit/facts/metrics.hpp>

#include "builders.hpp"

namespace kai::audit {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(MetricNames, FindsWhatAnExpressionSelects) {
  EXPECT_THAT(metric_names("DCGM_FI_DEV_GPU_UTIL < 5"), ElementsAre("DCGM_FI_DEV_GPU_UTIL"));
  EXPECT_THAT(metric_names("rate(a_total[5m]) / on(gpu) group_left(node) b{gpu=\"c\"}"),
              ElementsAre("a_total", "b"));
  EXPECT_THAT(metric_names("job:gpu:rate5m"), ElementsAre("job:gpu:rate5m"));
}

TEST(MetricNames, LeavesOutLabelsFunctionsAndKeywords) {
  EXPECT_THAT(metric_names("sum by (nvidia_gpu, node) (x) > bool 1"), ElementsAre("x"));
  EXPECT_THAT(metric_names("sum(x) without (gpu)"), ElementsAre("x"));
  EXPECT_THAT(metric_names("x and y unless z offset 5m"), ElementsAre("x", "y", "z"));
  EXPECT_THAT(metric_names("avg_over_time (x[1h:5m])"), ElementsAre("x"));
  EXPECT_THAT(metric_names("vector(1e3) + Inf - 0x1f"), IsEmpty());
}

TEST(MetricNames, StepsOverTextsAndComments) {
  EXPECT_THAT(metric_names("label_replace(x, \"a_gpu\", '$1 \\' b_gpu', `c_gpu`, \"(.*)\")"),
              ElementsAre("x"));
  EXPECT_THAT(metric_names("x # nvidia_gpu_duty_cycle\n+ y"), ElementsAre("x", "y"));
  EXPECT_THAT(metric_names("x{a=\"}\", b='{'} + y"), ElementsAre("x", "y"));
}

TEST(MetricNames, NamesEachOnce) {
  EXPECT_THAT(metric_names("x / (x + y)"), ElementsAre("x", "y"));
}

TEST(MetricNames, EndsOnWhatIsBroken) {
  for (const char* text : {"x{", "x[", "\"x", "sum by (", "x{a=\"", "`", "'\\"}) {
    EXPECT_LE(metric_names(text).size(), 1U) << text;
  }
}

TEST(MetricRules, KeepsWhatMayBeAGpusMetric) {
  const Facts facts = test::facts_of(R"(
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: {name: rules, namespace: monitoring}
spec:
  groups:
  - name: a
    rules:
    - {record: 'team:gpu:busy', expr: avg(DCGM_FI_DEV_GPU_UTIL) by (node)}
    - {alert: Down, expr: "up == 0"}
    - {alert: Typed, expr: 3}
)");
  ASSERT_EQ(facts.metric_rules.size(), 1U);
  const MetricRules& rules = facts.metric_rules[0];
  EXPECT_THAT(rules.recorded, ElementsAre("team:gpu:busy"));
  ASSERT_EQ(rules.uses.size(), 1U);
  EXPECT_EQ(rules.uses[0].metric, "DCGM_FI_DEV_GPU_UTIL");
  EXPECT_EQ(rules.uses[0].rule, "team:gpu:busy");
  EXPECT_EQ(rules.uses[0].path.to_string(), "spec.groups[0].rules[0].expr");
}

}  // namespace
}  // namespace kai::audit
