// The YAML reader: any text ends in documents that can be written and read again, or in
// errors that point into it, and says the same however it is read.
#include "values.hpp"

#include <kai/model/yaml_pieces.hpp>

#include <algorithm>
#include <vector>

namespace {

using namespace kai;
using fuzz::hold;

// Small, so that inputs of a few kilobytes meet them.
constexpr model::YamlLimits k_limits{model::k_max_depth, 20'000, std::size_t{1} << 20};

std::vector<Result<model::YamlDocument>> read(std::string_view text, model::Positions positions,
                                              int lines_before = 0) {
  model::YamlOptions options;
  options.file = "input.yaml";
  options.positions = positions;
  options.lines_before = lines_before;
  options.limits = k_limits;
  std::vector<Result<model::YamlDocument>> documents;
  const auto done = model::parse_yaml_stream(
      text, options, [&](Result<model::YamlDocument>&& document) -> Result<> {
        documents.push_back(std::move(document));
        return {};
      });
  hold(done.has_value(), "only the sink ends a stream");
  return documents;
}

std::string told(const Result<model::YamlDocument>& document) {
  return document ? document->location.to_string() + " " + model::to_json(document->value)
                  : document.error().to_string();
}

void hold_same(const std::vector<Result<model::YamlDocument>>& one,
               const std::vector<Result<model::YamlDocument>>& other, const char* what) {
  hold(one.size() == other.size(), what, std::to_string(other.size()) + " documents");
  for (std::size_t i = 0; i < one.size(); ++i) {
    if (told(one[i]) != told(other[i])) hold(false, what, told(one[i]) + "\n" + told(other[i]));
  }
}

std::vector<Result<model::YamlDocument>> read_in_pieces(std::string_view text, std::size_t wanted) {
  std::vector<Result<model::YamlDocument>> documents;
  int lines = 0;
  while (!text.empty()) {
    const std::string_view piece = text.substr(0, model::piece_size(text, wanted));
    hold(!piece.empty(), "a piece is never empty");
    for (auto& document : read(piece, model::Positions::skip, lines)) {
      documents.push_back(std::move(document));
    }
    lines += static_cast<int>(std::count(piece.begin(), piece.end(), '\n'));
    text.remove_prefix(piece.size());
  }
  return documents;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  const auto documents = read(text, model::Positions::skip);
  for (const auto& document : documents) {
    if (document) {
      fuzz::hold_round_trips(document->value);
    } else {
      fuzz::hold_error_points_into(document.error(), text);
    }
  }
  hold_same(documents, read_in_pieces(text, 16), "pieces give what the whole gives");

  const auto located = read(text, model::Positions::record);
  for (const auto& document : located) {
    if (!document) continue;
    for (const auto& [pointer, where] : document->positions) {
      hold(where.line >= 1 && where.column >= 1, "every value has a place", pointer);
    }
  }
  // JSON has a reader of its own, which keeps no positions.
  const std::size_t start = text.find_first_not_of(" \t\r\n\v\f");
  const bool json = start != std::string_view::npos && text[start] == '{';
  if (!json) hold_same(documents, located, "positions change nothing");
  return 0;
}
