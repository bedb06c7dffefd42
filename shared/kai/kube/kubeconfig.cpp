#include <kai/kube/encoding.hpp>
#include <kai/kube/kubeconfig.hpp>
#include <kai/kube/kubeconfig_file.hpp>
#include <kai/model/names.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace kai::kube {

namespace {

std::string trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1));
}

std::string in_quotes(std::string_view text) {
  return "\"" + std::string(text) + "\"";
}

std::string joined(const std::vector<std::string>& words, std::string_view separator = ", ") {
  std::string text;
  for (const std::string& word : words) {
    if (!text.empty()) text += separator;
    text += word;
  }
  return text;
}

// `what` names the file's purpose: "the client certificate of user \"admin\"".
Result<std::string> read_file(const std::string& path, const std::string& what) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    return fail(ErrorCode::io, "cannot read " + what + ": " + path + " is a directory");
  }
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    const int reason = errno;
    return fail(reason == ENOENT ? ErrorCode::not_found : ErrorCode::io,
                "cannot read " + what + ": " + path + ": " + std::strerror(reason));
  }
  auto text = read_to_end(file);
  if (!text) {
    return fail(text.error().code,
                "cannot read " + what + ": " + path + ": " + text.error().message);
  }
  return text;
}

template <class Entry>
std::vector<std::string> names_of(const std::map<std::string, Entry>& entries) {
  std::vector<std::string> names;
  for (const auto& [name, entry] : entries) names.push_back(name);
  return names;
}

// "context \"prd\" does not exist", with the nearest name or the list of all.
template <class Entry>
Error unknown_name(std::string_view what, const std::string& name,
                   const std::map<std::string, Entry>& entries, const KubeConfig& config) {
  Error error(ErrorCode::not_found,
              "there is no " + std::string(what) + " " + in_quotes(name) + " in " +
                  (config.files.empty() ? std::string("any kubeconfig") : joined(config.files)));
  const std::vector<std::string> known = names_of(entries);
  if (const auto nearest = model::nearest_name(name, known)) {
    error.hint = "did you mean " + in_quotes(*nearest) + "?";
    if (known.size() > 1) error.hint += " There are: " + joined(known);
  } else if (known.empty()) {
    error.hint = "the kubeconfig has no " + std::string(what) + "s at all";
  } else {
    error.hint = "there are: " + joined(known);
  }
  return error;
}

struct Loaded {
  KubeConfig config;
  std::string searched;  // for messages: which files were looked for
};

Result<Loaded> load_kubeconfig(const ConnectionFlags& flags, const Context& context) {
  std::vector<std::string> paths;
  Loaded loaded;
  const bool explicit_file = !flags.kubeconfig.empty();
  if (explicit_file) {
    paths.push_back(flags.kubeconfig);
  } else if (const auto list = context.env("KUBECONFIG"); list && !list->empty()) {
    std::istringstream parts(*list);
    for (std::string path; std::getline(parts, path, ':');) {
      if (!path.empty() && std::find(paths.begin(), paths.end(), path) == paths.end()) {
        paths.push_back(path);
      }
    }
    loaded.searched = "KUBECONFIG=" + *list;
  } else if (const auto home = context.env("HOME"); home && !home->empty()) {
    paths.push_back(*home + "/.kube/config");
    loaded.searched = paths.back();
  }

  for (const std::string& path : paths) {
    auto text = read_file(path, "the kubeconfig");
    if (!text) {
      if (text.error().code == ErrorCode::not_found && !explicit_file) {
        context.log.write(4, "kubeconfig " + path + " does not exist");
        continue;
      }
      return fail(std::move(text).error());
    }
    auto config = parse_kubeconfig(*text, path);
    if (!config) return fail(std::move(config).error().while_doing("reading the kubeconfig"));
    merge_kubeconfig(loaded.config, std::move(*config));
  }
  return loaded;
}

Result<std::string> load_pem(const FileOrData& source, std::string_view marker,
                             const std::string& what) {
  std::string pem = source.data;
  if (pem.empty() && !source.file.empty()) {
    KAI_TRY_ASSIGN(pem, read_file(source.file, what));
  }
  if (!pem.empty() && pem.find(marker) == std::string::npos) {
    return fail(ErrorCode::invalid_input,
                what + " is not PEM: there is no line with " + in_quotes(marker) +
                    (source.data.empty() ? " in " + source.file : " in the kubeconfig's data"));
  }
  return pem;
}

