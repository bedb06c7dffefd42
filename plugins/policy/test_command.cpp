// kubectl ai policy test --from NS/POD --to NS/POD:PORT
#include "commands.hpp"
#include "evidence.hpp"
#include "target.hpp"
#include "verdict_text.hpp"

#include <kai/cli/write_plan.hpp>
#include <kai/model/names.hpp>
#include <kai/output/document.hpp>

#include <algorithm>
#include <memory>
#include <ostream>
#include <utility>

namespace kai::policy {

namespace {

using cli::ExitCode;
using cli::Output;

struct TestOptions {
  std::string from;
  std::string to;
  std::vector<std::string> filenames;
  Output output = Output::table;
};

bool lacks_namespace(const Target& target) {
  const auto* const pod = std::get_if<PodName>(&target);
  return pod != nullptr && pod->ns.empty();
}

void set_namespace(Target& target, const std::string& ns) {
  if (lacks_namespace(target)) std::get<PodName>(target).ns = ns;
}

// Offline no kubeconfig is read, so there it is -n or "default".
Result<std::string> default_namespace(cli::Session& session, const TestOptions& options) {
  if (options.filenames.empty()) return session.ns();
  const std::string& ns = session.flags().connection.ns;
  return ns.empty() ? "default" : ns;
}

// The port by its number and protocol, which a named one has from the pod.
Result<> resolve_port(const Destination& destination, model::Flow& flow) {
  flow.port = destination.port;
  flow.protocol = destination.protocol.value_or(model::Protocol::tcp);
  if (destination.port_name.empty()) return {};
  const auto& pod = std::get<model::NetworkPod>(flow.to);
  std::vector<std::string> known;
  for (const model::NetworkPod::Port& port : pod.ports) {
    if (port.name == destination.port_name &&
        (!destination.protocol || *destination.protocol == port.protocol)) {
      flow.port = port.number;
      flow.protocol = port.protocol;
      return {};
    }
    if (!port.name.empty()) known.push_back(port.name);
  }
  Error error(
      ErrorCode::not_found,
      "pod " + pod.ns + "/" + pod.name + " has no port \"" + destination.port_name + "\"" +
          (destination.protocol ? " of " + std::string(model::to_string(*destination.protocol))
                                : ""));
  if (const auto nearest = model::nearest_name(destination.port_name, known);
      nearest && *nearest != destination.port_name) {
    error.hint = "did you mean \"" + *nearest + "\"?";
  } else if (known.empty()) {
    error.hint = "none of its ports has a name: give the number";
  } else {
    error.hint = "it has";
    for (const std::string& name : known) error.hint += (&name == &known[0] ? " " : ", ") + name;
  }
  return fail(std::move(error));
}

Result<Evidence> collect(cli::Session& session, const TestOptions& options, const Target& from,
                         const Target& to, const std::string& ns) {
  if (!options.filenames.empty()) {
    return read_files(options.filenames, ns, session.context().in, from, to);
  }
  KAI_TRY_ASSIGN(kube::Client * client, session.client());
  cli::say_busy(session, "reading the pods, their namespaces and policies");
  return read_cluster(*client, from, to);
}

Result<ExitCode> run_test(cli::Session& session, const TestOptions& options) {
  KAI_TRY_ASSIGN(Target from, parse_source(options.from));
  KAI_TRY_ASSIGN(Destination destination, parse_destination(options.to));
  Target& to = destination.target;
  if (std::holds_alternative<model::Cidr>(from) && std::holds_alternative<model::Cidr>(to)) {
    return fail(Error(ErrorCode::usage, "both sides are addresses: policies speak for pods")
                    .with_hint("name a pod at one side, as NAMESPACE/POD"));
  }
  std::string ns;
  if (lacks_namespace(from) || lacks_namespace(to) || !options.filenames.empty()) {
    KAI_TRY_ASSIGN(ns, default_namespace(session, options));
    if (ns.empty()) return fail(ErrorCode::usage, "with -A, name pods as NAMESPACE/POD");
    set_namespace(from, ns);
    set_namespace(to, ns);
  }
  KAI_TRY_ASSIGN(Evidence evidence, collect(session, options, from, to, ns));
  Verdict verdict;
  verdict.flow.from = std::move(evidence.from);
  verdict.flow.to = std::move(evidence.to);
  KAI_TRY(resolve_port(destination, verdict.flow));
  verdict.reach = model::may_reach(verdict.flow, evidence.policies);
  verdict.policies = std::move(evidence.policies);
  verdict.notes = doubt_notes(verdict.reach);
  verdict.notes.insert(verdict.notes.end(), evidence.notes.begin(), evidence.notes.end());

  Context& context = session.context();
  if (options.output == Output::table) {
    context.out << verdict_text(verdict, session.palette(), context.out_terminal.width);
  } else {
    context.out << output::render_document(options.output == Output::json
                                               ? output::DocumentFormat::json
                                               : output::DocumentFormat::yaml,
                                           "NetworkPolicyTest", verdict_json(verdict));
  }
  return verdict.reach.allowed ? ExitCode::ok : ExitCode::findings;
}

}  // namespace

void add_test(cli::Commands& commands) {
  const auto options = std::make_shared<TestOptions>();
  CLI::App& test =
      commands.add("test", "Say whether NetworkPolicies let one pod reach another, and why",
                   [options](cli::Session& session) { return run_test(session, *options); });
  commands.offer(test.add_option("--from", options->from, "The source: a pod or an address")
                     ->type_name("[NAMESPACE/]POD|IP")
                     ->required(),
                 cli::Offer::pods);
  commands.offer(test.add_option("--to", options->to,
                                 "The destination and its port, by number or name; TCP unless "
                                 "it says /UDP or /SCTP")
                     ->type_name("[NAMESPACE/]POD|IP:PORT[/PROTOCOL]")
                     ->required(),
                 cli::Offer::pods);
  cli::add_filename_flag(test, options->filenames);
  cli::add_output_flag(test, options->output, {Output::table, Output::json, Output::yaml});
  commands.describe(
      test,
      "Evaluates the NetworkPolicies of both namespaces as their API says; what it leaves to the "
      "network plugin is named where it would change the answer, and so are policies of other "
      "kinds, which are not evaluated. Sends nothing to the pods: whether the plugin enforces "
      "policies at all is not looked at. With -f it reads Pods, Namespaces and NetworkPolicies "
      "from files instead of the "
      "cluster. An address is taken for what the plugin sees: name the pods behind a Service, not "
      "its address. Exit code 0: allowed; 1: denied.",
      {{"From one namespace into another",
        "kubectl ai policy test --from lab/trainer --to "
        "data/minio-0:9000"},
       {"DNS", "kubectl ai policy test --from lab/trainer --to kube-system/coredns-abc:53/UDP"},
       {"To the world", "kubectl ai policy test --from lab/trainer --to 203.0.113.7:443"},
       {"A change, before it is applied",
        "kubectl ai policy test --from lab/trainer --to data/minio-0:api -f dump.yaml -f new/"}});
}

}  // namespace kai::policy
