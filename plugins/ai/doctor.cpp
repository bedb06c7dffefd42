#include "doctor.hpp"

#include "permissions.hpp"

#include <kai/cli/connect.hpp>
#include <kai/cli/plugins.hpp>
#include <kai/http/curl_transport.hpp>
#include <kai/kube/process.hpp>
#include <kai/model/duration.hpp>
#include <kai/output/document.hpp>
#include <kai/output/text_block.hpp>

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kai::ai {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// How long a server may take that does not answer, unless --request-timeout says more.
constexpr milliseconds k_server_patience{10'000};
constexpr milliseconds k_kubectl_patience{5'000};
// Tokens and certificates begin to fail beyond this; Date has whole seconds.
constexpr seconds k_tolerable_skew{5};

enum class Verdict { good, warning, bad, skipped };

struct Check {
  std::string_view name;
  Verdict verdict = Verdict::good;
  std::string message;
  std::string hint;
};

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

Check failed(std::string_view name, const Error& error) {
  return {name, Verdict::bad, error.to_string(), error.hint};
}

Check check_plugins(const Environment& env) {
  std::vector<std::string> present;
  std::vector<std::string> missing;
  for (const cli::PluginEntry& entry : cli::plugins()) {
    (cli::locate_plugin(entry.name, env) ? present : missing).emplace_back(entry.binary);
  }
  if (missing.empty()) return {"plugins", Verdict::good, joined(present), {}};
  return {"plugins", Verdict::bad, "not installed: " + joined(missing),
          "they belong in " + cli::own_directory() + " or another directory of your PATH"};
}

Check check_kubectl(const Context& context) {
  kube::ProcessOptions options;
  options.command = "kubectl";
  options.args = {"version", "--client", "-o", "json"};
  options.time_limit = k_kubectl_patience;
  const auto result = kube::run_process(options, context.cancel);
  if (!result) {
    return {"kubectl", Verdict::warning, result.error().to_string(),
            "kubectl-ai works without kubectl, but is then not reached as `kubectl ai`"};
  }
  const auto answer = model::parse_json(result->out);
  const std::string_view version =
      answer ? model::string_at(*answer, {"clientVersion", "gitVersion"}) : std::string_view();
  if (version.empty()) {
    return {"kubectl", Verdict::warning, "kubectl does not say its version", {}};
  }
  return {"kubectl", Verdict::good, std::string(version), {}};
}

Check check_curl() {
  const auto curl = http::describe_curl();
  if (!curl) return failed("libcurl", curl.error());
  return {"libcurl", Verdict::good, *curl, {}};
}

Check check_access(const kube::ClusterAccess& access) {
  std::string text = access.server;
  if (!access.context.empty()) text = "context " + access.context + ": " + text;
  if (access.insecure_skip_tls_verify) {
    return {"kubeconfig", Verdict::warning, text + ", whose certificate is not checked",
            "use --certificate-authority instead of --insecure-skip-tls-verify"};
  }
  return {"kubeconfig", Verdict::good, text, {}};
}

Check check_clock(const Context& context, const kube::ServerVersion& server) {
  if (!server.time) return {"clock", Verdict::skipped, "the server does not tell its time", {}};
  const auto skew = std::chrono::round<seconds>(context.clock() - *server.time);
  if (skew <= k_tolerable_skew && skew >= -k_tolerable_skew) {
    return {"clock", Verdict::good, "agrees with the server's", {}};
  }
  const std::string amount = model::format_duration(std::chrono::abs(skew));
  return {
      "clock", Verdict::warning,
      "this machine is " + amount + (skew.count() > 0 ? " ahead of" : " behind") + " the server",
      "certificates and tokens can fail by it: set the time by NTP"};
}

Check check_identity(kube::Client& client, const std::string& configured) {
  const auto answer = client.create(model::Resource(
      model::Json{{"apiVersion", "authentication.k8s.io/v1"}, {"kind", "SelfSubjectReview"}}));
  if (!answer && answer.error().code == ErrorCode::not_found) {  // before Kubernetes 1.28
    return {"user", Verdict::skipped, configured + " of the kubeconfig", {}};
  }
  if (!answer) return failed("user", answer.error());
  std::string text(model::string_at(answer->json(), {"status", "userInfo", "username"}));
  const model::Json* groups = model::find_path(answer->json(), {"status", "userInfo", "groups"});
  if (groups != nullptr && groups->is_array()) {
    std::vector<std::string> names;
    for (const model::Json& group : *groups) {
      if (group.is_string()) names.push_back(group.get<std::string>());
    }
    if (!names.empty()) text += " (" + joined(names) + ")";
  }
  return {"user", Verdict::good, text, {}};
}

Check check_duty(kube::Client& client, const Duty& duty) {
  const auto missing = refused(client, duty.permissions);
  if (!missing) return failed(duty.name, missing.error());
  if (missing->empty()) return {duty.name, Verdict::good, "may do all it needs", {}};
  return {duty.name, duty.is_essential ? Verdict::bad : Verdict::warning,
          "may not " + joined(*missing), std::string(duty.hint)};
}

// The checks that need the server; those before are in `checks` already.
void check_server(cli::Session& session, std::vector<Check>& checks) {
  kube::ConnectionFlags flags = session.flags().connection;
  if (flags.request_timeout.count() == 0) flags.request_timeout = k_server_patience;
  const auto access = kube::resolve_access(flags, session.context());
  if (!access) {
    checks.push_back(failed("kubeconfig", access.error()));
    return;
  }
  checks.push_back(check_access(*access));

  session.progress("asking " + access->server);
  const auto client = cli::connect(flags, session.context());
  if (!client) {
    checks.push_back(failed("server", client.error()));
    return;
  }
  const auto started = std::chrono::steady_clock::now();
  const auto version = (*client)->server_version();
  if (!version) {
    checks.push_back(failed("server", version.error()));
    return;
  }
  const auto took =
      std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - started);
  checks.push_back({"server",
                    Verdict::good,
                    version->git_version + ", answered in " + model::format_duration(took),
                    {}});
  checks.push_back(check_clock(session.context(), *version));
  checks.push_back(check_identity(**client, access->user));
  for (const Duty& duty : duties()) {
    checks.push_back(check_duty(**client, duty));
  }
}

std::string_view word(Verdict verdict) {
  switch (verdict) {
    case Verdict::good: return "ok";
    case Verdict::warning: return "warning";
    case Verdict::bad: return "error";
    case Verdict::skipped: break;
  }
  return "skipped";
}

output::Style style(Verdict verdict) {
  switch (verdict) {
    case Verdict::good: return output::Style::good;
    case Verdict::warning: return output::Style::warning;
    case Verdict::bad: return output::Style::bad;
    case Verdict::skipped: break;
  }
  return output::Style::dim;
}

model::Json document(const std::vector<Check>& checks) {
  model::Json list = model::Json::array();
  for (const Check& check : checks) {
    model::Json entry{
        {"name", check.name}, {"result", word(check.verdict)}, {"message", check.message}};
    if (!check.hint.empty()) entry["hint"] = check.hint;
    list.push_back(std::move(entry));
  }
  return {{"checks", std::move(list)}};
}

// Sentences, so they are wrapped and never cut.
std::string text(const std::vector<Check>& checks, const output::Palette& palette, int width) {
  constexpr std::size_t k_verdict_width = 9;
  constexpr std::size_t k_name_width = 12;
  constexpr std::size_t k_indent = k_verdict_width + k_name_width;
  const auto put = [&](std::string& lines, std::string head, std::string_view sentence) {
    for (const std::string& line :
         output::wrap(sentence, std::max(width - static_cast<int>(k_indent), 0))) {
      lines += head + line + "\n";
      head.assign(k_indent, ' ');
    }
  };
  std::string lines;
  for (const Check& check : checks) {
    std::string head = palette.paint(style(check.verdict), word(check.verdict));
    head.append(k_verdict_width - word(check.verdict).size(), ' ');
    head += check.name;
    head.append(k_name_width - check.name.size(), ' ');
    put(lines, std::move(head), check.message);
    if (!check.hint.empty()) put(lines, std::string(k_indent, ' '), "hint: " + check.hint);
  }
  return lines;
}

}  // namespace

Result<cli::ExitCode> doctor(cli::Session& session, cli::Output output) {
  Context& context = session.context();
  std::vector<Check> checks{check_plugins(context.env)};
  checks.push_back(check_kubectl(context));
  checks.push_back(check_curl());
  check_server(session, checks);
  if (context.cancel.requested()) return fail(ErrorCode::cancelled, "interrupted");

  if (output == cli::Output::table) {
    context.out << text(checks, session.palette(), context.out_terminal.width);
  } else {
    context.out << output::render_document(
        output == cli::Output::json ? output::DocumentFormat::json : output::DocumentFormat::yaml,
        "DoctorReport", document(checks));
  }
  for (const Check& check : checks) {
    if (check.verdict == Verdict::bad) return cli::ExitCode::findings;
  }
  return cli::ExitCode::ok;
}

}  // namespace kai::ai
