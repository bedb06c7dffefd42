#include <kai/kube/catalog.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace kai::kube {

using model::Json;
using model::string_at;

const std::string_view k_aggregated_discovery =
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,"
    "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,"
    "application/json";

namespace {

constexpr int k_format = 1;  // of the file; others are ignored

template <class Function>
void each(const Json& object, std::string_view key, const Function& function) {
  const Json* list = model::find_path(object, {key});
  if (list == nullptr || !list->is_array()) return;
  for (const Json& item : *list) function(item);
}

std::vector<std::string> texts(const Json& object, std::string_view key) {
  std::vector<std::string> all;
  each(object, key, [&](const Json& item) {
    if (item.is_string()) all.push_back(item.get<std::string>());
  });
  return all;
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

StaleGroupVersion split(std::string_view group_version) {
  const auto slash = group_version.find('/');
  if (slash == std::string_view::npos) return {"", std::string(group_version)};
  return {std::string(group_version.substr(0, slash)),
          std::string(group_version.substr(slash + 1))};
}

Json to_json(const ResourceType& type) {
  return {{"group", type.group},   {"version", type.version},       {"kind", type.kind},
          {"plural", type.plural}, {"singular", type.singular},     {"namespaced", type.namespaced},
          {"verbs", type.verbs},   {"shortNames", type.short_names}};
}

ResourceType to_resource_type(const Json& json) {
  ResourceType type;
  type.group = string_at(json, {"group"});
  type.version = string_at(json, {"version"});
  type.kind = string_at(json, {"kind"});
  type.plural = string_at(json, {"plural"});
  type.singular = string_at(json, {"singular"});
  type.namespaced = model::bool_at(json, {"namespaced"});
  type.verbs = texts(json, "verbs");
  type.short_names = texts(json, "shortNames");
  return type;
}

Error io_error(const std::string& path) {
  return {ErrorCode::io, "cannot write " + path + ": " + std::strerror(errno)};
}

}  // namespace

bool is_aggregated(const Json& document) {
  return string_at(document, {"kind"}) == "APIGroupDiscoveryList";
}

void add_aggregated(const Json& document, Catalog& catalog) {
  each(document, "items", [&](const Json& group) {
    const std::string name(string_at(group, {"metadata", "name"}));
    each(group, "versions", [&](const Json& version) {
      const std::string version_name(string_at(version, {"version"}));
      if (string_at(version, {"freshness"}) == "Stale") {
        catalog.stale.push_back({name, version_name});
        return;
      }
      each(version, "resources", [&](const Json& resource) {
        ResourceType type;
        type.group = name;
        type.version = version_name;
        type.kind = string_at(resource, {"responseKind", "kind"});
        if (type.kind.empty()) return;  // only a parent of subresources
        type.plural = string_at(resource, {"resource"});
        type.singular = string_at(resource, {"singularResource"});
        type.namespaced = string_at(resource, {"scope"}) == "Namespaced";
        type.verbs = texts(resource, "verbs");
        type.short_names = texts(resource, "shortNames");
        catalog.resources.push_back(std::move(type));
      });
    });
  });
}

std::vector<StaleGroupVersion> group_versions(const Json& document) {
  std::vector<StaleGroupVersion> all;
  for (const std::string& version : texts(document, "versions")) all.push_back({"", version});
  each(document, "groups", [&](const Json& group) {
    const std::string_view preferred = string_at(group, {"preferredVersion", "groupVersion"});
    if (!preferred.empty()) all.push_back(split(preferred));
    each(group, "versions", [&](const Json& version) {
      const std::string_view name = string_at(version, {"groupVersion"});
      if (name != preferred) all.push_back(split(name));
    });
  });
  return all;
}

void add_resource_list(const Json& document, const StaleGroupVersion& where, Catalog& catalog) {
  each(document, "resources", [&](const Json& resource) {
    ResourceType type;
    type.group = where.group;
    type.version = where.version;
    type.kind = string_at(resource, {"kind"});
    type.plural = string_at(resource, {"name"});
    if (type.plural.find('/') != std::string::npos) return;  // a subresource
    type.singular = string_at(resource, {"singularName"});
    type.namespaced = model::bool_at(resource, {"namespaced"});
    type.verbs = texts(resource, "verbs");
    type.short_names = texts(resource, "shortNames");
    catalog.resources.push_back(std::move(type));
  });
}

const ResourceType* find_kind(std::span<const ResourceType> resources, std::string_view api_version,
                              std::string_view kind) {
  const StaleGroupVersion wanted = split(api_version);
  const auto found = std::find_if(resources.begin(), resources.end(), [&](const auto& type) {
    return type.kind == kind && type.version == wanted.version && type.group == wanted.group;
  });
  return found == resources.end() ? nullptr : &*found;
}

const ResourceType* find_word(std::span<const ResourceType> resources, std::string_view word) {
  const std::string wanted = lower(word);
  const auto dot = wanted.find('.');
  const std::string name = wanted.substr(0, dot);
  const std::string where = dot == std::string::npos ? "" : wanted.substr(dot + 1);
  const auto fits_group = [&](const ResourceType& type) {
    return where.empty() || where == type.group || where == type.version + "." + type.group;
  };
  using Match = bool (*)(const ResourceType&, const std::string&);
  // A full name always beats an abbreviation, whatever stands first in the catalog.
  constexpr Match k_matches[] = {
      [](const ResourceType& type, const std::string& text) { return type.plural == text; },
      [](const ResourceType& type, const std::string& text) {
        return type.singular == text || lower(type.kind) == text;
      },
      [](const ResourceType& type, const std::string& text) {
        return std::find(type.short_names.begin(), type.short_names.end(), text) !=
               type.short_names.end();
      }};
  for (const Match matches : k_matches) {
    const auto found = std::find_if(resources.begin(), resources.end(), [&](const auto& type) {
      return fits_group(type) && matches(type, name);
    });
    if (found != resources.end()) return &*found;
  }
  return nullptr;
}

std::string catalog_path(const std::string& cache_dir, const std::string& server) {
  std::string name =
      server.substr(server.find("://") == std::string::npos ? 0 : server.find("://") + 3);
  for (char& c : name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '.' || c == '-';
    if (!plain) c = '_';
  }
  // Some proxies have URLs that are longer than a file's name may be.
  if (name.size() > 200)
    name = name.substr(0, 180) + std::to_string(std::hash<std::string>{}(name));
  return cache_dir + "/kubectl-ai/discovery/" + name + ".json";
}

std::optional<Catalog> load_catalog(const std::string& path, const std::string& server,
                                    std::chrono::system_clock::time_point now,
                                    std::chrono::seconds max_age) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) return std::nullopt;
  const auto written = std::chrono::system_clock::from_time_t(info.st_mtim.tv_sec);
  if (now - written >= max_age) return std::nullopt;
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  const auto document = model::parse_json(text.str());
  if (!document || model::int_at(*document, {"format"}) != k_format ||
      string_at(*document, {"server"}) != server) {
    return std::nullopt;
  }
  Catalog catalog;
  each(*document, "resources",
       [&](const Json& resource) { catalog.resources.push_back(to_resource_type(resource)); });
  each(*document, "stale", [&](const Json& stale) {
    catalog.stale.push_back(
        {std::string(string_at(stale, {"group"})), std::string(string_at(stale, {"version"}))});
  });
  if (catalog.resources.empty()) return std::nullopt;
  return catalog;
}