Result<> check_url(const std::string& url, std::string_view what,
                   std::initializer_list<std::string_view> schemes) {
  const auto colon = url.find("://");
  const std::string scheme = colon == std::string::npos ? "" : url.substr(0, colon);
  const bool known = std::find(schemes.begin(), schemes.end(), scheme) != schemes.end();
  const bool clean = std::none_of(url.begin(), url.end(), [](char c) {
    return static_cast<unsigned char>(c) <= ' ' || c == '\x7f';
  });
  // A name and a password may stand before the host; no message tells them.
  const std::size_t at = url.rfind('@');
  const std::string shown = at == std::string::npos ? url : url.substr(at + 1);
  if (known && clean) {
    std::string_view host = std::string_view(url).substr(colon + 3);
    host = host.substr(0, host.find_first_of("/?#"));
    if (const auto sign = host.rfind('@'); sign != std::string_view::npos) {
      host.remove_prefix(sign + 1);
    }
    if (!host.empty() && !host.starts_with(':')) return {};
  }
  std::string list;
  for (const std::string_view each : schemes) {
    list += (list.empty() ? "" : " or ") + std::string(each) + "://";
  }
  return fail(ErrorCode::invalid_input, std::string(what) + " " + in_quotes(shown) +
                                            " is not a URL that starts with " + list);
}

// As client-go: a bare host:port is https when there is anything that needs TLS.
Result<std::string> server_url(std::string server, bool has_tls_settings, const std::string& what) {
  if (server.find("://") == std::string::npos) {
    server = (has_tls_settings ? "https://" : "http://") + server;
  }
  KAI_TRY(check_url(server, what, {"https", "http"}));
  server.resize(std::min(server.size(), server.find_first_of("?#")));
  while (server.back() == '/') server.pop_back();
  return server;
}

Result<> check_header_value(const std::string& value, const std::string& what) {
  // Go's net/http refuses the same: a line break here would smuggle in a header.
  const bool clean = std::none_of(value.begin(), value.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < ' ' && c != '\t') || c == '\x7f';
  });
  if (clean) return {};
  return fail(ErrorCode::invalid_input, what + " contains a line break or a control character");
}

// Builds one ClusterAccess out of flags and a merged kubeconfig.
class Resolver {
 public:
  Resolver(const ConnectionFlags& flags, const KubeConfig& config)
      : m_flags(flags), m_config(config) {}

  Result<ClusterAccess> resolve() {
    KAI_TRY(choose_entries());
    KAI_TRY(cluster());
    if (m_access.server.empty()) return std::move(m_access);
    KAI_TRY(impersonation());
    // kubectl does the same: nothing that proves who we are leaves without TLS.
    if (m_access.server.starts_with("https://")) {
      KAI_TRY(certificate());
      KAI_TRY(secrets());
    }
    return std::move(m_access);
  }

 private:
  Result<> choose_entries() {
    std::string name = m_flags.context;
    if (name.empty()) name = m_config.current_context;
    const auto context = m_config.contexts.find(name);
    if (context != m_config.contexts.end()) {
      m_access.context = name;
      m_context = context->second;
    } else if (!name.empty()) {
      Error error = unknown_name("context", name, m_config.contexts, m_config);
      if (m_flags.context.empty()) error.location = m_config.current_context_at;
      return fail(std::move(error));
    }
    if (!m_flags.cluster.empty()) m_context.cluster = m_flags.cluster;
    if (!m_flags.user.empty()) m_context.user = m_flags.user;
    if (!m_flags.ns.empty()) m_context.ns = m_flags.ns;
    if (!m_context.ns.empty()) m_access.ns = m_context.ns;

    const auto cluster = m_config.clusters.find(m_context.cluster);
    if (cluster != m_config.clusters.end()) {
      m_cluster = cluster->second;
    } else if (!m_flags.cluster.empty() || (!m_context.cluster.empty() && m_flags.server.empty())) {
      return fail(located(unknown_name("cluster", m_context.cluster, m_config.clusters, m_config),
                          m_flags.cluster));
    }
    m_access.cluster = m_context.cluster;

    const auto user = m_config.users.find(m_context.user);
    const bool other_credential = !m_flags.token.empty() || !m_flags.client_certificate.empty();
    if (user != m_config.users.end()) {
      m_user = user->second;
    } else if (!m_flags.user.empty() || (!m_context.user.empty() && !other_credential)) {
      return fail(
          located(unknown_name("user", m_context.user, m_config.users, m_config), m_flags.user));
    }
    m_access.user = m_context.user;
    return {};
  }

