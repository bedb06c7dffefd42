// Kubeconfigs, read and resolved. No error tells a secret of the file, and what is resolved
// can be used: a server that is a URL, header values without line breaks.
#include "property.hpp"

#include <kai/base/context.hpp>
#include <kai/kube/kubeconfig.hpp>
#include <kai/kube/kubeconfig_file.hpp>
#include <kai/model/yaml.hpp>

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <sstream>
#include <vector>

namespace {

using namespace kai;
using fuzz::hold;
using model::Json;

// Texts shorter than this stand in a message by chance.
constexpr std::size_t k_shortest_secret = 8;

// The user part of a URL, "name:password".
std::string_view user_of(std::string_view url) {
  const std::size_t at = url.rfind('@');
  if (at == std::string_view::npos) return {};
  const std::size_t scheme = url.find("://");
  return url.substr(scheme < at ? scheme + 3 : 0, at - (scheme < at ? scheme + 3 : 0));
}

bool is_secret_key(std::string_view key) {
  return key == "token" || key == "password" || key == "client-key-data" || key == "value";
}

// Sorts all texts below `value` by whether they are meant to stay secret.
void sort_texts(const Json& value, bool secret, std::vector<std::string>& secrets,
                std::vector<std::string>& others) {
  if (value.is_string()) {
    (secret ? secrets : others).push_back(value.get<std::string>());
  } else if (value.is_structured()) {
    for (const auto& [key, inner] : value.items()) {
      if (value.is_object()) others.push_back(key);
      if ((key == "server" || key == "proxy-url") && inner.is_string()) {
        secrets.emplace_back(user_of(inner.get_ref<const std::string&>()));
      } else {
        sort_texts(inner, secret || (value.is_object() && is_secret_key(key)), secrets, others);
      }
    }
  }
}

// Why the input cannot be used.
using Complain = std::function<std::optional<Error>(std::string_view text)>;

std::string told_by(const Error& error) {
  return error.to_string() + " " + error.hint;
}

// Whether the error of an input tells `secret`, which stands in it. A secret may be made of
// the words of the message, so it is told only if another one in its place is told, too.
bool tells(const Complain& complain, std::string_view text, const std::string& secret) {
  std::string other;
  while (other.size() < secret.size()) other += "Zq";
  std::string changed(text);
  for (auto at = changed.find(secret); at != std::string::npos; at = changed.find(secret, at)) {
    changed.replace(at, secret.size(), other);
    at += other.size();
  }
  const auto error = complain(changed);
  return error && told_by(*error).find(other) != std::string::npos;
}

void hold_tells_no_secret(const Complain& complain, std::string_view text) {
  const auto error = complain(text);
  const auto document = model::parse_yaml(text);
  if (!error || !document) return;
  std::vector<std::string> secrets;
  std::vector<std::string> others;
  sort_texts(document->value, false, secrets, others);
  const std::string told = told_by(*error);
  for (const std::string& secret : secrets) {
    if (secret.size() < k_shortest_secret || told.find(secret) == std::string::npos) continue;
    const bool elsewhere = std::any_of(others.begin(), others.end(), [&](const auto& other) {
      return other.find(secret) != std::string::npos;
    });
    hold(elsewhere || !tells(complain, text, secret), "an error tells no secret", told);
  }
}

bool is_header_value(const std::string& value) {
  return value.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos;
}

void hold_usable(const kube::ClusterAccess& access) {
  const std::size_t scheme = access.server.starts_with("https://")  ? 8
                             : access.server.starts_with("http://") ? 7
                                                                    : 0;
  hold(scheme > 0 && access.server.size() > scheme &&
           std::string_view("/?#:").find(access.server[scheme]) == std::string_view::npos,
       "a server is a URL with a host", access.server);
  hold(!access.server.ends_with('/'), "a server ends without a slash", access.server);
  hold(scheme == 8 || (access.token.empty() && access.password.empty() && access.key_pem.empty()),
       "nothing secret goes over plain http", access.server);
  hold(is_header_value(access.token), "a token is one line");
  hold(is_header_value(access.impersonate_user), "a user to impersonate is one line");
  for (const std::string& group : access.impersonate_groups) {
    hold(is_header_value(group), "a group to impersonate is one line", group);
  }
  hold(!access.exec || access.token.empty(), "a plugin is for those without a token");
}

// The input as a file that is nowhere on a disk.
std::string file_of(std::string_view text) {
  static const int k_file = memfd_create("kubeconfig", 0);
  hold(k_file >= 0 && ftruncate(k_file, 0) == 0 &&
           pwrite(k_file, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()),
       "the file can be written");
  return "/proc/self/fd/" + std::to_string(k_file);
}

Result<kube::ClusterAccess> resolve(std::string_view text) {
  std::istringstream in;
  std::ostringstream out;
  Context context{in, out, out};
  context.env = [](std::string_view) { return std::nullopt; };
  kube::ConnectionFlags flags;
  flags.kubeconfig = file_of(text);
  return kube::resolve_access(flags, context, "/nowhere");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  // Only files that the input names could be read, and those of the machine are none of ours.
  if (text.find("/dev") != std::string_view::npos || text.find("/proc") != std::string_view::npos) {
    return 0;
  }
  const Complain reading = [](std::string_view file) -> std::optional<Error> {
    auto read = kube::parse_kubeconfig(file, "/nowhere/config");
    return read ? std::nullopt : std::optional(std::move(read).error());
  };
  const Complain resolving = [](std::string_view file) -> std::optional<Error> {
    auto resolved = resolve(file);
    return resolved ? std::nullopt : std::optional(std::move(resolved).error());
  };
  auto config = kube::parse_kubeconfig(text, "/nowhere/config");
  if (!config) {
    hold(config.error().code == ErrorCode::invalid_input, "bad input is invalid_input");
    hold(config.error().location && config.error().location->file == "/nowhere/config",
         "an error names the file", config.error().to_string());
    hold_tells_no_secret(reading, text);
  } else {
    const kube::KubeConfig copy = *config;
    kube::merge_kubeconfig(*config, kube::KubeConfig(copy));
    hold(config->users.size() == copy.users.size() &&
             config->contexts.size() == copy.contexts.size(),
         "a file merged with itself has the same names");
  }
  const auto access = resolve(text);
  if (access) {
    hold(config.has_value(), "what can be resolved can be read");
    hold_usable(*access);
  } else {
    hold_tells_no_secret(resolving, text);
  }
  return 0;
}
