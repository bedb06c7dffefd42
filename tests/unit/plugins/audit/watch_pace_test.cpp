#include <gtest/gtest.h>

#include "watch_pace.hpp"

namespace kai::audit_command {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Pace::Time k_begin{};

// How often it looks while something changes every `step` for a time.
int looks(Pace& pace, milliseconds step, seconds time, milliseconds cost) {
  int count = 0;
  for (auto at = milliseconds(0); at < time; at += step) {
    pace.changed(k_begin + at);
    if (!pace.due(k_begin + at)) continue;
    ++count;
    pace.looked(k_begin + at, cost);
  }
  return count;
}

TEST(Pace, NothingIsDueBeforeSomethingChanges) {
  Pace pace;
  pace.looked(k_begin, milliseconds(1));
  EXPECT_FALSE(pace.due(k_begin + seconds(59)));
  EXPECT_FALSE(pace.pending());
}

TEST(Pace, ABurstIsOneLook) {
  Pace pace;
  pace.looked(k_begin, milliseconds(1));
  EXPECT_EQ(looks(pace, milliseconds(1), seconds(1), milliseconds(1)), 0);
  EXPECT_TRUE(pace.pending());
  EXPECT_FALSE(pace.due(k_begin + milliseconds(1500)));
  EXPECT_TRUE(pace.due(k_begin + milliseconds(2000)));
  pace.looked(k_begin + milliseconds(2000), milliseconds(1));
  EXPECT_FALSE(pace.due(k_begin + seconds(3)));
}

TEST(Pace, ChangesWithoutEndAreLookedAtAllTheSame) {
  Pace pace;
  pace.looked(k_begin, milliseconds(1));
  EXPECT_EQ(looks(pace, milliseconds(100), seconds(60), milliseconds(1)), 11);
}

TEST(Pace, LookingTakesATenthOfTheTimeAtMost) {
  Pace pace;
  pace.looked(k_begin, seconds(1));
  pace.changed(k_begin);
  EXPECT_FALSE(pace.due(k_begin + seconds(9)));
  EXPECT_TRUE(pace.due(k_begin + seconds(10)));
}

TEST(Pace, FindingsComeOfAgeByTheMinute) {
  Pace pace;
  pace.looked(k_begin, milliseconds(1));
  EXPECT_TRUE(pace.due(k_begin + seconds(60)));
}

}  // namespace
}  // namespace kai::audit_command