  // An unknown name that came from the context is located there.
  Error located(Error error, const std::string& flag) const {
    if (flag.empty() && m_context.at.line > 0) error.location = m_context.at;
    return error;
  }

  Result<> cluster() {
    const std::string what =
        m_access.cluster.empty() ? "--server" : "cluster " + in_quotes(m_access.cluster);
    if (!m_flags.server.empty()) {
      m_cluster.server = m_flags.server;
      // The name belongs to the address: another address, another name.
      m_cluster.tls_server_name.clear();
    }
    if (!m_flags.tls_server_name.empty()) m_cluster.tls_server_name = m_flags.tls_server_name;
    if (m_flags.insecure_skip_tls_verify || !m_flags.certificate_authority.empty()) {
      m_cluster.insecure_skip_tls_verify = m_flags.insecure_skip_tls_verify;
      m_cluster.certificate_authority = {m_flags.certificate_authority, {}};
    }
    m_access.disable_compression = m_flags.disable_compression || m_cluster.disable_compression;
    if (m_cluster.server.empty()) {
      if (m_access.cluster.empty()) return {};  // no cluster at all: the caller says so
      return fail(Error(ErrorCode::invalid_input, what + " has no server").at(m_cluster.at));
    }
    const FileOrData& ca = m_cluster.certificate_authority;
    const bool has_ca = !ca.file.empty() || !ca.data.empty();
    if (m_cluster.insecure_skip_tls_verify && has_ca) {
      return fail(located_in_cluster(
          Error(ErrorCode::invalid_input,
                what + " has both a certificate-authority and insecure-skip-tls-verify")
              .with_hint("remove one of the two")));
    }
    KAI_TRY_ASSIGN(m_access.server,
                   server_url(m_cluster.server, has_ca || m_cluster.insecure_skip_tls_verify,
                              "the server of " + what));
    KAI_TRY_ASSIGN(m_access.ca_pem,
                   load_pem(ca, "-----BEGIN", "the certificate authority of " + what));
    m_access.insecure_skip_tls_verify = m_cluster.insecure_skip_tls_verify;
    m_access.tls_server_name = m_cluster.tls_server_name;
    if (!m_cluster.proxy_url.empty()) {
      auto checked =
          check_url(m_cluster.proxy_url, "the proxy-url of " + what, {"http", "https", "socks5"});
      if (!checked) return fail(located_in_cluster(std::move(checked).error()));
      m_access.proxy_url = m_cluster.proxy_url;
    }
    return {};
  }

  Error located_in_cluster(Error error) const {
    if (m_cluster.at.line > 0) error.location = m_cluster.at;
    return error;
  }

  Error user_error(std::string message, std::string hint = {}) const {
    Error error(ErrorCode::invalid_input, std::move(message));
    if (m_user.at.line > 0) error.location = m_user.at;
    error.hint = std::move(hint);
    return error;
  }

  [[nodiscard]] std::string who() const {
    return m_access.user.empty() ? "the command line" : "user " + in_quotes(m_access.user);
  }

  Result<> impersonation() {
    m_access.impersonate_user = m_flags.as.empty() ? m_user.impersonate : m_flags.as;
    m_access.impersonate_uid = m_flags.as_uid.empty() ? m_user.impersonate_uid : m_flags.as_uid;
    m_access.impersonate_groups =
        m_flags.as_group.empty() ? m_user.impersonate_groups : m_flags.as_group;
    m_access.impersonate_extra = m_user.impersonate_extra;
    if (m_access.impersonate_user.empty() &&
        (!m_access.impersonate_uid.empty() || !m_access.impersonate_groups.empty() ||
         !m_access.impersonate_extra.empty())) {
      return fail(
          user_error("a uid, group or extra to impersonate was given by " + who() + ", but no user",
                     "name the user too, with --as"));
    }
    KAI_TRY(check_header_value(m_access.impersonate_user, "the user to impersonate"));
    KAI_TRY(check_header_value(m_access.impersonate_uid, "the uid to impersonate"));
    for (const std::string& group : m_access.impersonate_groups) {
      KAI_TRY(check_header_value(group, "a group to impersonate"));
    }
    for (const auto& [key, values] : m_access.impersonate_extra) {
      for (const std::string& value : values) {
        KAI_TRY(check_header_value(value, "the extra " + in_quotes(key) + " to impersonate"));
      }
    }
    return {};
  }

