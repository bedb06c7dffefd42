// JSON as the project holds it, and the two ways in which text becomes JSON.
//
// Json is a plain value. All functions are pure and thread-safe. Depth is bounded
// before a document is built, because nlohmann::json recurses when it writes.
#pragma once

#include <kai/base/result.hpp>
#include <nlohmann/json.hpp>

#include <functional>
#include <string>
#include <string_view>

namespace kai::model {

using Json = nlohmann::json;

// The API server's own limit for nesting is 10000 in JSON; nothing real passes 100.
inline constexpr int k_max_depth = 512;

// Parses one JSON document (RFC 8259). Numbers become what they are at the end of their
// way through kubectl: int64 where they are whole and fit (1.0 is 1, 1e3 is 1000), else
// double. Of duplicate keys the last one
// counts, as for every Kubernetes client, so that no server is refused what kubectl
// takes from it; files go through parse_yaml, where they are an error.
// Errors: invalid_input with line and column.
Result<Json> parse_json(std::string_view text);

// JSON text with keys sorted, on one line or, from an indent of 0 on, on several. Unlike
// Json::dump() it never throws (bytes that are no UTF-8 become U+FFFD) and writes floats
// as Go does, so that a server stores the same text for them as kubectl's.
std::string to_json(const Json& value, int indent = -1);

// The parts of a Kubernetes List that stand beside its items.
struct ListHeader {
  std::string api_version;
  std::string kind;  // "PodList"
  std::string resource_version;
  std::string continue_token;
  long remaining_item_count = 0;
};

// What a list's items keep of metadata.managedFields: all of it, or everything but fieldsV1,
// which is half of what a live object weighs.
enum class ManagedFields { managers_only, all };

// Called once per item, in order; returning an error stops the parse with it.
using ItemSink = std::function<Result<>(Json&& item)>;

// Parses a List without ever holding more than one item: each one is handed to
// `sink` and dropped. Items of a typed list ("PodList") get the kind and apiVersion that it
// leaves out of them.
Result<ListHeader> parse_list(std::string_view text, const ItemSink& sink,
                              ManagedFields managed_fields = ManagedFields::managers_only);

// Reads the header alone, so that the next page can be asked for before this one is
// parsed. Stops at "items"; in lists of custom resources these stand before the
// metadata and are stepped over.
Result<ListHeader> peek_list_header(std::string_view text);

// The value at a path of object keys, or nullptr. Never throws.
const Json* find_path(const Json& object, std::initializer_list<std::string_view> path);
// The same for the common types; the default when absent or of another type.
std::string_view string_at(const Json& object, std::initializer_list<std::string_view> path,
                           std::string_view otherwise = {});
bool bool_at(const Json& object, std::initializer_list<std::string_view> path,
             bool otherwise = false);
std::int64_t int_at(const Json& object, std::initializer_list<std::string_view> path,
                    std::int64_t otherwise = 0);

}  // namespace kai::model
