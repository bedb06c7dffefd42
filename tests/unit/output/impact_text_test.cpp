#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <kai/output/impact_text.hpp>

namespace kai::output {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr ImpactKind k_evicted{"evicted", Style::bad, "pod", "will be evicted"};
constexpr ImpactKind k_refused{"refused", Style::warning, "workload", "could not start again"};

Impact impact(const ImpactKind& kind, const std::string& name, std::string detail = {}) {
  return {&kind, {"v1", "Pod", "team", name}, std::move(detail)};
}

TEST(ImpactText, ToldKindByKind) {
  const std::vector<Impact> impacts{impact(k_refused, "b", "no request of cpu"),
                                    impact(k_evicted, "a"), impact(k_refused, "c")};
  EXPECT_EQ(impacts_text(impacts, Palette(), 80),
            "  2 workloads could not start again\n"
            "    Pod team/b: no request of cpu\n"
            "    Pod team/c\n"
            "  1 pod will be evicted\n"
            "    Pod team/a\n");
  EXPECT_EQ(impacts_text({}, Palette(), 80), "");
}

TEST(ImpactText, LongLinesAreWrappedAndMadeSafe) {
  const std::vector<Impact> impacts{impact(k_refused, "b", "a detail \x1b[2Jof many words")};
  EXPECT_EQ(impacts_text(impacts, Palette(), 30),
            "  1 workload could not start again\n"
            "    Pod team/b: a detail \uFFFDof\n"
            "      many words\n");
}

TEST(ImpactText, OfManyTheFirstFewAreNamed) {
  std::vector<Impact> impacts;
  for (int i = 0; i < 12; ++i) impacts.push_back(impact(k_evicted, "p" + std::to_string(i)));
  const std::string text = impacts_text(impacts, Palette(), 80);
  EXPECT_THAT(text, HasSubstr("  12 pods will be evicted\n"));
  EXPECT_THAT(text, HasSubstr("team/p9\n"));
  EXPECT_THAT(text, Not(HasSubstr("team/p10\n")));
  EXPECT_THAT(text, HasSubstr("… and 2 more: -o json has all\n"));
  EXPECT_EQ(impacts_json(impacts).size(), 12U);
}

TEST(ImpactText, Document) {
  EXPECT_EQ(impacts_json({impact(k_refused, "b", "why"), impact(k_evicted, "a")}),
            model::Json::parse(R"([
      {"kind": "refused", "detail": "why",
       "object": {"apiVersion": "v1", "kind": "Pod", "namespace": "team", "name": "b"}},
      {"kind": "evicted",
       "object": {"apiVersion": "v1", "kind": "Pod", "namespace": "team", "name": "a"}}])"));
}

}  // namespace
}  // namespace kai::output