  Result<> certificate() {
    FileOrData certificate = m_user.certificate;
    FileOrData key = m_user.key;
    if (!m_flags.client_certificate.empty()) certificate = {m_flags.client_certificate, {}};
    if (!m_flags.client_key.empty()) key = {m_flags.client_key, {}};
    const bool has_certificate = !certificate.file.empty() || !certificate.data.empty();
    const bool has_key = !key.file.empty() || !key.data.empty();
    if (has_certificate && !has_key) {
      return fail(user_error(who() + " gives a client certificate without a key",
                             "add client-key-data or client-key, or --client-key"));
    }
    if (!has_certificate) return {};  // kubectl ignores a key alone
    KAI_TRY_ASSIGN(m_access.certificate_pem,
                   load_pem(certificate, "-----BEGIN", "the client certificate of " + who()));
    KAI_TRY_ASSIGN(m_access.key_pem, load_pem(key, "-----BEGIN", "the client key of " + who()));
    return {};
  }

  Result<> secrets() {
    if (!m_flags.token.empty()) {
      m_access.token = trimmed(m_flags.token);
      m_access.token_from_flag = true;
      return check_header_value(m_access.token, "--token");
    }
    m_access.token = trimmed(m_user.token);
    KAI_TRY(check_header_value(m_access.token, "the token of " + who()));
    m_access.token_file = m_user.token_file;
    if (m_access.token.empty() && !m_access.token_file.empty()) {
      KAI_TRY(read_file(m_access.token_file, "the token of " + who()));
    }
    const bool has_token = !m_access.token.empty() || !m_access.token_file.empty();
    m_access.username = m_user.username;
    m_access.password = m_user.password;
    const bool has_password = !m_access.username.empty() || !m_access.password.empty();
    if (has_token && has_password) {
      return fail(user_error(who() + " has both a token and a password", "remove one of the two"));
    }
    if (!m_user.auth_provider.empty()) {
      return fail(user_error(
          who() + " signs in through the auth-provider " + in_quotes(m_user.auth_provider) +
              ", which Kubernetes removed in 1.26",
          "set the user up with an exec credential plugin, for example gke-gcloud-auth-plugin "
          "or kubelogin"));
    }
    if (!m_user.exec) return {};
    KAI_TRY(check_exec(*m_user.exec));
    if (!has_token && !has_password && m_access.certificate_pem.empty()) {
      m_access.exec = std::move(m_user.exec);
      m_access.exec->cluster_config = m_cluster.exec_extension;
    }
    return {};
  }

  Result<> check_exec(ExecConfig& exec) const {
    constexpr std::string_view k_v1 = "client.authentication.k8s.io/v1";
    constexpr std::string_view k_v1beta1 = "client.authentication.k8s.io/v1beta1";
    const std::string plugin = "the exec credential plugin of " + who();
    if (exec.command.empty()) return fail(user_error(plugin + " has no command"));
    if (exec.api_version != k_v1 && exec.api_version != k_v1beta1) {
      return fail(user_error(
          plugin + (exec.api_version.empty()
                        ? " has no apiVersion"
                        : " has the apiVersion " + in_quotes(exec.api_version) +
                              ", which is not supported"),
          "use client.authentication.k8s.io/v1; most plugins are set up again by the command "
          "that wrote the kubeconfig"));
    }
    if (exec.interactive_mode.empty() && exec.api_version == k_v1beta1) {
      exec.interactive_mode = "IfAvailable";
    }
    if (exec.interactive_mode != "Never" && exec.interactive_mode != "IfAvailable" &&
        exec.interactive_mode != "Always") {
      return fail(user_error(
          plugin + (exec.interactive_mode.empty()
                        ? " has no interactiveMode"
                        : " has the unknown interactiveMode " + in_quotes(exec.interactive_mode)),
          "set interactiveMode to Never, IfAvailable or Always"));
    }
    for (const auto& [name, value] : exec.env) {
      if (name.empty() || name.find('=') != std::string::npos) {
        return fail(
            user_error(plugin + " sets an environment variable with the name " + in_quotes(name)));
      }
    }
    return {};
  }

  const ConnectionFlags& m_flags;
  const KubeConfig& m_config;
  ContextEntry m_context;
  ClusterEntry m_cluster;
  UserEntry m_user;
  ClusterAccess m_access;
};

