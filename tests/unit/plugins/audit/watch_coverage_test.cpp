#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "watch_coverage.hpp"

namespace kai::audit_command {
namespace {

using audit::Following;
using audit::Kind;
using output::Coverage;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using State = Following::State;
using Time = WatchCoverage::Time;

constexpr Time k_begin{};

std::vector<Following> kinds(State pods, State nodes, const std::string& reason = "refused") {
  return {{Kind::pod, pods, reason, k_begin},
          {Kind::node, nodes, reason, k_begin},
          {Kind::prometheus, State::not_served, "", k_begin}};
}

std::vector<std::string> texts(const std::vector<CoverageLine>& lines) {
  std::vector<std::string> list;
  for (const CoverageLine& line : lines) {
    list.push_back((line.coverage == Coverage::less ? "- " : "+ ") + line.text);
  }
  return list;
}

TEST(WatchCoverage, SaysNothingWhileAllIsWell) {
  WatchCoverage coverage(kinds(State::watched, State::listed));
  EXPECT_THAT(coverage.update(kinds(State::watched, State::watched), k_begin), IsEmpty());
  EXPECT_FALSE(coverage.blind());
}

TEST(WatchCoverage, AServerThatIsAwayIsSaidOnce) {
  WatchCoverage coverage(kinds(State::watched, State::watched));
  EXPECT_THAT(coverage.update(kinds(State::lost, State::watched), k_begin), IsEmpty());
  EXPECT_THAT(texts(coverage.update(kinds(State::lost, State::lost), k_begin)),
              ElementsAre("- the API server does not answer: refused; what has changed is told "
                          "when it does"));
  EXPECT_TRUE(coverage.blind());
  EXPECT_THAT(coverage.update(kinds(State::lost, State::lost), k_begin + std::chrono::hours(1)),
              IsEmpty());
  EXPECT_THAT(texts(coverage.update(kinds(State::watched, State::lost), k_begin)),
              ElementsAre("+ the API server answers again"));
  EXPECT_FALSE(coverage.blind());
  EXPECT_THAT(coverage.update(kinds(State::watched, State::watched), k_begin), IsEmpty());
}

TEST(WatchCoverage, AKindAloneIsSaidAfterAWhile) {
  WatchCoverage coverage(kinds(State::watched, State::watched));
  const auto soon = k_begin + WatchCoverage::k_grace - std::chrono::seconds(1);
  const auto late = k_begin + WatchCoverage::k_grace;
  EXPECT_THAT(coverage.update(kinds(State::watched, State::lost), soon), IsEmpty());
  EXPECT_THAT(texts(coverage.update(kinds(State::watched, State::lost), late)),
              ElementsAre(HasSubstr("- Node cannot be watched for now")));
  EXPECT_THAT(coverage.update(kinds(State::watched, State::lost), late), IsEmpty());
  EXPECT_THAT(texts(coverage.update(kinds(State::watched, State::watched), late)),
              ElementsAre("+ Node can be read again"));
}

TEST(WatchCoverage, WhatTheReportHasSaidIsNotSaidAgain) {
  WatchCoverage coverage(kinds(State::watched, State::unread));
  EXPECT_THAT(coverage.update(kinds(State::watched, State::unread), k_begin), IsEmpty());
  EXPECT_THAT(texts(coverage.update(kinds(State::watched, State::watched), k_begin)),
              ElementsAre("+ Node can be read again"));
  EXPECT_THAT(texts(coverage.update(kinds(State::unread, State::watched, "forbidden"), k_begin)),
              ElementsAre(HasSubstr("- Pod can no longer be read")));
}

TEST(WatchCoverage, WhatMayNotBeWatchedIsSaidOnceAndTogether) {
  WatchCoverage coverage(kinds(State::watched, State::watched));
  EXPECT_THAT(texts(coverage.update(kinds(State::listed, State::listed, "forbidden"), k_begin)),
              ElementsAre("- Pod, Node can be listed but not watched, and is read again every "
                          "minute: forbidden"));
  EXPECT_THAT(coverage.update(kinds(State::listed, State::listed, "forbidden"), k_begin),
              IsEmpty());
}

}  // namespace
}  // namespace kai::audit_command
