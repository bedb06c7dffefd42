#include <kai/base/workers.hpp>

#include <algorithm>
#include <atomic>
#include <system_error>
#include <thread>
#include <vector>

namespace kai {

std::size_t cores(std::size_t most) {
  return std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, most);
}

void share_work(std::size_t items, std::size_t threads,
                const std::function<void(std::size_t item)>& work) {
  std::atomic<std::size_t> next{0};
  const auto take = [&] {
    for (std::size_t item = next++; item < items; item = next++) work(item);
  };
  std::vector<std::thread> helpers;
  try {
    for (std::size_t i = 1; i < std::min(threads, items); ++i) helpers.emplace_back(take);
  } catch (const std::system_error&) {
    // Those that there are will do.
  }
  take();
  for (std::thread& helper : helpers) helper.join();
}

}  // namespace kai
