#include <gtest/gtest.h>
#include <kai/model/duration.hpp>

namespace kai::model {
namespace {

using std::chrono::milliseconds;

TEST(Duration, ReadsWhatGoReads) {
  EXPECT_EQ(parse_duration("90s"), milliseconds(90'000));
  EXPECT_EQ(parse_duration("1m30s"), milliseconds(90'000));
  EXPECT_EQ(parse_duration("2h"), milliseconds(7'200'000));
  EXPECT_EQ(parse_duration("1.5h"), milliseconds(5'400'000));
  EXPECT_EQ(parse_duration(".5s"), milliseconds(500));
  EXPECT_EQ(parse_duration("5.s"), milliseconds(5'000));
  EXPECT_EQ(parse_duration("+250ms"), milliseconds(250));
  EXPECT_EQ(parse_duration("2000us"), milliseconds(2));
  EXPECT_EQ(parse_duration("2000\u00b5s"), milliseconds(2));
  EXPECT_EQ(parse_duration("1h1m1s1ms"), milliseconds(3'661'001));
  EXPECT_EQ(parse_duration("0"), milliseconds(0));
  EXPECT_EQ(parse_duration("0s"), milliseconds(0));
  EXPECT_EQ(parse_duration("1ns"), milliseconds(1));  // not "never"
}

TEST(Duration, ReadsPlainSeconds) {
  EXPECT_EQ(parse_duration("30"), milliseconds(30'000));
  EXPECT_EQ(parse_duration("0.5"), milliseconds(500));
}

TEST(Duration, RefusesTheRest) {
  for (const char* text : {"", "+", "-5m", "-1", "s", "5x", "5 m", " 5m", "5m ", "1m30", "1..5s",
                           ".s", "five", "0x10s", "1e3s", "9999999999h", "5d"}) {
    const auto duration = parse_duration(text);
    ASSERT_FALSE(duration) << text;
    EXPECT_EQ(duration.error().code, ErrorCode::usage);
    EXPECT_NE(duration.error().message.find(text), std::string::npos);
  }
}

TEST(Duration, Formats) {
  EXPECT_EQ(format_duration(milliseconds(0)), "0s");
  EXPECT_EQ(format_duration(milliseconds(250)), "250ms");
  EXPECT_EQ(format_duration(milliseconds(1'500)), "1.5s");
  EXPECT_EQ(format_duration(milliseconds(90'000)), "1m30s");
  EXPECT_EQ(format_duration(milliseconds(300'000)), "5m");
  EXPECT_EQ(format_duration(milliseconds(3'600'000)), "1h");
  EXPECT_EQ(format_duration(milliseconds(3'605'000)), "1h5s");
}

}  // namespace
}  // namespace kai::model
