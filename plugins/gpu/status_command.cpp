// kubectl ai gpu status [--watch]
#include "commands.hpp"
#include "setup_plan.hpp"
#include "status_text.hpp"
#include "writing.hpp"

#include <kai/output/document.hpp>

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <ostream>
#include <thread>

namespace kai::gpu {

namespace {

using cli::ExitCode;
using cli::Output;

struct StatusOptions {
  std::vector<std::string> nodes;
  std::string selector;
  bool watch = false;
  Output output = Output::table;
};

void print(cli::Session& session, const GpuStatus& status, Output output) {
  Context& context = session.context();
  const int width = context.out_terminal.width;
  const output::Palette palette = session.palette();
  switch (output) {
    case Output::json:
    case Output::yaml:
      context.out << output::render_document(
          output == Output::json ? output::DocumentFormat::json : output::DocumentFormat::yaml,
          "GPUStatus", status_json(status));
      break;
    case Output::name:
      for (const NodeStatus& node : status.nodes) {
        context.out << "node/" << output::safe_text(node.name) << "\n";
      }
      break;
    case Output::table:
    case Output::wide:
      if (status.nodes.empty()) {
        context.out << "No GPU nodes found: none advertises a GPU or is labelled as having one\n";
        break;
      }
      context.out << status_table(status, output == Output::wide ? Detail::wide : Detail::normal,
                                  palette, width)
                  << status_summary(status, palette, width);
      break;
  }
  context.out << std::flush;
}

Result<GpuStatus> status_of(const StatusOptions& options, const ClusterFacts& facts) {
  KAI_TRY_ASSIGN(const auto nodes, select_nodes(options.nodes, options.selector, facts));
  return summarise(nodes, facts);
}

// The cluster as three watches keep it up to date. Its threads end when the client's
// context is cancelled or stop() is called.
class LiveFacts {
 public:
  LiveFacts(kube::Client& client, ClusterFacts first) : m_client(client) {
    m_has_cluster_policy = first.has_cluster_policy;
    m_not_read = first.not_read;
    start("v1", "Node", "", m_nodes,
          [](const model::Json& json) { return std::optional(model::Node::from_json(json)); });
    start("v1", "Pod", "spec.nodeName!=,status.phase!=Succeeded,status.phase!=Failed", m_pods,
          [](const model::Json& json) { return relevant_pod(model::Pod::from_json(json)); });
    start("apps/v1", "DaemonSet", "", m_sets,
          [](const model::Json& json) { return std::optional(DaemonSet::from_json(json)); });
  }
  ~LiveFacts() { m_stop = true; }

  // Whether anything has changed since the last call.
  bool changed() { return m_changed.exchange(false); }

  [[nodiscard]] std::optional<Error> error() {
    const std::scoped_lock lock(m_mutex);
    return m_error;
  }

  ClusterFacts snapshot() {
    const std::scoped_lock lock(m_mutex);
    ClusterFacts facts;
    facts.has_cluster_policy = m_has_cluster_policy;
    facts.not_read = m_not_read;
    for (const auto& [key, node] : m_nodes) facts.nodes.push_back(node);
    for (const auto& [key, pod] : m_pods) facts.pods.push_back(pod);
    for (const auto& [key, set] : m_sets) facts.daemon_sets.push_back(set);
    return facts;
  }

 private:
  using Key = std::pair<std::string, std::string>;

  template <class T, class Parse>
  void start(std::string api_version, std::string kind, std::string field_selector,
             std::map<Key, T>& objects, Parse parse) {
    m_threads.emplace_back([=, this, &objects] {
      const auto type = m_client.resource_type(api_version, kind);
      Result<> ended;
      if (!type) {
        ended = fail(type.error());
      } else {
        kube::WatchOptions options;
        options.field_selector = field_selector;
        ended = m_client.watch(*type, options, std::nullopt, [&](kube::WatchEvent&& event) {
          if (event.type != kube::WatchEvent::Type::bookmark)
            take(objects, std::move(event), parse);
          return !m_stop;
        });
      }
      // What may not be read is said in the status; anything else ends the watch.
      if (ended || ended.error().code == ErrorCode::forbidden) return;
      const std::scoped_lock lock(m_mutex);
      if (!m_error) m_error = ended.error();
    });
  }

