#include <gtest/gtest.h>
#include <kai/model/cron.hpp>

namespace kai::model {
namespace {

constexpr std::int64_t k_hour = 3600;
constexpr std::int64_t k_day = 24 * k_hour;

TEST(LongestInterval, OfFields) {
  EXPECT_EQ(longest_interval("0 1 * * *"), k_day);
  EXPECT_EQ(longest_interval("*/15 * * * *"), 15 * 60);
  EXPECT_EQ(longest_interval("* * * * ?"), 60);
  EXPECT_EQ(longest_interval("0 */6 * * *"), 6 * k_hour);
  EXPECT_EQ(longest_interval("30 2 * * 0"), 7 * k_day);
  EXPECT_EQ(longest_interval("0 9,17 * * *"), 16 * k_hour);
  EXPECT_EQ(longest_interval("0 1 1 * *"), 31 * k_day);
}

TEST(LongestInterval, HasTheWeekendInIt) {
  EXPECT_EQ(longest_interval("0 3 * * 1-5"), 3 * k_day);
  EXPECT_EQ(longest_interval("0 3 * * MON-fri"), 3 * k_day);
  EXPECT_EQ(longest_interval("0 0,12 * * mon,thu"), 3 * k_day + 12 * k_hour);
}

TEST(LongestInterval, OneOfTheDayFieldsIsEnoughWhenBothAreGiven) {
  EXPECT_EQ(longest_interval("0 0 1 * 0"), 7 * k_day);
  EXPECT_EQ(longest_interval("0 0 */2 * 0"), 2 * k_day);  // a step is no star: 31st, 1st, 3rd
  EXPECT_EQ(longest_interval("0 0 29 2 *"), 4 * 366 * k_day - 3 * k_day);
}

TEST(LongestInterval, OfDescriptors) {
  EXPECT_EQ(longest_interval("@hourly"), k_hour);
  EXPECT_EQ(longest_interval("@daily"), k_day);
  EXPECT_EQ(longest_interval("@midnight"), k_day);
  EXPECT_EQ(longest_interval("@weekly"), 7 * k_day);
  EXPECT_EQ(longest_interval("@monthly"), 31 * k_day);
  EXPECT_EQ(longest_interval("@yearly"), 366 * k_day);
  EXPECT_EQ(longest_interval("@every 24h"), k_day);
  EXPECT_EQ(longest_interval("@every 1h30m"), 90 * 60);
  EXPECT_EQ(longest_interval("@every 1.5h"), 90 * 60);
  EXPECT_EQ(longest_interval("@every 10ms"), 1);
}

TEST(LongestInterval, TimeZonesDoNotCount) {
  EXPECT_EQ(longest_interval("CRON_TZ=Asia/Tokyo 0 1 * * *"), k_day);
  EXPECT_EQ(longest_interval("TZ=UTC  @daily"), k_day);
}

TEST(LongestInterval, IsNotKnownOfWhatVeleroRefuses) {
  for (const char* const text :
       {"",           "daily",        "0 1 * *",       "0 1 * * * *",   "60 1 * * *",  "0 24 * * *",
        "0 1 0 * *",  "0 1 * 13 *",   "0 1 * * 7",     "5-1 * * * *",   "*/0 * * * *", "a * * * *",
        "0 1 31 2 *", "@fortnightly", "@every",        "@every soon",   "@every 1",    "@every -1h",
        "@every 1x",  "TZ=UTC",       "1-2-3 * * * *", "0/1/2 * * * *", "-1 * * * *"}) {
    EXPECT_EQ(longest_interval(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace kai::model