Result<> save_catalog(const std::string& path, const std::string& server, const Catalog& catalog) {
  Json document{{"format", k_format}, {"server", server}};
  document["resources"] = Json::array();
  for (const ResourceType& type : catalog.resources) document["resources"].push_back(to_json(type));
  document["stale"] = Json::array();
  for (const StaleGroupVersion& stale : catalog.stale) {
    document["stale"].push_back({{"group", stale.group}, {"version", stale.version}});
  }
  const std::string text = document.dump(-1, ' ', false, Json::error_handler_t::replace);

  const std::filesystem::path target(path);
  std::filesystem::path made;
  for (const auto& part : target.parent_path()) {
    made /= part;
    if (mkdir(made.c_str(), 0750) != 0 && errno != EEXIST) return fail(io_error(made.string()));
  }
  std::string temporary = path + ".XXXXXX";
  const int fd = mkstemp(temporary.data());  // 0600
  if (fd < 0) return fail(io_error(temporary));
  std::size_t written = 0;
  while (written < text.size()) {
    const ssize_t got = write(fd, text.data() + written, text.size() - written);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    written += static_cast<std::size_t>(got);
  }
  const bool closed = close(fd) == 0;
  if (written < text.size() || !closed || rename(temporary.c_str(), path.c_str()) != 0) {
    Error error = io_error(path);
    unlink(temporary.c_str());
    return fail(std::move(error));
  }
  return {};
}

}  // namespace kai::kube
