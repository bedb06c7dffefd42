#include <gtest/gtest.h>
#include <kai/apply/parallel.hpp>

#include <atomic>
#include <barrier>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

namespace kai::apply {
namespace {

TEST(Parallel, CallsEachTaskOnce) {
  for (const std::size_t count : {0U, 1U, 2U, 31U, 1000U}) {
    std::vector<std::atomic<int>> calls(count);
    parallel(count, [&](std::size_t i) { ++calls[i]; });
    for (const auto& call : calls) EXPECT_EQ(call, 1);
  }
}

TEST(Parallel, RunsAsManySideBySideAsItIsWide) {
  // Ends only when four tasks are under way at once.
  std::barrier four(4);
  parallel(
      8, [&](std::size_t) { four.arrive_and_wait(); }, 4);
}

TEST(Parallel, StartsNoMoreThreadsThanItIsWide) {
  std::mutex mutex;
  std::set<std::thread::id> threads;
  parallel(
      100,
      [&](std::size_t) {
        const std::scoped_lock lock(mutex);
        threads.insert(std::this_thread::get_id());
      },
      3);
  EXPECT_LE(threads.size(), 3U);
}

TEST(Parallel, OneTaskStaysOnTheCallersThread) {
  std::thread::id ran_on;
  parallel(1, [&](std::size_t) { ran_on = std::this_thread::get_id(); });
  EXPECT_EQ(ran_on, std::this_thread::get_id());
}

TEST(Parallel, AWidthOfZeroStillWorks) {
  int calls = 0;
  parallel(
      3, [&](std::size_t) { ++calls; }, 0);
  EXPECT_EQ(calls, 3);
}

}  // namespace
}  // namespace kai::apply
