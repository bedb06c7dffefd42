#include <kai/model/resource.hpp>

namespace kai::model {
namespace {

std::optional<std::string_view> entry(const Json& object, std::string_view field,
                                      std::string_view key) {
  const Json* const found = find_path(object, {"metadata", field, key});
  if (found == nullptr || !found->is_string()) return std::nullopt;
  return found->get_ref<const std::string&>();
}

}  // namespace

std::string ObjectRef::to_string() const {
  std::string text = kind.empty() ? std::string("object") : kind;
  if (ns.empty() && name.empty()) return text;
  text += ' ';
  if (!ns.empty()) text += ns + '/';
  return text + name;
}

ObjectRef Resource::ref() const {
  return {std::string(api_version()), std::string(kind()), std::string(ns()), std::string(name())};
}

std::string_view Resource::api_version() const {
  return string_at(m_object, {"apiVersion"});
}
std::string_view Resource::kind() const {
  return string_at(m_object, {"kind"});
}
std::string_view Resource::name() const {
  return string_at(m_object, {"metadata", "name"});
}
std::string_view Resource::ns() const {
  return string_at(m_object, {"metadata", "namespace"});
}
std::string_view Resource::uid() const {
  return string_at(m_object, {"metadata", "uid"});
}
std::string_view Resource::resource_version() const {
  return string_at(m_object, {"metadata", "resourceVersion"});
}

std::optional<std::string_view> Resource::label(std::string_view key) const {
  return entry(m_object, "labels", key);
}

std::optional<std::string_view> Resource::annotation(std::string_view key) const {
  return entry(m_object, "annotations", key);
}

std::map<std::string, std::string, std::less<>> Resource::labels() const {
  std::map<std::string, std::string, std::less<>> labels;
  const Json* const found = find_path(m_object, {"metadata", "labels"});
  if (found == nullptr || !found->is_object()) return labels;
  for (const auto& [key, value] : found->get_ref<const Json::object_t&>()) {
    if (value.is_string()) labels.emplace(key, value.get_ref<const std::string&>());
  }
  return labels;
}

std::string_view Resource::group_of(std::string_view api_version) {
  const auto slash = api_version.find('/');
  return slash == std::string_view::npos ? std::string_view() : api_version.substr(0, slash);
}

std::string_view Resource::version_of(std::string_view api_version) {
  const auto slash = api_version.find('/');
  return slash == std::string_view::npos ? api_version : api_version.substr(slash + 1);
}

}  // namespace kai::model
