// parallel(): independent blocking calls side by side. The transport bounds what is in
// flight; this bounds the threads.
#pragma once

#include <cstddef>
#include <functional>

namespace kai::apply {

inline constexpr std::size_t k_width = 32;  // what the transport lets run at once

// Calls task(0) … task(count - 1), each once, on up to `width` threads, and returns when
// all have ended. Tasks must not throw. One task runs on the caller's own thread.
void parallel(std::size_t count, const std::function<void(std::size_t)>& task,
              std::size_t width = k_width);

}  // namespace kai::apply
