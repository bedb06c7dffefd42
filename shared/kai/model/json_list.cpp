#include <kai/model/json.hpp>
#include <kai/model/json_parser.hpp>

#include <utility>

namespace kai::model {
namespace {

void read_metadata(const Json& metadata, ListHeader& header) {
  header.resource_version = string_at(metadata, {"resourceVersion"});
  header.continue_token = string_at(metadata, {"continue"});
  header.remaining_item_count = static_cast<long>(int_at(metadata, {"remainingItemCount"}));
}

// Items of a typed list ("PodList") leave out what the list says for all of them.
void complete_item(Json& item, const ListHeader& header) {
  constexpr std::string_view k_suffix = "List";
  const std::string_view kind = header.kind;
  if (!item.is_object() || kind.size() <= k_suffix.size() || !kind.ends_with(k_suffix)) return;
  auto& members = item.get_ref<Json::object_t&>();
  if (members.contains("kind")) return;
  members.emplace("kind", std::string(kind.substr(0, kind.size() - k_suffix.size())));
  members.emplace("apiVersion", header.api_version);
}

enum class Stop { at_the_end, when_header_is_read };

// `on_items` reads the value of "items"; false when it fails.
template <class OnItems>
bool read_list(JsonParser& parser, ListHeader& header, Stop stop, const OnItems& on_items) {
  if (!parser.expect('{', "a List object")) return false;
  if (parser.accept('}')) return true;
  bool metadata_read = false;
  std::string key;
  do {
    key.clear();
    if (!parser.read_string(key) || !parser.expect(':', "':'")) return false;
    if (key == "items") {
      if (stop == Stop::when_header_is_read && metadata_read) return true;
      if (!on_items()) return false;
      continue;
    }
    if (key != "metadata" && key != "kind" && key != "apiVersion") {
      if (!parser.skip_value()) return false;
      continue;
    }
    Json value;
    if (!parser.read_value(value, 1)) return false;
    if (key == "metadata") {
      read_metadata(value, header);
      metadata_read = true;
    } else if (value.is_string()) {
      (key == "kind" ? header.kind : header.api_version) = value.get_ref<const std::string&>();
    }
  } while (parser.accept(','));
  return parser.expect('}', "',' or '}'");
}

}  // namespace

Result<ListHeader> parse_list(std::string_view text, const ItemSink& sink,
                              ManagedFields managed_fields) {
  const auto leave = managed_fields == ManagedFields::all
                         ? JsonParser::Leave::nothing_out
                         : JsonParser::Leave::managed_fields_v1_out;
  JsonParser parser(text);
  ListHeader header;
  Result<> sunk;
  const auto items = [&] {
    // An empty list of a Go server may be null.
    if (!parser.accept('[')) {
      Json none;
      return parser.read_value(none, 1) &&
             (none.is_null() || parser.expect('[', "a list of items"));
    }
    if (parser.accept(']')) return true;
    do {
      Json item;
      if (!parser.read_value(item, 2, leave)) return false;
      complete_item(item, header);
      sunk = sink(std::move(item));
      if (!sunk) return false;
    } while (parser.accept(','));
    return parser.expect(']', "',' or ']'");
  };
  const bool read = read_list(parser, header, Stop::at_the_end, items) && parser.expect_end();
  if (!sunk) return fail(std::move(sunk).error());
  if (!read) return fail(parser.error());
  return header;
}

Result<ListHeader> peek_list_header(std::string_view text) {
  JsonParser parser(text);
  ListHeader header;
  const auto items = [&] { return parser.skip_value(); };
  if (!read_list(parser, header, Stop::when_header_is_read, items)) return fail(parser.error());
  return header;
}

}  // namespace kai::model
