#include <gtest/gtest.h>
#include <kai/base/cancel.hpp>

#include <thread>

namespace kai {
namespace {

TEST(Cancel, WakesASleeper) {
  const Cancel cancel;
  std::thread other([cancel] { cancel.request(2); });
  EXPECT_TRUE(cancel.wait_for(std::chrono::seconds(60)));
  other.join();
  EXPECT_EQ(cancel.signal(), 2);
}

TEST(Cancel, SleepsUntilTheEndWhenNobodyAsks) {
  EXPECT_FALSE(Cancel().wait_for(std::chrono::milliseconds(1)));
}

}  // namespace
}  // namespace kai
