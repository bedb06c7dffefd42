#include <kai/model/json_patch.hpp>

#include <algorithm>
#include <string>
#include <string_view>

namespace kai::model {
namespace {

Error clash(const std::string& path) {
  return {ErrorCode::invalid_input, "another patch sets " + path + " to something else"};
}

// What both add at `path`, as one.
Result<> join(Json& there, const Json& value, const std::string& path) {
  if (there == value) return {};
  if (!there.is_object() || !value.is_object()) return fail(clash(path));
  for (const auto& [key, member] : value.items()) {
    const auto found = there.find(key);
    if (found == there.end()) {
      there.emplace(key, member);
    } else {
      KAI_TRY(join(*found, member, path + "/" + key));
    }
  }
  return {};
}

bool is_item(std::string_view step) {
  return step == "-" || (!step.empty() && std::all_of(step.begin(), step.end(),
                                                      [](char c) { return c >= '0' && c <= '9'; }));
}

std::string_view last_step(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

}  // namespace

Result<Json> apply_json_patch(const Json& original, Json document, const Json& patch) {
  try {
    for (const Json& step : patch) {
      const std::string path(string_at(step, {"path"}));
      const Json::json_pointer pointer(path);
      const bool joins = string_at(step, {"op"}) == "add" && !is_item(last_step(path)) &&
                         document.contains(pointer) && !original.contains(pointer);
      if (joins) {
        KAI_TRY(join(document.at(pointer), step.at("value"), path));
      } else {
        document = document.patch(Json::array({step}));
      }
    }
  } catch (const Json::exception& error) {
    // "[json.exception.out_of_range.403] key 'x' not found"
    std::string_view text = error.what();
    if (const std::size_t end = text.find("] "); end != std::string_view::npos) {
      text.remove_prefix(end + 2);
    }
    return fail(ErrorCode::invalid_input, "the patch does not fit: " + std::string(text));
  }
  return document;
}

bool names_items(const Json& patch) {
  return std::any_of(patch.begin(), patch.end(), [](const Json& step) {
    std::string_view rest = string_at(step, {"path"});
    while (!rest.empty()) {
      rest.remove_prefix(1);
      const std::size_t end = std::min(rest.find('/'), rest.size());
      if (is_item(rest.substr(0, end))) return true;
      rest.remove_prefix(end);
    }
    return false;
  });
}

bool removes_items(const Json& patch) {
  return std::any_of(patch.begin(), patch.end(), [](const Json& step) {
    return string_at(step, {"op"}) == "remove" && is_item(last_step(string_at(step, {"path"})));
  });
}

Json merge_patch_between(const Json& before, const Json& after) {
  if (!before.is_object() || !after.is_object()) return after;
  Json patch = Json::object();
  for (const auto& [key, value] : after.items()) {
    const auto was = before.find(key);
    if (was == before.end()) {
      patch.emplace(key, value);
    } else if (*was != value) {
      patch.emplace(key, merge_patch_between(*was, value));
    }
  }
  for (const auto& [key, value] : before.items()) {
    if (!after.contains(key)) patch.emplace(key, nullptr);
  }
  return patch;
}

}  // namespace kai::model
