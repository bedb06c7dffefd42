#include <kai/apply/parallel.hpp>

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

namespace kai::apply {

void parallel(std::size_t count, const std::function<void(std::size_t)>& task, std::size_t width) {
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (std::size_t i = next++; i < count; i = next++) task(i);
  };
  std::vector<std::jthread> helpers;
  const std::size_t threads = std::min(count, std::max<std::size_t>(width, 1));
  for (std::size_t i = 1; i < threads; ++i) helpers.emplace_back(work);
  work();
}

}  // namespace kai::apply
