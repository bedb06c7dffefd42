#include <kai/kube/encoding.hpp>
#include <kai/kube/kubeconfig_file.hpp>
#include <kai/model/json.hpp>
#include <kai/model/yaml.hpp>

#include <filesystem>
#include <utility>

namespace kai::kube {

namespace {

using model::Json;

constexpr std::string_view k_exec_extension = "client.authentication.k8s.io/exec";

std::string_view type_name(const Json& value) {
  switch (value.type()) {
    case Json::value_t::string: return "a string";
    case Json::value_t::boolean: return "a boolean";
    case Json::value_t::array: return "a list";
    case Json::value_t::object: return "a map";
    case Json::value_t::null: return "empty";
    default: return "a number";
  }
}

// One file while it is read: remembers where everything stands and the first error.
class Source {
 public:
  Source(const std::string& file, model::PositionMap positions)
      : m_file(file),
        m_directory(std::filesystem::absolute(file).parent_path()),
        m_positions(std::move(positions)) {}

  [[nodiscard]] Location at(const std::string& pointer) const {
    const auto found = m_positions.find(pointer);
    Location location = found == m_positions.end() ? Location{} : found->second;
    location.file = m_file;
    return location;
  }

  void report(const std::string& pointer, std::string message) {
    if (!m_error) m_error = Error(ErrorCode::invalid_input, std::move(message)).at(at(pointer));
  }

  [[nodiscard]] std::optional<Error>& error() { return m_error; }

  [[nodiscard]] std::string resolve(const std::string& path) const {
    return path.empty() ? path : (m_directory / path).lexically_normal().string();
  }

 private:
  const std::string& m_file;
  std::filesystem::path m_directory;
  model::PositionMap m_positions;
  std::optional<Error> m_error;
};

// Typed access to one map of the file. An absent or null field has its default.
class Fields {
 public:
  Fields(Source& source, const Json& object, std::string pointer)
      : m_source(source), m_object(object), m_pointer(std::move(pointer)) {
    if (!object.is_object() && !object.is_null()) {
      source.report(m_pointer, "expected a map, found " + std::string(type_name(object)));
    }
  }

  [[nodiscard]] Location at() const { return m_source.at(m_pointer); }
  [[nodiscard]] Location at(const std::string& key) const {
    return m_source.at(m_pointer + "/" + key);
  }
  [[nodiscard]] Source& source() const { return m_source; }

  [[nodiscard]] const Json* find(const std::string& key) const {
    if (!m_object.is_object()) return nullptr;
    const auto found = m_object.find(key);
    return found == m_object.end() || found->is_null() ? nullptr : &*found;
  }

  [[nodiscard]] std::string text(const std::string& key) const {
    const Json* value = find(key);
    if (value == nullptr) return {};
    if (value->is_string()) return value->get<std::string>();
    wrong(key, "a string (quote it)", *value);
    return {};
  }

  [[nodiscard]] bool flag(const std::string& key) const {
    const Json* value = find(key);
    if (value == nullptr) return false;
    if (value->is_boolean()) return value->get<bool>();
    wrong(key, "true or false", *value);
    return false;
  }

  [[nodiscard]] std::string base64(const std::string& key) const {
    const std::string encoded = text(key);
    std::optional<std::string> bytes = decode_base64(encoded);
    if (!bytes) {
      m_source.report(m_pointer + "/" + key, key + " is not valid base64");
      return {};
    }
    return *std::move(bytes);
  }

  [[nodiscard]] std::string path(const std::string& key) const {
    return m_source.resolve(text(key));
  }

  [[nodiscard]] FileOrData file_or_data(const std::string& key) const {
    return {path(key), base64(key + "-data")};
  }

  [[nodiscard]] std::vector<std::string> texts(const std::string& key) const {
    std::vector<std::string> all;
    each(key, [&](const Json& item, const std::string& pointer) {
      if (item.is_string()) {
        all.push_back(item.get<std::string>());
      } else {
        m_source.report(pointer, key + " must be a list of strings; this entry is " +
                                     std::string(type_name(item)));
      }
    });
    return all;
  }

  // The maps of a list.
  template <class Function>
  void maps(const std::string& key, const Function& function) const {
    each(key, [&](const Json& item, const std::string& pointer) {
      function(Fields(m_source, item, pointer));
    });
  }

  [[nodiscard]] Fields map(const std::string& key) const {
    static const Json k_null;
    const Json* value = find(key);
    return {m_source, value == nullptr ? k_null : *value, m_pointer + "/" + key};
  }

  [[nodiscard]] const Json& json() const { return m_object; }

 private:
  template <class Function>
  void each(const std::string& key, const Function& function) const {
    const Json* value = find(key);
    if (value == nullptr) return;
    if (!value->is_array()) {
      wrong(key, "a list", *value);
      return;
    }
    for (std::size_t i = 0; i < value->size(); ++i) {
      function((*value)[i], m_pointer + "/" + key + "/" + std::to_string(i));
    }
  }

  void wrong(const std::string& key, std::string_view expected, const Json& value) const {
    m_source.report(m_pointer + "/" + key, key + " must be " + std::string(expected) + ", found " +
                                               std::string(type_name(value)));
  }

