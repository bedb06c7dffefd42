#include <kai/cli/suggest.hpp>
#include <kai/model/names.hpp>

namespace kai::cli {

std::optional<std::string> suggest(std::string_view wrong, const std::vector<std::string>& known) {
  const std::string* found = nullptr;
  int matches = 0;
  for (const std::string& word : known) {
    if (std::string_view(word).substr(0, wrong.size()) != wrong) continue;
    found = &word;
    ++matches;
  }
  if (matches == 1 && !wrong.empty()) return *found;
  return model::nearest_name(wrong, known);
}

}  // namespace kai::cli
