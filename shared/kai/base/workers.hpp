// Work that several threads share.
#pragma once

#include <cstddef>
#include <functional>

namespace kai {

// How many threads the machine runs at a time, as far as this process may use them, from 1
// to `most`.
std::size_t cores(std::size_t most);

// Calls work(i) once for each i below `items`, from up to `threads` threads, the caller's
// among them, and returns when all is done. Whoever is free takes the next: `work` must not
// depend on the order, nor throw. Threads that the system refuses are done without.
void share_work(std::size_t items, std::size_t threads,
                const std::function<void(std::size_t item)>& work);

}  // namespace kai
