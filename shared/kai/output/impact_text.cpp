#include <kai/output/change_text.hpp>
#include <kai/output/impact_text.hpp>
#include <kai/output/text_block.hpp>

#include <algorithm>

namespace kai::output {
namespace {

constexpr std::size_t k_most_lines = 10;  // of one kind; the document has all

}  // namespace

std::string impacts_text(const std::vector<Impact>& impacts, const Palette& palette, int width) {
  std::vector<const ImpactKind*> kinds;
  for (const Impact& impact : impacts) {
    if (std::find(kinds.begin(), kinds.end(), impact.kind) == kinds.end()) {
      kinds.push_back(impact.kind);
    }
  }
  std::string text;
  for (const ImpactKind* const kind : kinds) {
    std::string lines;
    std::size_t count = 0;
    for (const Impact& impact : impacts) {
      if (impact.kind != kind || ++count > k_most_lines) continue;
      const std::string line =
          impact.object.to_string() + (impact.detail.empty() ? "" : ": " + impact.detail);
      lines += "    " + wrap_hanging(line, 6, width) + "\n";
    }
    text +=
        "  " +
        palette.paint(kind->style, std::to_string(count) + " " + std::string(kind->noun) +
                                       (count == 1 ? "" : "s") + " " + std::string(kind->what)) +
        "\n" + lines;
    if (count > k_most_lines) {
      text += "    … and " + std::to_string(count - k_most_lines) + " more: -o json has all\n";
    }
  }
  return text;
}

model::Json impacts_json(const std::vector<Impact>& impacts) {
  model::Json list = model::Json::array();
  for (const Impact& impact : impacts) {
    model::Json json{{"kind", impact.kind->id}, {"object", ref_json(impact.object)}};
    if (!impact.detail.empty()) json.emplace("detail", impact.detail);
    list.push_back(std::move(json));
  }
  return list;
}

}  // namespace kai::output