  Source& m_source;
  const Json& m_object;
  std::string m_pointer;
};

ClusterEntry read_cluster(const Fields& fields) {
  ClusterEntry cluster;
  cluster.server = fields.text("server");
  cluster.tls_server_name = fields.text("tls-server-name");
  cluster.insecure_skip_tls_verify = fields.flag("insecure-skip-tls-verify");
  cluster.certificate_authority = fields.file_or_data("certificate-authority");
  cluster.proxy_url = fields.text("proxy-url");
  cluster.disable_compression = fields.flag("disable-compression");
  fields.maps("extensions", [&](const Fields& extension) {
    const Json* value = extension.find("extension");
    if (extension.text("name") == k_exec_extension && value != nullptr) {
      cluster.exec_extension = value->dump(-1, ' ', false, Json::error_handler_t::replace);
    }
  });
  return cluster;
}

ExecConfig read_exec(const Fields& fields) {
  ExecConfig exec;
  exec.api_version = fields.text("apiVersion");
  exec.command = fields.text("command");
  // A bare name is looked for in PATH; anything else is a path.
  if (exec.command.find('/') != std::string::npos) {
    exec.command = fields.source().resolve(exec.command);
  }
  exec.args = fields.texts("args");
  fields.maps("env", [&](const Fields& variable) {
    exec.env.emplace_back(variable.text("name"), variable.text("value"));
  });
  exec.install_hint = fields.text("installHint");
  exec.provide_cluster_info = fields.flag("provideClusterInfo");
  exec.interactive_mode = fields.text("interactiveMode");
  return exec;
}

UserEntry read_user(const Fields& fields) {
  UserEntry user;
  user.certificate = fields.file_or_data("client-certificate");
  user.key = fields.file_or_data("client-key");
  user.token = fields.text("token");
  user.token_file = fields.path("tokenFile");
  user.username = fields.text("username");
  user.password = fields.text("password");
  user.impersonate = fields.text("as");
  user.impersonate_uid = fields.text("as-uid");
  user.impersonate_groups = fields.texts("as-groups");
  const Fields extra = fields.map("as-user-extra");
  if (extra.json().is_object()) {
    for (const auto& item : extra.json().items()) {
      user.impersonate_extra[item.key()] = extra.texts(item.key());
    }
  }
  if (fields.find("auth-provider") != nullptr) {
    user.auth_provider = fields.map("auth-provider").text("name");
    if (user.auth_provider.empty()) user.auth_provider = "unnamed";
  }
  if (fields.find("exec") != nullptr) user.exec = read_exec(fields.map("exec"));
  return user;
}

// Reads a list of {name: …, <key>: {…}} into a map.
template <class Entry, class Read>
void read_named(const Fields& root, const std::string& list, const std::string& key,
                std::map<std::string, Entry>& entries, const Read& read) {
  root.maps(list, [&](const Fields& named) {
    const std::string name = named.text("name");
    Entry entry = read(named.map(key));
    entry.at = named.at();
    const auto [existing, added] = entries.try_emplace(name, std::move(entry));
    if (!added && !named.source().error()) {
      named.source().error() = Error(ErrorCode::invalid_input,
                                     "there are two " + list + " named \"" + name +
                                         "\"; the other is at " + existing->second.at.to_string())
                                   .at(named.at());
    }
  });
}

}  // namespace

Result<KubeConfig> parse_kubeconfig(std::string_view text, const std::string& file) {
  KubeConfig config;
  config.files.push_back(file);
  // kubectl takes an empty file for an empty configuration.
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) return config;

  model::YamlOptions options;
  options.file = file;
  options.positions = model::Positions::record;
  KAI_TRY_ASSIGN(model::YamlDocument document, model::parse_yaml(text, options));

  if (document.value.is_null()) return config;
  Source source(file, std::move(document.positions));
  const Fields root(source, document.value, "");
  if (const std::string kind = root.text("kind"); !kind.empty() && kind != "Config") {
    source.report("/kind", "this is a " + kind + ", not a kubeconfig");
  }
  if (const std::string version = root.text("apiVersion"); !version.empty() && version != "v1") {
    source.report("/apiVersion", "the kubeconfig has apiVersion " + version + "; only v1 is known");
  }
  config.current_context = root.text("current-context");
  config.current_context_at = root.at("current-context");
  read_named(root, "clusters", "cluster", config.clusters, read_cluster);
  read_named(root, "users", "user", config.users, read_user);
  read_named(root, "contexts", "context", config.contexts, [](const Fields& fields) {
    ContextEntry context;
    context.cluster = fields.text("cluster");
    context.user = fields.text("user");
    context.ns = fields.text("namespace");
    return context;
  });
  if (source.error()) return fail(*std::move(source.error()));
  return config;
}

void merge_kubeconfig(KubeConfig& config, KubeConfig&& later) {
  config.files.insert(config.files.end(), later.files.begin(), later.files.end());
  if (config.current_context.empty()) {
    config.current_context = std::move(later.current_context);
    config.current_context_at = std::move(later.current_context_at);
  }
  config.clusters.merge(later.clusters);
  config.users.merge(later.users);
  config.contexts.merge(later.contexts);
}

}  // namespace kai::kube
