#include <kai/cli/flags.hpp>
#include <kai/model/duration.hpp>

namespace kai::cli {

namespace {

std::string join(const Choices& words, const char* separator) {
  std::string text;
  for (const std::string& word : words) {
    if (!text.empty()) text += separator;
    text += word;
  }
  return text;
}

}  // namespace

namespace detail {

void reject_choice(const std::string& value, const Choices& choices) {
  throw CLI::ValidationError("\"" + value + "\" is none of " + join(choices, ", "));
}

CLI::Option* style_choice(CLI::Option* option, const Choices& choices) {
  return option->type_name(join(choices, "|"));
}

}  // namespace detail

CLI::Option* add_choice_flag(CLI::App& command, const std::string& names, std::string& target,
                             const Choices& choices, const std::string& about) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const std::string& choice : choices) pairs.emplace_back(choice, choice);
  return add_choice_flag<std::string>(command, names, target, pairs, about);
}

CLI::Option* add_duration_flag(CLI::App& command, const std::string& names,
                               std::chrono::milliseconds& target, const std::string& about) {
  return command
      .add_option_function<std::string>(
          names,
          [&target](const std::string& text) {
            auto duration = model::parse_duration(text);
            if (!duration) throw CLI::ValidationError(duration.error().message);
            target = *duration;
          },
          about)
      ->type_name("DURATION");
}

void add_common_flags(CLI::App& root, CommonFlags& flags) {
  kube::ConnectionFlags& connection = flags.connection;
  root.option_defaults()->group(k_common_group);
  const auto text = [&root](const char* names, std::string& target, const char* value,
                            const char* about) {
    root.add_option(names, target, about)->type_name(value);
  };
  text("--kubeconfig", connection.kubeconfig, "FILE", "kubeconfig file to use");
  text("--context", connection.context, "NAME", "Context of the kubeconfig to use");
  text("--cluster", connection.cluster, "NAME", "Cluster of the kubeconfig to use");
  text("--user", connection.user, "NAME", "User of the kubeconfig to use");
  text("-n,--namespace", connection.ns, "NAME", "Namespace to work in");
  root.add_flag("-A,--all-namespaces", flags.all_namespaces, "Work in all namespaces");
  text("-s,--server", connection.server, "URL", "Address and port of the API server");
  text("--token", connection.token, "TOKEN", "Bearer token for the API server");
  text("--as", connection.as, "USER", "User to impersonate");
  root.add_option("--as-group", connection.as_group, "Group to impersonate; may be repeated")
      ->type_name("GROUP")
      ->allow_extra_args(false);
  text("--as-uid", connection.as_uid, "UID", "UID to impersonate");
  text("--client-certificate", connection.client_certificate, "FILE", "Client certificate for TLS");
  text("--client-key", connection.client_key, "FILE", "Client key for TLS");
  text("--certificate-authority", connection.certificate_authority, "FILE",
       "Certificate of the authority that signed the server's");
  text("--tls-server-name", connection.tls_server_name, "NAME",
       "Name to expect in the server's certificate");
  root.add_flag("--insecure-skip-tls-verify", connection.insecure_skip_tls_verify,
                "Do not check the server's certificate: insecure");
  add_duration_flag(root, "--request-timeout", connection.request_timeout,
                    "Give up on a single request after this time, such as 30s or 2m; 0: never");
  text("--cache-dir", connection.cache_dir, "DIR", "Where discovery is cached (~/.kube/cache)");
  root.add_flag("--disable-compression", connection.disable_compression,
                "Do not ask the server for compressed answers");
  add_choice_flag<ColorMode>(
      root, "--color", flags.color,
      {{"auto", ColorMode::automatic}, {"always", ColorMode::always}, {"never", ColorMode::never}},
      "Use colour; auto does on a terminal unless NO_COLOR is set");
  root.add_flag("-q,--quiet", flags.quiet, "No progress or notes; errors and warnings stay");
  root.add_option("-v,--v", flags.verbosity,
                  "Log level: 1 steps, 6 requests and retries, 8 headers")
      ->type_name("LEVEL");
  root.option_defaults()->group("Options");
}

void add_selector_flag(CLI::App& command, std::string& selector) {
  command
      .add_option("-l,--selector", selector,
                  "Only what has these labels, such as key=value,other!=value,key in (a,b)")
      ->type_name("SELECTOR");
}

void add_filename_flag(CLI::App& command, std::vector<std::string>& filenames) {
  command
      .add_option("-f,--filename", filenames,
                  "File or directory to read, - for standard input; may be repeated")
      ->type_name("FILE")
      ->delimiter(',')
      ->allow_extra_args(false);
}

void add_output_flag(CLI::App& command, Output& output, const std::vector<Output>& formats) {
  static const std::vector<std::pair<std::string, Output>> k_all{{"table", Output::table},
                                                                 {"wide", Output::wide},
                                                                 {"json", Output::json},
                                                                 {"yaml", Output::yaml},
                                                                 {"name", Output::name}};
  std::vector<std::pair<std::string, Output>> choices;
  for (const Output format : formats) {
    for (const auto& choice : k_all) {
      if (choice.second == format) choices.push_back(choice);
    }
  }
  add_choice_flag<Output>(command, "-o,--output", output, choices, "Output format");
}

void add_yes_flag(CLI::App& command, bool& yes) {
  command.add_flag("-y,--yes", yes, "Do not ask before changing anything");
}

void add_dry_run_flag(CLI::App& command, DryRunMode& mode) {
  static const std::vector<std::pair<std::string, DryRunMode>> k_modes{
      {"none", DryRunMode::none}, {"client", DryRunMode::client}, {"server", DryRunMode::server}};
  // The value is optional and stands behind "=", as in kubectl.
  add_choice_flag<DryRunMode>(command, "--dry-run", mode, k_modes,
                              "client: only print the plan; server: let the server check it too")
      ->expected(0, 1)
      ->default_str("client");
}

void add_wait_flags(CLI::App& command, bool& wait, std::chrono::milliseconds& timeout) {
  command.add_flag("--wait", wait, "Wait until everything is ready; --wait=false returns at once");
  add_duration_flag(
      command, "--timeout", timeout,
      "Give up waiting after this time (" + model::format_duration(timeout) + "); 0: never");
}

}  // namespace kai::cli