// The pod's own service account; nullopt outside of a pod.
Result<std::optional<ClusterAccess>> in_cluster(const ConnectionFlags& flags,
                                                const Context& context,
                                                const std::string& directory) {
  const std::string host = context.env("KUBERNETES_SERVICE_HOST").value_or("");
  const std::string port = context.env("KUBERNETES_SERVICE_PORT").value_or("");
  const std::string token_file = directory + "/token";
  std::error_code error;
  if (host.empty() || port.empty() || !std::filesystem::is_regular_file(token_file, error)) {
    return std::nullopt;
  }
  // What flags do to a cluster and a user of a kubeconfig they do to this pair too.
  KubeConfig config;
  ClusterEntry cluster;
  cluster.server =
      "https://" + (host.find(':') == std::string::npos ? host : "[" + host + "]") + ":" + port;
  if (std::filesystem::exists(directory + "/ca.crt", error)) {
    cluster.certificate_authority.file = directory + "/ca.crt";
  }
  UserEntry user;
  user.token_file = token_file;
  ContextEntry pod{{}, "in-cluster", "service account", {}};
  pod.ns = context.env("POD_NAMESPACE").value_or("");
  if (pod.ns.empty()) {
    if (auto text = read_file(directory + "/namespace", "the pod's namespace")) {
      pod.ns = trimmed(*text);
    }
  }
  config.current_context = "in-cluster";
  config.clusters.emplace(pod.cluster, std::move(cluster));
  config.users.emplace(pod.user, std::move(user));
  config.contexts.emplace(config.current_context, std::move(pod));
  KAI_TRY_ASSIGN(ClusterAccess access, Resolver(flags, config).resolve());
  context.log.write(4, "using the pod's service account");
  return access;
}

Error no_cluster(const KubeConfig& config, const std::string& searched) {
  constexpr std::string_view k_server_hint = "or name a server with --server";
  if (config.files.empty()) {
    Error error(ErrorCode::not_found, "no cluster is configured");
    error.message += searched.empty() ? ": neither KUBECONFIG nor HOME is set"
                                      : ": " + searched + " does not exist";
    error.hint =
        "point KUBECONFIG or --kubeconfig at a kubeconfig file, " + std::string(k_server_hint);
    return error;
  }
  Error error(ErrorCode::not_found, "no context is chosen in " + joined(config.files));
  if (config.contexts.empty()) {
    error.message = "there are no contexts in " + joined(config.files);
    error.hint = "use a kubeconfig with a context, " + std::string(k_server_hint);
  } else {
    error.hint = "choose one with --context or `kubectl config use-context`; there are: " +
                 joined(names_of(config.contexts));
  }
  return error;
}

}  // namespace

Result<ClusterAccess> resolve_access(const ConnectionFlags& flags, const Context& context,
                                     std::string_view service_account_dir) {
  KAI_TRY_ASSIGN(Loaded loaded, load_kubeconfig(flags, context));
  KAI_TRY_ASSIGN(ClusterAccess access, Resolver(flags, loaded.config).resolve());
  if (access.server.empty()) {
    std::optional<ClusterAccess> pod;
    if (flags.context.empty() && flags.kubeconfig.empty()) {
      KAI_TRY_ASSIGN(pod, in_cluster(flags, context, std::string(service_account_dir)));
    }
    if (!pod) {
      if (!access.context.empty()) {
        return fail(ErrorCode::invalid_input,
                    "context " + in_quotes(access.context) + " names no cluster");
      }
      return fail(no_cluster(loaded.config, loaded.searched));
    }
    access = *std::move(pod);
  }
  access.request_timeout = flags.request_timeout;
  access.cache_dir = flags.cache_dir;
  if (access.cache_dir.empty()) access.cache_dir = context.env("KUBECACHEDIR").value_or("");
  if (access.cache_dir.empty()) {
    if (const auto home = context.env("HOME"); home && !home->empty()) {
      access.cache_dir = *home + "/.kube/cache";
    }
  }
  return access;
}

Result<KubeconfigNames> kubeconfig_names(const ConnectionFlags& flags, const Context& context) {
  KAI_TRY_ASSIGN(const Loaded loaded, load_kubeconfig(flags, context));
  return KubeconfigNames{names_of(loaded.config.contexts), names_of(loaded.config.clusters),
                         names_of(loaded.config.users)};
}

}  // namespace kai::kube
