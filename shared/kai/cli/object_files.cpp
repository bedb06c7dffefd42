#include <kai/cli/object_files.hpp>
#include <kai/cli/text_file.hpp>
#include <kai/model/yaml.hpp>

#include <algorithm>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

namespace kai::cli {
namespace {

namespace fs = std::filesystem;
using model::Json;

enum class Strangers { refuse, pass_over };  // what is no Kubernetes object

Error file_error(const std::string& path, const std::error_code& code) {
  const bool missing = code == std::errc::no_such_file_or_directory;
  return {missing ? ErrorCode::not_found : ErrorCode::io, path + ": " + code.message()};
}

bool is_manifest(const fs::path& path) {
  const std::string extension = path.extension().string();
  return extension == ".yaml" || extension == ".yml" || extension == ".json";
}

Result<std::vector<std::string>> files_below(const std::string& directory) {
  std::error_code code;
  std::vector<std::string> found;
  fs::recursive_directory_iterator entries(directory, code);
  for (const auto end = fs::recursive_directory_iterator(); !code && entries != end;) {
    const fs::path& entry = entries->path();
    std::error_code ignored;
    if (entry.filename().string().starts_with('.')) {
      if (entries->is_directory(ignored)) entries.disable_recursion_pending();
    } else if (entries->is_regular_file(ignored) && is_manifest(entry)) {
      found.push_back(entry.lexically_normal().string());
    }
    entries.increment(code);
  }
  if (code) return fail(file_error(directory, code));
  std::sort(found.begin(), found.end());
  return found;
}

bool is_object(const Json& json) {
  return !model::string_at(json, {"apiVersion"}).empty() &&
         !model::string_at(json, {"kind"}).empty();
}

// A List says of its items what they leave out; a v1 List says nothing.
void complete_item(Json& item, std::string_view api_version, std::string_view item_kind) {
  if (!item.is_object() || item_kind.empty()) return;
  if (!item.contains("apiVersion")) item["apiVersion"] = std::string(api_version);
  if (!item.contains("kind")) item["kind"] = std::string(item_kind);
}

Result<> hand_over(Json&& json, const Location& where, Strangers strangers,
                   const ObjectSink& sink) {
  if (json.is_null()) return {};
  if (!is_object(json)) {
    if (strangers == Strangers::pass_over) return {};
    return fail(
        Error(ErrorCode::invalid_input, "no Kubernetes object: apiVersion or kind is missing")
            .at(where));
  }
  const std::string api_version(model::string_at(json, {"apiVersion"}));
  std::string kind(model::string_at(json, {"kind"}));
  const auto items = json.find("items");
  if (!kind.ends_with("List") || items == json.end() || !items->is_array()) {
    return sink(model::Resource(std::move(json)), where);
  }
  kind.resize(kind.size() - std::string_view("List").size());
  for (Json& item : *items) {
    complete_item(item, api_version, kind);
    KAI_TRY(hand_over(std::move(item), where, Strangers::refuse, sink));
  }
  return {};
}

Result<> read_file(const std::string& path, std::istream& in, Strangers strangers,
                   const ObjectSink& sink) {
  KAI_TRY_ASSIGN(const std::string text, read_text(path, in));
  model::YamlOptions options;
  options.file = path == "-" ? "<stdin>" : path;
  return model::parse_yaml_stream(
      text, options, [&](Result<model::YamlDocument>&& document) -> Result<> {
        if (!document) return fail(std::move(document).error());
        Location where = document->location;
        where.file = options.file;
        return hand_over(std::move(document->value), where, strangers, sink);
      });
}

}  // namespace

Result<> read_objects(const std::vector<std::string>& paths, std::istream& in,
                      const ObjectSink& sink) {
  for (const std::string& path : paths) {
    std::error_code code;
    if (path == "-" || !fs::is_directory(path, code)) {
      KAI_TRY(read_file(path, in, Strangers::refuse, sink));
      continue;
    }
    KAI_TRY_ASSIGN(const std::vector<std::string> files, files_below(path));
    for (const std::string& file : files) {
      KAI_TRY(read_file(file, in, Strangers::pass_over, sink));
    }
  }
  return {};
}

}  // namespace kai::cli
