// Finding out which cluster to talk to, and as whom.
//
// Follows kubectl: --kubeconfig, else $KUBECONFIG (several files, the first to set
// a value wins), else ~/.kube/config, else the pod's service account. Relative
// paths in a file are relative to that file.
#pragma once

#include <kai/base/context.hpp>
#include <kai/base/result.hpp>

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kai::kube {

// What the command line says; every field may be empty. Names are kubectl's flags.
struct ConnectionFlags {
  std::string kubeconfig;
  std::string context;
  std::string cluster;
  std::string user;
  std::string ns;
  std::string server;
  std::string token;
  std::string as;
  std::vector<std::string> as_group;
  std::string as_uid;
  std::string client_certificate;
  std::string client_key;
  std::string certificate_authority;
  std::string tls_server_name;
  bool insecure_skip_tls_verify = false;
  bool disable_compression = false;
  std::chrono::milliseconds request_timeout{0};  // 0: none
  std::string cache_dir;                         // default: ~/.kube/cache
};

// users[].user.exec of a kubeconfig.
struct ExecConfig {
  std::string api_version;  // client.authentication.k8s.io/v1 or /v1beta1
  std::string command;
  std::vector<std::string> args;
  std::vector<std::pair<std::string, std::string>> env;
  std::string install_hint;
  bool provide_cluster_info = false;
  std::string interactive_mode;  // Never, IfAvailable, Always
  std::string cluster_config;    // JSON: the cluster's own settings for this plugin
};

// Everything needed to reach one cluster as one user. Files are already read,
// except token_file, which is read again whenever it changes.
struct ClusterAccess {
  std::string context;  // its name, for messages; empty when there is none
  std::string cluster;
  std::string server;  // https://host:port[/path], without a trailing slash
  std::string ns = "default";
  std::string ca_pem;
  std::string tls_server_name;
  std::string proxy_url;
  bool insecure_skip_tls_verify = false;
  bool disable_compression = false;

  std::string user;
  std::string certificate_pem;
  std::string key_pem;
  std::string token;
  bool token_from_flag = false;  // --token rather than the user's own
  std::string token_file;        // wins over token once it could be read
  std::string username;
  std::string password;
  std::optional<ExecConfig> exec;  // set only when there is no other credential
  std::string impersonate_user;
  std::string impersonate_uid;
  std::vector<std::string> impersonate_groups;
  std::map<std::string, std::vector<std::string>> impersonate_extra;

  std::chrono::milliseconds request_timeout{0};
  std::string cache_dir;  // empty: there is no place for a cache
};

// Where a pod finds its service account.
inline constexpr std::string_view k_service_account_dir =
    "/var/run/secrets/kubernetes.io/serviceaccount";

// Errors: not_found for a missing file, unknown context (with the nearest name),
// cluster or user, or no configuration at all; invalid_input with file:line:column
// or for settings that exclude each other. Reads files only.
//
// Flags win over the file: --token sets aside the file's token, token file, password
// and exec plugin (kubectl rejects some of these combinations), --client-certificate
// the file's certificate. As with kubectl, a client certificate of the file is still
// presented beside --token, and credentials are never sent over plain http.
Result<ClusterAccess> resolve_access(const ConnectionFlags& flags, const Context& context,
                                     std::string_view service_account_dir = k_service_account_dir);

// What the kubeconfig offers for --context, --cluster and --user; for completion.
struct KubeconfigNames {
  std::vector<std::string> contexts;
  std::vector<std::string> clusters;
  std::vector<std::string> users;
};
// Reads the same files as resolve_access(), and no others.
Result<KubeconfigNames> kubeconfig_names(const ConnectionFlags& flags, const Context& context);

}  // namespace kai::kube
