// kubectl ai gpu explain node|pod NAME
#include "commands.hpp"
#include "explain.hpp"
#include "writing.hpp"

#include <kai/model/names.hpp>
#include <kai/output/document.hpp>

#include <memory>
#include <ostream>

namespace kai::gpu {

namespace {

using cli::ExitCode;
using cli::Output;

struct ExplainOptions {
  std::string name;
  Output output = Output::table;
};

template <class Explanation>
void print(cli::Session& session, Output output, std::string_view kind,
           const Explanation& explanation, const std::string& text) {
  std::ostream& out = session.context().out;
  if (output == Output::table) {
    out << text;
    return;
  }
  const auto format =
      output == Output::json ? output::DocumentFormat::json : output::DocumentFormat::yaml;
  out << output::render_document(format, kind, to_json(explanation));
}

Error with_nearest(Error error, const std::string& name, const std::vector<std::string>& known) {
  if (error.code != ErrorCode::not_found) return error;
  if (const auto nearest = model::nearest_name(name, known)) {
    error.hint = "did you mean \"" + *nearest + "\"?";
  }
  return error;
}

Result<ExitCode> explain_a_node(cli::Session& session, const ExplainOptions& options) {
  KAI_TRY_ASSIGN(kube::Client * client, session.client());
  say_busy(session, "reading the node, pods and daemonsets");
  KAI_TRY_ASSIGN(const ClusterFacts facts, collect(*client, {PodsOf::every_node, true}));
  const model::Node* node = facts.node(options.name);
  KAI_TRY_ASSIGN(const auto type, client->resource_type("v1", "Node"));
  const auto object = client->get(type, {}, options.name);
  if (!object) return fail(with_nearest(object.error(), options.name, facts.node_names()));
  const model::Node fresh = model::Node::from_json(object->json());
  const NodeExplanation explanation = explain_node(node != nullptr ? *node : fresh, *object, facts);
  print(session, options.output, "GPUNodeExplanation", explanation,
        node_text(explanation, session.palette(), session.context().out_terminal.width));
  return ExitCode::ok;
}

// "NAME" or "NAMESPACE/NAME".
Result<std::pair<std::string, std::string>> pod_name(cli::Session& session,
                                                     const std::string& text) {
  const std::size_t slash = text.find('/');
  if (slash != std::string::npos) return std::pair(text.substr(0, slash), text.substr(slash + 1));
  KAI_TRY_ASSIGN(std::string ns, session.ns());
  if (ns.empty()) {
    return fail(ErrorCode::usage, "with -A, name the pod as NAMESPACE/NAME");
  }
  return std::pair(std::move(ns), text);
}

// Why a controller could not make the pod at all: quota and admission speak in events.
Result<std::vector<std::string>> creation_failures(kube::Client& client, const std::string& ns) {
  KAI_TRY_ASSIGN(const auto type, client.resource_type("v1", "Event"));
  kube::ListOptions list;
  list.ns = ns;
  list.field_selector = "reason=FailedCreate";
  std::vector<std::string> lines;
  KAI_TRY(client.list(type, list, [&](model::Resource&& event) -> Result<> {
    std::string line(model::string_at(event.json(), {"involvedObject", "kind"}));
    line += " " + std::string(model::string_at(event.json(), {"involvedObject", "name"})) + ": ";
    line += model::string_at(event.json(), {"message"});
    lines.push_back(std::move(line));
    return {};
  }));
  return lines;
}

Result<ExitCode> explain_a_pod(cli::Session& session, const ExplainOptions& options) {
  KAI_TRY_ASSIGN(kube::Client * client, session.client());
  KAI_TRY_ASSIGN(const auto name, pod_name(session, options.name));
  KAI_TRY_ASSIGN(const auto type, client->resource_type("v1", "Pod"));
  const auto object = client->get(type, name.first, name.second);
  if (!object) {
    Error error = object.error();
    if (error.code == ErrorCode::not_found) {
      kube::ListOptions list;
      list.ns = name.first;
      list.metadata_only = true;
      std::vector<std::string> known;
      KAI_TRY(client->list(type, list, [&](model::Resource&& pod) -> Result<> {
        known.emplace_back(pod.name());
        return {};
      }));
      error = with_nearest(std::move(error), name.second, known);
      if (const auto failures = creation_failures(*client, name.first)) {
        for (const std::string& line : *failures) error.causes.push_back({"", "", line});
      }
    }
    return fail(std::move(error));
  }
  say_busy(session, "reading nodes and pods");
  KAI_TRY_ASSIGN(const ClusterFacts facts, collect(*client, {PodsOf::every_node, false}));
  const PodExplanation explanation = explain_pod(model::Pod::from_json(object->json()), facts);
  print(session, options.output, "GPUPodExplanation", explanation,
        pod_text(explanation, session.palette(), session.context().out_terminal.width));
  return ExitCode::ok;
}

}  // namespace

void add_explain(cli::Commands& commands) {
  CLI::App& group = commands.add_group("explain", "Say why a node or a pod gets no GPUs");

  const auto for_node = std::make_shared<ExplainOptions>();
  CLI::App& node = commands.add(
      group, "node", "Go through what has to be right for a node to serve its GPUs",
      [for_node](cli::Session& session) { return explain_a_node(session, *for_node); });
  commands.offer(node.add_option("node", for_node->name, "The node")->type_name("NODE")->required(),
                 cli::Offer::nodes);
  cli::add_output_flag(node, for_node->output, {Output::table, Output::json, Output::yaml});

  const auto for_pod = std::make_shared<ExplainOptions>();
  CLI::App& pod =
      commands.add(group, "pod", "Name, node by node, the constraint that keeps a pod waiting",
                   [for_pod](cli::Session& session) { return explain_a_pod(session, *for_pod); });
  commands.offer(pod.add_option("pod", for_pod->name, "The pod, as NAME or NAMESPACE/NAME")
                     ->type_name("POD")
                     ->required(),
                 cli::Offer::pods);
  cli::add_output_flag(pod, for_pod->output, {Output::table, Output::json, Output::yaml});
  commands.describe(
      pod,
      "Judges taints, node selectors and affinity, GPUs and MIG profiles, CPU, memory, "
      "cordons and NotReady nodes as the scheduler does, and shows its own message "
      "beside them.");
}

}  // namespace kai::gpu
