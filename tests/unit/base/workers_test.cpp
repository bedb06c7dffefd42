#include <gtest/gtest.h>
#include <kai/base/workers.hpp>

#include <atomic>
#include <vector>

namespace kai {
namespace {

TEST(ShareWork, DoesEveryItemOnceHoweverManyThreads) {
  for (const std::size_t threads : {0U, 1U, 3U, 64U}) {
    for (const std::size_t items : {0U, 1U, 2U, 1000U}) {
      std::vector<std::atomic<int>> done(items);
      share_work(items, threads, [&](std::size_t item) { ++done.at(item); });
      for (const auto& count : done) EXPECT_EQ(count, 1) << threads << " threads";
    }
  }
}

TEST(Cores, AreAtLeastOneAndAtMostWhatIsAskedFor) {
  EXPECT_EQ(cores(1), 1U);
  EXPECT_GE(cores(64), 1U);
  EXPECT_LE(cores(64), 64U);
}

}  // namespace
}  // namespace kai
