// The kubeconfig format: one file, and several files merged.
//
// Plain values; nothing here reads the files that a kubeconfig refers to. Internal
// to kai/kube: commands use resolve_access() of kubeconfig.hpp.
// Format: https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/
#pragma once

#include <kai/base/result.hpp>
#include <kai/kube/kubeconfig.hpp>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kai::kube {

// A value that stands in the kubeconfig itself (base64, decoded here) or in a file.
struct FileOrData {
  std::string file;  // absolute; relative paths are resolved against the kubeconfig
  std::string data;  // wins over the file
};

struct ClusterEntry {
  Location at;
  std::string server;
  std::string tls_server_name;
  bool insecure_skip_tls_verify = false;
  FileOrData certificate_authority;
  std::string proxy_url;
  bool disable_compression = false;
  std::string exec_extension;  // JSON of the client.authentication.k8s.io/exec extension
};

struct UserEntry {
  Location at;
  FileOrData certificate;
  FileOrData key;
  std::string token;
  std::string token_file;
  std::string username;
  std::string password;
  std::string impersonate;
  std::string impersonate_uid;
  std::vector<std::string> impersonate_groups;
  std::map<std::string, std::vector<std::string>> impersonate_extra;
  std::string auth_provider;  // its name; no client has supported it since 1.26
  std::optional<ExecConfig> exec;
};

struct ContextEntry {
  Location at;
  std::string cluster;
  std::string user;
  std::string ns;
};

struct KubeConfig {
  std::vector<std::string> files;  // that were read
  std::string current_context;
  Location current_context_at;
  std::map<std::string, ClusterEntry> clusters;
  std::map<std::string, UserEntry> users;
  std::map<std::string, ContextEntry> contexts;
};

// Parses the text of one file. Unknown keys are tolerated, as kubectl does; wrong
// types, duplicate names and bad base64 are invalid_input with file:line:column.
Result<KubeConfig> parse_kubeconfig(std::string_view text, const std::string& file);

// Adds what `config` does not have yet: an entry is taken whole from the first file
// that has its name.
void merge_kubeconfig(KubeConfig& config, KubeConfig&& later);

}  // namespace kai::kube