  template <class T, class Parse>
  void take(std::map<Key, T>& objects, kube::WatchEvent&& event, const Parse& parse) {
    const Key key(event.object.ns(), event.object.name());
    std::optional<T> parsed;
    if (event.type != kube::WatchEvent::Type::deleted) parsed = parse(event.object.json());
    const std::scoped_lock lock(m_mutex);
    if (parsed) {
      objects.insert_or_assign(key, std::move(*parsed));
    } else if (objects.erase(key) == 0) {
      return;  // a pod that does not matter here
    }
    m_changed = true;
  }

  static std::optional<model::Pod> relevant_pod(model::Pod pod) {
    if (pod.finished() || (pod.gpus() == 0 && !is_plugin_pod(pod))) return std::nullopt;
    return pod;
  }

  kube::Client& m_client;
  std::mutex m_mutex;  // guards what follows, up to m_error
  std::map<Key, model::Node> m_nodes;
  std::map<Key, model::Pod> m_pods;
  std::map<Key, DaemonSet> m_sets;
  bool m_has_cluster_policy = false;
  std::vector<std::string> m_not_read;
  std::optional<Error> m_error;
  std::atomic<bool> m_changed = false;
  std::atomic<bool> m_stop = false;
  std::vector<std::jthread> m_threads;  // last: joined before the rest goes
};

// Shows the status whenever it changes, at most once a second.
Result<ExitCode> watch(cli::Session& session, kube::Client& client, const StatusOptions& options,
                       ClusterFacts facts) {
  Context& context = session.context();
  const bool redraw = context.out_terminal.is_terminal &&
                      (options.output == Output::table || options.output == Output::wide);
  std::string shown;
  const auto show = [&](const GpuStatus& status) {
    const std::string now = status_json(status).dump();
    if (now == shown) return;
    // Homes the cursor and clears what is below: quieter than clearing first.
    if (redraw) context.out << "\x1b[H\x1b[2J";
    if (!redraw && !shown.empty()) context.out << (options.output == Output::yaml ? "---\n" : "\n");
    print(session, status, options.output);
    shown = now;
  };
  KAI_TRY_ASSIGN(const GpuStatus first, status_of(options, facts));
  show(first);
  LiveFacts live(client, std::move(facts));
  while (!context.cancel.wait_for(std::chrono::seconds(1))) {
    if (const auto error = live.error()) return fail(*error);
    if (!live.changed()) continue;
    const ClusterFacts snapshot = live.snapshot();
    KAI_TRY_ASSIGN(const GpuStatus status, status_of(options, snapshot));
    show(status);
  }
  return ExitCode::interrupted;
}

Result<ExitCode> run_status(cli::Session& session, const StatusOptions& options) {
  KAI_TRY_ASSIGN(kube::Client * client, session.client());
  say_busy(session, "reading nodes and pods");
  KAI_TRY_ASSIGN(ClusterFacts facts, collect(*client, {PodsOf::gpu_users, true}));
  for (const std::string& what : facts.not_read) session.warn("not read: " + what);
  if (options.watch) return watch(session, *client, options, std::move(facts));
  KAI_TRY_ASSIGN(const GpuStatus status, status_of(options, facts));
  print(session, status, options.output);
  return ExitCode::ok;
}

}  // namespace

void add_status(cli::Commands& commands) {
  const auto options = std::make_shared<StatusOptions>();
  CLI::App& status =
      commands.add("status", "Show the GPUs of each node: used, free, lost and why",
                   [options](cli::Session& session) { return run_status(session, *options); });
  commands.offer(status.add_option("nodes", options->nodes, "Only these nodes")->type_name("NODE"),
                 cli::Offer::nodes);
  cli::add_selector_flag(status, options->selector);
  status.add_flag("-w,--watch", options->watch, "Show it again whenever it changes");
  cli::add_output_flag(status, options->output);
  commands.describe(
      status, "Without a node it shows every node that has to do with GPUs.",
      {{"All of it, with drivers, labels and taints", "kubectl ai gpu status -o wide"},
       {"Free GPUs, for a script", "kubectl ai gpu status -o json | jq .totals.free"}});
}

}  // namespace kai::gpu
