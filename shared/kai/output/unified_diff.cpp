#include <kai/output/unified_diff.hpp>

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace kai::output {
namespace {

using Lines = std::vector<std::string_view>;

// With their line breaks.
Lines lines_of(std::string_view text) {
  Lines lines;
  while (!text.empty()) {
    const std::size_t size = std::min(text.find('\n'), text.size() - 1) + 1;
    lines.push_back(text.substr(0, size));
    text.remove_prefix(size);
  }
  return lines;
}

enum class Op { keep, remove, add };

// One line of either text.
struct Edit {
  Op op = Op::keep;
  std::size_t before = 0;  // how many lines stand before it, in each text
  std::size_t after = 0;
};

// Myers, "An O(ND) Difference Algorithm" (1986): the shortest way from one to the other.
// Beyond `k_most` changes everything is removed and added.
std::vector<Edit> shortest_edit(const Lines& a, const Lines& b) {
  constexpr std::ptrdiff_t k_most = 4000;
  const auto n = static_cast<std::ptrdiff_t>(a.size());
  const auto m = static_cast<std::ptrdiff_t>(b.size());
  const auto at = [](const Lines& lines, std::ptrdiff_t i) {
    return lines[static_cast<std::size_t>(i)];
  };
  std::vector<std::vector<std::ptrdiff_t>> trace;
  const std::ptrdiff_t most = std::min(n + m, k_most);
  std::vector<std::ptrdiff_t> best(static_cast<std::size_t>(2 * most + 3), 0);
  const auto slot = [&](std::ptrdiff_t k) { return static_cast<std::size_t>(k + most + 1); };
  bool found = false;
  for (std::ptrdiff_t d = 0; d <= most && !found; ++d) {
    trace.push_back(best);
    for (std::ptrdiff_t k = -d; k <= d && !found; k += 2) {
      const bool down = k == -d || (k != d && best[slot(k - 1)] < best[slot(k + 1)]);
      std::ptrdiff_t x = down ? best[slot(k + 1)] : best[slot(k - 1)] + 1;
      while (x < n && x - k < m && at(a, x) == at(b, x - k)) ++x;
      best[slot(k)] = x;
      found = x >= n && x - k >= m;
    }
  }
  std::vector<Edit> edits;
  const auto add = [&](Op op, std::ptrdiff_t x, std::ptrdiff_t y) {
    edits.push_back({op, static_cast<std::size_t>(x), static_cast<std::size_t>(y)});
  };
  if (!found) {
    for (std::ptrdiff_t x = 0; x < n; ++x) add(Op::remove, x, 0);
    for (std::ptrdiff_t y = 0; y < m; ++y) add(Op::add, n, y);
    return edits;
  }
  std::ptrdiff_t x = n;
  std::ptrdiff_t y = m;
  for (auto d = static_cast<std::ptrdiff_t>(trace.size()) - 1; d >= 0; --d) {
    const auto& row = trace[static_cast<std::size_t>(d)];
    const std::ptrdiff_t k = x - y;
    const bool down = k == -d || (k != d && row[slot(k - 1)] < row[slot(k + 1)]);
    const std::ptrdiff_t from_k = down ? k + 1 : k - 1;
    const std::ptrdiff_t from_x = d == 0 ? 0 : row[slot(from_k)];
    const std::ptrdiff_t from_y = d == 0 ? 0 : from_x - from_k;
    while (x > from_x && y > from_y) add(Op::keep, --x, --y);
    if (d == 0) break;
    if (down) {
      add(Op::add, x, --y);
    } else {
      add(Op::remove, --x, y);
    }
  }
  std::reverse(edits.begin(), edits.end());
  return edits;
}

std::string range(std::size_t begin, std::size_t count) {
  // An empty range is named by the line before it.
  std::string text = std::to_string(count == 0 ? begin : begin + 1);
  if (count != 1) text += "," + std::to_string(count);
  return text;
}

}  // namespace

std::string unified_diff(std::string_view before, std::string_view after) {
  constexpr std::size_t k_context = 3;
  Lines a = lines_of(before);
  Lines b = lines_of(after);
  // What is the same at both ends needs no search.
  std::size_t head = 0;
  while (head < std::min(a.size(), b.size()) && a[head] == b[head]) ++head;
  std::size_t tail = 0;
  while (tail < std::min(a.size(), b.size()) - head &&
         a[a.size() - 1 - tail] == b[b.size() - 1 - tail]) {
    ++tail;
  }
  if (head == a.size() && head == b.size()) return {};
  const std::size_t skipped = head - std::min(head, k_context);
  const std::size_t dropped = tail - std::min(tail, k_context);
  const auto part = [&](const Lines& lines) {
    return Lines(lines.begin() + static_cast<std::ptrdiff_t>(skipped),
                 lines.end() - static_cast<std::ptrdiff_t>(dropped));
  };
  a = part(a);
  b = part(b);
  const std::vector<Edit> edits = shortest_edit(a, b);

  std::string text;
  for (std::size_t i = 0; i < edits.size();) {
    if (edits[i].op == Op::keep) {
      ++i;
      continue;
    }
    const std::size_t begin = i - std::min(i, k_context);
    std::size_t end = i;  // of the hunk: behind the last change that is near the one before
    for (std::size_t j = i; j < edits.size() && j < end + 2 * k_context + 1; ++j) {
      if (edits[j].op != Op::keep) end = j + 1;
    }
    end = std::min(end + k_context, edits.size());
    std::string hunk;
    std::size_t removed = 0;
    std::size_t added = 0;
    for (std::size_t j = begin; j < end; ++j) {
      const Edit& edit = edits[j];
      const std::string_view line = edit.op == Op::add ? b[edit.after] : a[edit.before];
      hunk += edit.op == Op::keep ? ' ' : edit.op == Op::add ? '+' : '-';
      hunk += line;
      if (!line.ends_with('\n')) hunk += "\n\\ No newline at end of file\n";
      if (edit.op != Op::add) ++removed;
      if (edit.op != Op::remove) ++added;
    }
    text += "@@ -" + range(edits[begin].before + skipped, removed) + " +" +
            range(edits[begin].after + skipped, added) + " @@\n" + hunk;
    i = end;
  }
  return text;
}

std::string file_diff(const std::string& path, std::string_view before, std::string_view after) {
  const std::string hunks = unified_diff(before, after);
  if (hunks.empty()) return {};
  return "--- a/" + path + "\n+++ b/" + path + "\n" + hunks;
}

std::string paint_diff(std::string_view diff, const Palette& palette, int indent, Ranges ranges) {
  std::string text;
  bool first = true;
  for (std::string_view line : lines_of(diff)) {
    if (line.ends_with('\n')) line.remove_suffix(1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    const bool is_range = line.starts_with("@@ ");
    if (is_range && ranges == Ranges::leave_out) {
      if (!first) text += std::string(static_cast<std::size_t>(indent), ' ') + "  …\n";
      continue;
    }
    first = false;
    Style style = Style::plain;
    if (line.starts_with('+')) style = Style::good;
    if (line.starts_with('-')) style = Style::bad;
    if (is_range) style = Style::accent;
    text += std::string(static_cast<std::size_t>(indent), ' ') +
            palette.paint(style, safe_text(line)) + "\n";
  }
  return text;
}

}  // namespace kai::output
