#include <gtest/gtest.h>
#include <kai/base/result.hpp>

namespace kai {
namespace {

Result<int> half(int number) {
  if (number % 2 != 0) return fail(ErrorCode::invalid_input, "odd number");
  return number / 2;
}

Result<int> quarter(int number) {
  KAI_TRY_ASSIGN(const int first, half(number));
  return half(first);
}

TEST(Error, ReadsAsOneLine) {
  const Error error = Error(ErrorCode::invalid_input, "duplicate key \"a\"")
                          .at({"profile.yaml", 3, 7})
                          .while_doing("reading the profile");
  EXPECT_EQ(error.to_string(), "profile.yaml:3:7: duplicate key \"a\" (while reading the profile)");
}

TEST(Error, CodesMapToExitCodes) {
  EXPECT_EQ(exit_code(Error(ErrorCode::usage, "")), 2);
  EXPECT_EQ(exit_code(Error(ErrorCode::forbidden, "")), 3);
  EXPECT_EQ(exit_code(Error(ErrorCode::timed_out, "")), 124);
  EXPECT_EQ(exit_code(Error(ErrorCode::cancelled, "")), 130);
}

TEST(Location, LeavesOutWhatIsUnknown) {
  EXPECT_EQ((Location{"a.yaml", 0, 0}.to_string()), "a.yaml");
  EXPECT_EQ((Location{"a.yaml", 2, 0}.to_string()), "a.yaml:2");
  EXPECT_EQ((Location{"", 2, 5}.to_string()), "line 2:5");
}

TEST(Result, TryLeavesWithTheError) {
  EXPECT_EQ(quarter(12).value(), 3);
  EXPECT_EQ(quarter(6).error().message, "odd number");
}

}  // namespace
}  // namespace kai
