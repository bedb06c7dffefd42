#include <kai/kube/exec_plugin.hpp>
#include <kai/kube/plugin_policy.hpp>
#include <kai/kube/process.hpp>
#include <kai/model/json.hpp>

#include <algorithm>

namespace kai::kube {

namespace {

using model::Json;
using model::string_at;

// The ExecCredential that tells the plugin what it is asked for.
Result<std::string> exec_info(const ClusterAccess& access, bool interactive) {
  Json spec{{"interactive", interactive}};
  if (access.exec->provide_cluster_info) {
    Json cluster{{"server", access.server}};
    if (!access.tls_server_name.empty()) cluster["tls-server-name"] = access.tls_server_name;
    if (access.insecure_skip_tls_verify) cluster["insecure-skip-tls-verify"] = true;
    if (!access.ca_pem.empty()) {
      cluster["certificate-authority-data"] = encode_base64(access.ca_pem);
    }
    if (!access.proxy_url.empty()) cluster["proxy-url"] = access.proxy_url;
    if (access.disable_compression) cluster["disable-compression"] = true;
    if (!access.exec->cluster_config.empty()) {
      KAI_TRY_ASSIGN(cluster["config"], model::parse_json(access.exec->cluster_config));
    }
    spec["cluster"] = std::move(cluster);
  }
  const Json info{{"apiVersion", access.exec->api_version},
                  {"kind", "ExecCredential"},
                  {"spec", std::move(spec)}};
  return info.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// The end of what a failed program said, where the reason usually stands.
std::string last_lines(std::string_view text) {
  constexpr std::size_t k_max = 2000;
  const auto end = text.find_last_not_of(" \t\r\n");
  if (end == std::string_view::npos) return {};
  text = text.substr(0, end + 1);
  if (text.size() <= k_max) return std::string(text);
  return "… " + std::string(text.substr(text.size() - k_max));
}

class PluginErrors {
 public:
  explicit PluginErrors(const ClusterAccess& access)
      : m_access(access),
        m_plugin("the credential plugin " + access.exec->command + " of user \"" + access.user +
                 "\"") {}

  [[nodiscard]] const std::string& plugin() const { return m_plugin; }

  [[nodiscard]] Error refused(const std::string& what) const {
    return {ErrorCode::unauthorized, m_plugin + " " + what};
  }

  [[nodiscard]] Error not_run(Error error) const {
    if (error.code == ErrorCode::not_found) {
      error.message = m_plugin + " cannot be run: " + error.message;
      error.hint = m_access.exec->install_hint.empty() ? "install it, or check PATH"
                                                       : m_access.exec->install_hint;
    }
    return std::move(error).while_doing("getting credentials for user \"" + m_access.user + "\"");
  }

 private:
  const ClusterAccess& m_access;
  std::string m_plugin;
};

Result<ExecCredential> read_credential(const ClusterAccess& access, const std::string& text,
                                       const PluginErrors& errors) {
  const auto parsed = model::parse_json(text);
  // The text may hold a token, so it is not repeated in the message.
  if (!parsed) return fail(errors.refused("did not print JSON: " + parsed.error().message));
  const Json& answer = *parsed;
  if (string_at(answer, {"kind"}) != "ExecCredential" ||
      string_at(answer, {"apiVersion"}) != access.exec->api_version) {
    return fail(errors.refused("answered with " + std::string(string_at(answer, {"apiVersion"})) +
                               " " + std::string(string_at(answer, {"kind"})) + " instead of " +
                               access.exec->api_version + " ExecCredential"));
  }
  ExecCredential credential;
  credential.token = string_at(answer, {"status", "token"});
  credential.certificate_pem = string_at(answer, {"status", "clientCertificateData"});
  credential.key_pem = string_at(answer, {"status", "clientKeyData"});
  if (credential.certificate_pem.empty() != credential.key_pem.empty()) {
    return fail(errors.refused("gave a certificate without its key, or a key alone"));
  }
  if (credential.token.empty() && credential.certificate_pem.empty()) {
    return fail(errors.refused("gave neither a token nor a certificate"));
  }
  const bool unprintable = std::any_of(credential.token.begin(), credential.token.end(),
                                       [](unsigned char c) { return c < 0x20 || c == 0x7f; });
  if (unprintable) return fail(errors.refused("gave a token with a line break in it"));
  if (const auto expires = string_at(answer, {"status", "expirationTimestamp"}); !expires.empty()) {
    credential.expires = parse_timestamp(expires);
    if (!credential.expires) {
      return fail(errors.refused("gave the expirationTimestamp \"" + std::string(expires) +
                                 "\", which is no RFC 3339 time"));
    }
  }
  return credential;
}

}  // namespace

Result<ExecCredential> run_exec_plugin(const ClusterAccess& access, const Context& context,
                                       std::chrono::milliseconds time_limit) {
  const ExecConfig& exec = *access.exec;
  const PluginErrors errors(access);
  const bool interactive = exec.interactive_mode != "Never" && context.in_is_terminal;
  if (exec.interactive_mode == "Always" && !interactive) {
    return fail(errors.refused("must ask on a terminal, and standard input is none")
                    .with_hint("run the command on a terminal"));
  }

  // A program that is not there is run_process()'s to report.
  if (const auto program = find_program(exec.command)) {
    KAI_TRY(check_plugin_policy(exec.command, *program, context));
  }
  ProcessOptions options;
  options.command = exec.command;
  options.args = exec.args;
  options.env = exec.env;
  KAI_TRY_ASSIGN(std::string info, exec_info(access, interactive));
  options.env.emplace_back("KUBERNETES_EXEC_INFO", std::move(info));
  options.terminal = interactive ? Terminal::shared : Terminal::none;
  options.time_limit = time_limit;
  options.show = [&](std::string_view line) { context.log.write(0, line); };

  context.log.write(6, "running " + errors.plugin());
  auto result = run_process(options, context.cancel);
  if (!result) return fail(errors.not_run(std::move(result).error()));
  if (result->exit_code != 0) {
    Error error = errors.refused("failed with exit code " + std::to_string(result->exit_code));
    if (const std::string said = last_lines(result->err); !said.empty()) {
      error.message += ": " + said;
    }
    // 127 is a shell's or a wrapper's "not found".
    error.hint = result->exit_code == 127 && !exec.install_hint.empty()
                     ? exec.install_hint
                     : "sign in again with the tool that wrote this kubeconfig";
    return fail(std::move(error));
  }
  if (const std::string said = last_lines(result->err); !said.empty()) {
    context.log.write(1, said);
  }
  return read_credential(access, result->out, errors);
}

}  // namespace kai::kube
