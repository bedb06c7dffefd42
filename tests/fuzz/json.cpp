// The JSON reader beside nlohmann's, and the List reader beside the JSON reader.
#include "values.hpp"

namespace {

using namespace kai;
using fuzz::hold;
using model::Json;

// nlohmann steps over a byte order mark, and takes a NUL for the end; JSON has neither.
bool is_stretched(std::string_view text) {
  return text.starts_with("\xEF\xBB\xBF") || text.find('\0') != std::string_view::npos;
}

// Nothing below 512 levels is asked of nlohmann: it compares recursively.
bool is_deep(std::string_view text) {
  return std::count_if(text.begin(), text.end(), [](char c) { return c == '{' || c == '['; }) >
         model::k_max_depth;
}

void beside_nlohmann(std::string_view text, const Result<Json>& ours) {
  if (is_deep(text) || is_stretched(text)) return;
  const Json theirs = Json::parse(text, nullptr, false);
  if (ours) {
    // Lone surrogates are refused by nlohmann and replaced by Go and us.
    if (text.find("\\u") == std::string_view::npos) {
      hold(!theirs.is_discarded(), "nlohmann reads what we read");
    }
    if (!theirs.is_discarded()) {
      hold(*ours == theirs, "nlohmann reads the same", model::to_json(*ours));
    }
  } else {
    hold(theirs.is_discarded(), "we read what nlohmann reads", ours.error().to_string());
  }
}

void list_beside_json(std::string_view text, const Result<Json>& whole) {
  std::size_t items = 0;
  const auto list = model::parse_list(text, [&](Json&& item) -> Result<> {
    ++items;
    fuzz::hold_round_trips(item);
    return {};
  });
  const auto peeked = model::peek_list_header(text);
  if (!list) {
    fuzz::hold_error_points_into(list.error(), text);
    return;
  }
  hold(peeked.has_value(), "the header of a list that can be read can be read");
  if (!whole) return;  // what is stepped over is not checked
  hold(whole->is_object(), "a list is an object");
  // Of a key that stands there twice the reader of lists takes both.
  const auto first = text.find("\"items\"");
  const bool once = first != std::string_view::npos &&
                    text.find("\"items\"", first + 1) == std::string_view::npos &&
                    text.find('\\') == std::string_view::npos;
  const Json* const found = model::find_path(*whole, {"items"});
  if (once && found != nullptr) {
    hold(items == (found->is_null() ? 0 : found->size()), "every item is handed over");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  const auto value = model::parse_json(text);
  if (value) {
    fuzz::hold_round_trips(*value);
  } else {
    fuzz::hold_error_points_into(value.error(), text);
  }
  beside_nlohmann(text, value);
  list_beside_json(text, value);
  return 0;
}
