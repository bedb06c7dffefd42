#include <kai/output/text_block.hpp>

#include <kai/output/style.hpp>

#include <algorithm>

namespace kai::output {

std::vector<std::string> wrap(std::string_view text, int width) {
  const std::string safe = safe_text(text);
  if (width <= 0) return {safe};
  std::vector<std::string> lines;
  std::string line;
  int used = 0;
  std::string_view rest = safe;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(' '), rest.size());
    const std::string_view word = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (word.empty()) continue;
    const int cells = display_width(word);
    if (!line.empty() && used + 1 + cells > width) {
      lines.push_back(std::move(line));
      line.clear();
      used = 0;
    }
    if (!line.empty()) {
      line += ' ';
      ++used;
    }
    line += word;
    used += cells;
  }
  if (!line.empty() || lines.empty()) lines.push_back(std::move(line));
  return lines;
}

std::string wrap_hanging(std::string_view text, int indent, int width) {
  std::string result;
  for (const std::string& line : wrap(text, width > 0 ? std::max(width - indent, 20) : 0)) {
    if (!result.empty()) result += "\n" + std::string(static_cast<std::size_t>(indent), ' ');
    result += line;
  }
  return result;
}

}  // namespace kai::output
