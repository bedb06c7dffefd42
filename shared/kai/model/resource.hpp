// Resource: one Kubernetes object, and ObjectRef: its name to the outside.
//
// Resource owns its JSON. Plain values; not synchronised.
#pragma once

#include <kai/base/error.hpp>
#include <kai/model/json.hpp>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace kai::model {

struct ObjectRef {
  std::string api_version;  // "apps/v1"; "v1" for the core group
  std::string kind;
  std::string ns;  // empty for cluster-scoped objects
  std::string name;

  // "Pod ai-projects/trainer", "Node gpu-a"; the kind alone of what has no name.
  [[nodiscard]] std::string to_string() const;
  auto operator<=>(const ObjectRef&) const = default;
};

class Resource {
 public:
  Resource() = default;
  explicit Resource(Json object) : m_object(std::move(object)) {}

  [[nodiscard]] const Json& json() const { return m_object; }
  [[nodiscard]] Json& json() { return m_object; }

  [[nodiscard]] ObjectRef ref() const;
  [[nodiscard]] std::string_view api_version() const;
  [[nodiscard]] std::string_view kind() const;
  [[nodiscard]] std::string_view name() const;
  [[nodiscard]] std::string_view ns() const;
  [[nodiscard]] std::string_view uid() const;
  [[nodiscard]] std::string_view resource_version() const;
  // The value of one label or annotation; nullopt when it is not set.
  [[nodiscard]] std::optional<std::string_view> label(std::string_view key) const;
  [[nodiscard]] std::optional<std::string_view> annotation(std::string_view key) const;
  [[nodiscard]] std::map<std::string, std::string, std::less<>> labels() const;

  // "" and "v1" → group "", "apps/v1" → "apps".
  static std::string_view group_of(std::string_view api_version);
  static std::string_view version_of(std::string_view api_version);

 private:
  Json m_object = Json::object();
};

}  // namespace kai::model
