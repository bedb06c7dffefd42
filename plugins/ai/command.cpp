#include "command.hpp"

#include "completion.hpp"
#include "doctor.hpp"
#include "profile_check.hpp"
#include "profile_init.hpp"

#include <kai/cli/plugins.hpp>
#include <kai/output/document.hpp>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace kai::ai {

namespace {

struct VersionOptions {
  bool client_only = false;
  cli::Output output = cli::Output::table;
};

Result<cli::ExitCode> show_version(cli::Session& session, const VersionOptions& options) {
  std::ostream& out = session.context().out;
  const bool is_text = options.output == cli::Output::table;
  model::Json body;
  const std::string own = "v" + std::string(cli::version());
  body["clientVersion"] = own;
  if (is_text) out << "Client Version: " << own << "\n";
  if (!options.client_only) {
    const auto server = [&session]() -> Result<kube::ServerVersion> {
      KAI_TRY_ASSIGN(kube::Client * client, session.client());
      return client->server_version();
    }();
    if (server) {
      if (is_text) out << "Server Version: " << output::safe_text(server->git_version) << "\n";
      body["serverVersion"] = server->git_version;
    } else if (server.error().code == ErrorCode::cancelled) {
      return fail(server.error());
    } else {
      session.warn("the server's version is not known: " + server.error().to_string());
    }
  }
  if (!is_text) {
    out << output::render_document(options.output == cli::Output::json
                                       ? output::DocumentFormat::json
                                       : output::DocumentFormat::yaml,
                                   "Version", std::move(body));
  }
  return cli::ExitCode::ok;
}

void define_profile(cli::Commands& commands) {
  CLI::App& group =
      commands.add_group("profile", "Check or begin the file that describes a platform");

  struct CheckOptions {
    std::vector<std::string> filenames;
    cli::Output output = cli::Output::table;
  };
  auto check = std::make_shared<CheckOptions>();
  CLI::App& check_command =
      commands.add(group, "check", "Say all that is wrong with a profile, without a cluster",
                   [check](cli::Session& session) {
                     return check_profiles(session, check->filenames, check->output);
                   });
  commands.offer(check_command
                     .add_option("-f,--filename", check->filenames,
                                 "Platform profile to check, - for standard input")
                     ->type_name("FILE")
                     ->allow_extra_args(false),
                 cli::Offer::files);
  cli::add_output_flag(check_command, check->output,
                       {cli::Output::table, cli::Output::json, cli::Output::yaml});
  commands.describe(check_command,
                    "Warnings are about what Kubernetes accepts and nobody can want.\n\n"
                    "Exit codes: 0 valid, 1 not.",
                    {{"Before it is committed", "kubectl ai profile check -f lab.yaml"}});

  CLI::App& init_command =
      commands.add(group, "init", "Print a profile that says what the cluster has now",
                   [](cli::Session& session) { return init_profile(session); });
  commands.describe(init_command,
                    "Looks at GPU nodes, namespaces (Pod Security, quotas, defaults, network "
                    "policies, roles) and PriorityClasses, and writes nothing to the cluster. "
                    "Namespaces of the cluster's own are left out; what a profile cannot say is a "
                    "comment. With -n, of namespaces that one alone.",
                    {{"Begin a profile", "kubectl ai profile init > lab.yaml"}});
}

void define(cli::Commands& commands) {
  const Environment env = process_environment();
  for (const cli::PluginEntry& entry : cli::plugins()) {
    const bool is_installed = cli::locate_plugin(entry.name, env).has_value();
    // dispatch() runs the plugin before these are looked at: they are here for help,
    // completion and suggestions.
    commands.root()
        .add_subcommand(std::string(entry.name),
                        std::string(entry.about) + (is_installed ? "" : " (not installed)"))
        ->group("Plugins");
  }

  auto version = std::make_shared<VersionOptions>();
  CLI::App& show =
      commands.add("version", "Print the version of this tool and of the server",
                   [version](cli::Session& session) { return show_version(session, *version); });
  show.add_flag("--client", version->client_only, "Do not ask the server");
  cli::add_output_flag(show, version->output,
                       {cli::Output::table, cli::Output::json, cli::Output::yaml});

  auto format = std::make_shared<cli::Output>(cli::Output::table);
  CLI::App& examine =
      commands.add("doctor", "Check this machine, the connection and your rights",
                   [format](cli::Session& session) { return doctor(session, *format); });
  cli::add_output_flag(examine, *format,
                       {cli::Output::table, cli::Output::json, cli::Output::yaml});

  define_profile(commands);

  auto shell = std::make_shared<std::string>();
  CLI::App& completion = commands.add("completion", "Print a completion script for a shell",
                                      [shell](cli::Session& session) -> Result<cli::ExitCode> {
                                        session.context().out << completion_script(*shell);
                                        return cli::ExitCode::ok;
                                      });
  cli::add_choice_flag(completion, "SHELL", *shell, {"bash", "zsh", "fish", "kubectl"}, "Shell")
      ->required();
  commands.describe(
      completion,
      "With 'kubectl', the program that kubectl itself (1.26 or later) runs to complete "
      "'kubectl ai': put it on your PATH as kubectl_complete-ai, and link it as "
      "kubectl_complete-ai-gpu and kubectl_complete-ai-audit.",
      {{"Complete kubectl-ai in this bash", "source <(kubectl-ai completion bash)"},
       {"Complete kubectl ai in every shell in which kubectl completes",
        "kubectl-ai completion kubectl > ~/bin/kubectl_complete-ai && "
        "chmod +x ~/bin/kubectl_complete-ai"}});
}

}  // namespace

const cli::Plugin& plugin() {
  static constexpr cli::Plugin k_plugin{
      "kubectl-ai", "Prepare, govern and audit a Kubernetes cluster for GPU work", define};
  return k_plugin;
}

}  // namespace kai::ai
