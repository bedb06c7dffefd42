#include <kai/model/item_pairs.hpp>

#include <algorithm>

namespace kai::model {
namespace {

void pair_by_position(std::size_t a, std::size_t a_end, std::size_t b, std::size_t b_end,
                      std::vector<PairedItems>& pairs) {
  while (a < a_end || b < b_end) {
    PairedItems pair;
    if (a < a_end) pair.before = a++;
    if (b < b_end) pair.after = b++;
    pairs.push_back(pair);
  }
}

}  // namespace

std::vector<PairedItems> pair_items(const Json& before, const Json& after) {
  constexpr std::size_t k_most = 1'000'000;
  const std::size_t n = before.size();
  const std::size_t m = after.size();
  std::vector<PairedItems> pairs;
  if (n * m > k_most) {
    pair_by_position(0, n, 0, m, pairs);
    return pairs;
  }
  std::vector<std::vector<std::size_t>> longest(n + 1, std::vector<std::size_t>(m + 1));
  for (std::size_t a = n; a-- > 0;) {
    for (std::size_t b = m; b-- > 0;) {
      longest[a][b] = before[a] == after[b] ? longest[a + 1][b + 1] + 1
                                            : std::max(longest[a + 1][b], longest[a][b + 1]);
    }
  }
  std::size_t a = 0;
  std::size_t b = 0;
  std::size_t a_open = 0;  // where what is not paired yet begins
  std::size_t b_open = 0;
  while (a < n && b < m) {
    if (before[a] == after[b]) {
      pair_by_position(a_open, a, b_open, b, pairs);
      pairs.push_back({a, b});
      a_open = ++a;
      b_open = ++b;
    } else if (longest[a + 1][b] >= longest[a][b + 1]) {
      ++a;
    } else {
      ++b;
    }
  }
  pair_by_position(a_open, n, b_open, m, pairs);
  return pairs;
}

}  // namespace kai::model
