#include <kai/kube/plugin_policy.hpp>
#include <kai/kube/process.hpp>
#include <kai/model/json.hpp>
#include <kai/model/yaml.hpp>

#include <algorithm>
#include <fstream>
#include <optional>
#include <sstream>
#include <string_view>
#include <utility>
#include <vector>

namespace kai::kube {

namespace {

using model::Json;
using model::string_at;

constexpr std::string_view k_policy = "credentialPluginPolicy";
constexpr std::string_view k_allowlist = "credentialPluginAllowlist";

struct Policy {
  std::string file;
  Location at;
  std::string type;                                   // "" is AllowAll
  std::optional<std::vector<std::string>> allowlist;  // commands
};

// The file to look into; empty when kuberc is switched off or there is no place for it.
std::string kuberc_path(const Context& context) {
  if (context.env("KUBECTL_KUBERC").value_or("") == "false") return "";
  std::string chosen = context.env("KUBERC").value_or("");
  if (chosen == "off") return "";
  if (!chosen.empty()) return chosen;
  const std::string home = context.env("HOME").value_or("");
  return home.empty() ? "" : home + "/.kube/kuberc";
}

Error broken(const Policy& policy, const std::string& what) {
  return Error(ErrorCode::invalid_input, what)
      .at(policy.at)
      .with_hint("credential plugins do not run until this rule is clear")
      .while_doing("looking which credential plugins may run");
}

// The first document that is a Preference, as kubectl takes it; nullopt without one.
Result<std::optional<Policy>> read_policy(const std::string& path, const std::string& text) {
  std::optional<Policy> found;
  std::optional<Error> unreadable;
  model::YamlOptions options;
  options.file = path;
  const auto read = model::parse_yaml_stream(
      text, options, [&](Result<model::YamlDocument>&& document) -> Result<> {
        if (found) return {};
        if (!document) {
          if (!unreadable) unreadable = std::move(document).error();
          return {};
        }
        const Json& value = document->value;
        if (string_at(value, {"kind"}) != "Preference" ||
            !string_at(value, {"apiVersion"}).starts_with("kubectl.config.k8s.io/")) {
          return {};
        }
        found = Policy{path, document->location, std::string(string_at(value, {k_policy})), {}};
        const Json* list = model::find_path(value, {k_allowlist});
        if (list == nullptr || !list->is_array()) return {};
        found->allowlist.emplace();
        for (const Json& entry : *list) {
          // "name" is what kubectl 1.35 called it.
          found->allowlist->emplace_back(string_at(entry, {"command"}, string_at(entry, {"name"})));
        }
        return {};
      });
  if (!read) return fail(read.error());
  if (!found && unreadable) return fail(*std::move(unreadable));
  return found;
}

}  // namespace

Result<> check_plugin_policy(const std::string& command, const std::string& program,
                             const Context& context) {
  const std::string path = kuberc_path(context);
  if (path.empty()) return {};
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    if (context.env("KUBERC").value_or("").empty()) return {};
    return fail(ErrorCode::not_found, "cannot read " + path + ", which KUBERC names");
  }
  std::ostringstream text;
  text << file.rdbuf();
  KAI_TRY_ASSIGN(const std::optional<Policy> policy, read_policy(path, text.str()));
  if (!policy) return {};

  if (policy->type != "Allowlist" && policy->allowlist) {
    return fail(broken(
        *policy, std::string(k_allowlist) + " needs " + std::string(k_policy) + ": Allowlist"));
  }
  if (policy->type.empty() || policy->type == "AllowAll") return {};
  Error refused(ErrorCode::forbidden, "the credential plugin " + command + " may not run: " + path +
                                          " does not allow it");
  refused.hint = "if you trust it, add it to " + std::string(k_allowlist);
  if (policy->type == "DenyAll") return fail(std::move(refused));
  if (policy->type != "Allowlist") {
    return fail(broken(*policy, std::string(k_policy) + " is \"" + policy->type +
                                    "\"; it may be AllowAll, DenyAll or Allowlist"));
  }
  if (!policy->allowlist || policy->allowlist->empty() ||
      std::find(policy->allowlist->begin(), policy->allowlist->end(), "") !=
          policy->allowlist->end()) {
    return fail(broken(*policy, std::string(k_allowlist) + " must name a command in every entry"));
  }
  const bool allowed = std::any_of(
      policy->allowlist->begin(), policy->allowlist->end(),
      [&](const std::string& entry) { return entry == command || find_program(entry) == program; });
  if (!allowed) return fail(std::move(refused));
  return {};
}

}  // namespace kai::kube
