// kubectl ai gpu test: runs a command with a GPU on each node, and cleans up whatever
// happens.
#include "commands.hpp"
#include "device_plugin.hpp"
#include "setup_plan.hpp"
#include "smoke_test.hpp"
#include "writing.hpp"

#include <kai/apply/parallel.hpp>
#include <kai/model/duration.hpp>
#include <kai/model/scheduling.hpp>
#include <kai/output/document.hpp>

#include <algorithm>
#include <memory>
#include <ostream>
#include <random>
#include <thread>

namespace kai::gpu {

namespace {

using cli::ExitCode;
using cli::Output;

struct TestOptions {
  std::vector<std::string> nodes;
  std::string selector;
  std::string image{k_test_image};
  std::vector<std::string> command;
  std::string runtime_class;
  std::chrono::milliseconds timeout{std::chrono::minutes(5)};
  Output output = Output::table;
};

// How often to look for a pod whose creation was not waited for.
constexpr int k_looks = 3;
constexpr std::chrono::milliseconds k_look_again{200};

std::string random_id() {
  static constexpr std::string_view letters = "bcdfghjklmnpqrstvwxz2456789";
  std::random_device source;
  std::uniform_int_distribution<std::size_t> pick(0, letters.size() - 1);
  std::string id;
  for (int i = 0; i < 5; ++i) id += letters[pick(source)];
  return id;
}

class SmokeTest {
 public:
  SmokeTest(cli::Session& session, kube::Client& client, kube::Client& cleanup, TestSpec spec,
            std::chrono::milliseconds timeout)
      : m_session(session),
        m_client(client),
        m_cleanup(cleanup),
        m_spec(std::move(spec)),
        m_timeout(timeout) {}

  Result<std::vector<NodeTest>> run(const std::vector<const model::Node*>& nodes,
                                    const ClusterFacts& facts) {
    KAI_TRY_ASSIGN(m_pods, m_client.resource_type("v1", "Pod"));
    prepare(nodes, facts);
    apply::parallel(m_tests.size(), [&](std::size_t i) { create(i, *nodes[i]); });
    wait();
    read_logs();
    remove();
    return std::move(m_tests);
  }

 private:
  // A pod that nothing could start is not made at all.
  void prepare(const std::vector<const model::Node*>& nodes, const ClusterFacts& facts) {
    auto usage = usage_by_node(facts.pods);
    for (const model::Node* node : nodes) {
      NodeTest test;
      test.node = node->name;
      if (resource_to_test(*node).empty()) {
        test.result = TestResult::not_run;
        test.detail = "no GPU is advertised: explain node " + node->name;
      } else {
        const model::Pod pod = model::Pod::from_json(test_pod(m_spec, *node).json());
        const auto obstacles = model::obstacles(pod, *node, usage[node->name]);
        if (!obstacles.empty()) {
          test.result = TestResult::not_run;
          test.detail = obstacles.front().detail;
        }
      }
      m_tests.push_back(std::move(test));
    }
  }

  void create(std::size_t i, const model::Node& node) {
    NodeTest& test = m_tests[i];
    if (test.result != TestResult::running) return;
    if (m_session.context().cancel.requested()) {
      test.result = TestResult::interrupted;
      return;
    }
    const model::Resource pod = test_pod(m_spec, node);
    // Known before it exists, so that a lost answer leaves nothing behind.
    test.pod = pod.name();
    const auto created = m_client.create(pod, kube::DryRun::none, kube::Repeat::yes);
    // The name is this run's alone: if it is there, a lost answer has made it.
    if (created || created.error().code == ErrorCode::already_exists) return;
    const ErrorCode code = created.error().code;
    const bool cancelled = code == ErrorCode::cancelled;
    test.may_come = cancelled || code == ErrorCode::disconnected || code == ErrorCode::timed_out ||
                    code == ErrorCode::server;
    test.result = cancelled ? TestResult::interrupted : TestResult::failed;
    test.detail = cancelled ? "" : "not created: " + created.error().message;
  }

  [[nodiscard]] std::size_t undecided() const {
    return static_cast<std::size_t>(
        std::count_if(m_tests.begin(), m_tests.end(),
                      [](const auto& test) { return test.result == TestResult::running; }));
  }

  void say_progress() {
    const auto waiting = std::find_if(m_tests.begin(), m_tests.end(), [](const NodeTest& test) {
      return test.result == TestResult::running;
    });
    if (waiting == m_tests.end()) return;
    m_session.progress("testing " + std::to_string(undecided()) + " of " +
                       std::to_string(m_tests.size()) + " nodes; " + waiting->node +
                       (waiting->detail.empty() ? "" : ": " + waiting->detail));
  }

  void wait() {
    if (undecided() == 0) return;
    say_progress();
    kube::WatchOptions options;
    options.ns = m_spec.ns;
    options.label_selector = "kubectl-ai/run=" + m_spec.run_id;
    const auto timeout = m_timeout.count() > 0 ? std::optional(m_timeout) : std::nullopt;
    const auto watched = m_client.watch(m_pods, options, timeout, [&](kube::WatchEvent&& event) {
      take(event);
      say_progress();
      return undecided() > 0;
    });
    if (watched) return;
    const ErrorCode code = watched.error().code;
    for (NodeTest& test : m_tests) {
      if (test.result != TestResult::running) continue;
      if (code == ErrorCode::timed_out) {
        test.result = TestResult::timed_out;
      } else if (code == ErrorCode::cancelled) {
        test.result = TestResult::interrupted;
      } else {
        test.result = TestResult::failed;
        test.detail = "its end was not seen: " + watched.error().message;
      }
    }
  }

  void take(const kube::WatchEvent& event) {
    const auto test = std::find_if(m_tests.begin(), m_tests.end(), [&](const NodeTest& candidate) {
      return candidate.pod == event.object.name();
    });
    if (test == m_tests.end() || test->result != TestResult::running) return;
    if (event.type == kube::WatchEvent::Type::deleted) {
      test->result = TestResult::failed;
      test->detail = "someone deleted its pod";
    } else if (event.type != kube::WatchEvent::Type::bookmark) {
      judge(model::Pod::from_json(event.object.json()), *test);
    }
  }

  void read_logs() {
    apply::parallel(m_tests.size(), [&](std::size_t i) {
      NodeTest& test = m_tests[i];
      const bool started = test.result == TestResult::passed || test.exit_code.has_value() ||
                           (test.result == TestResult::timed_out && test.detail == "running");
      if (test.pod.empty() || !started) return;
      kube::LogOptions options;
      options.container = "test";
      options.tail_lines = 1000;
      const auto read = m_cleanup.logs(m_spec.ns, test.pod, options, [&](std::string_view text) {
        test.logs += text;
        return true;
      });
      if (!read) {
        test.detail +=
            (test.detail.empty() ? "" : "; ") + ("logs unavailable: " + read.error().message);
      }
    });
  }

  void remove() {
    apply::parallel(m_tests.size(), [&](std::size_t i) {
      NodeTest& test = m_tests[i];
      if (test.pod.empty()) return;
      auto removed = m_cleanup.remove(m_pods, m_spec.ns, test.pod);
      // A create that we no longer waited for may still be on its way into the store.
      for (int look = 0; look < k_looks && test.may_come && removed && !*removed; ++look) {
        std::this_thread::sleep_for(k_look_again);
        removed = m_cleanup.remove(m_pods, m_spec.ns, test.pod);
      }
      if (removed) return;
      test.left_behind = true;
      m_session.warn("pod " + m_spec.ns + "/" + test.pod + " was not deleted: " +
                     removed.error().message + "; kubectl ai gpu undo deletes it");
    });
  }

  cli::Session& m_session;
  kube::Client& m_client;
  kube::Client& m_cleanup;  // goes on after a Ctrl-C
  TestSpec m_spec;
  std::chrono::milliseconds m_timeout;
  kube::ResourceType m_pods;
  std::vector<NodeTest> m_tests;
};

void print(cli::Session& session, Output output, const std::vector<NodeTest>& tests) {
  Context& context = session.context();
  if (output == Output::table) {
    context.out << test_text(tests, session.palette(), context.out_terminal.width);
  } else {
    context.out << output::render_document(
        output == Output::json ? output::DocumentFormat::json : output::DocumentFormat::yaml,
        "GPUTest", test_json(tests));
  }
  context.out << std::flush;
}

ExitCode exit_code_of(const std::vector<NodeTest>& tests) {
  const auto any = [&](TestResult result) {
    return std::any_of(tests.begin(), tests.end(),
                       [&](const NodeTest& test) { return test.result == result; });
  };
  if (any(TestResult::interrupted)) return ExitCode::interrupted;
  if (any(TestResult::failed) || any(TestResult::not_run)) return ExitCode::findings;
  return any(TestResult::timed_out) ? ExitCode::timed_out : ExitCode::ok;
}

Result<ExitCode> run_test(cli::Session& session, const TestOptions& options) {
  KAI_TRY_ASSIGN(kube::Client * client, session.client());
  TestSpec spec;
  KAI_TRY_ASSIGN(spec.ns, session.ns());
  if (spec.ns.empty()) return fail(ErrorCode::usage, "test runs in one namespace: leave out -A");
  spec.image = options.image;
  if (!options.command.empty() || options.image != k_test_image) spec.command = options.command;
  spec.deadline = std::max(std::chrono::seconds(1),
                           std::chrono::duration_cast<std::chrono::seconds>(options.timeout));
  if (options.timeout.count() == 0) spec.deadline = std::chrono::hours(24);
  spec.run_id = random_id();

  say_busy(session, "reading nodes and pods");
  KAI_TRY_ASSIGN(const ClusterFacts facts, collect(*client, {PodsOf::every_node, false}));
  KAI_TRY_ASSIGN(auto nodes, select_nodes(options.nodes, options.selector, facts));
  if (nodes.empty()) {
    return fail(Error(ErrorCode::not_found, "there is no GPU node to test")
                    .with_hint("kubectl ai gpu setup prepares them"));
  }
  KAI_TRY_ASSIGN(const auto class_type, client->resource_type("node.k8s.io/v1", "RuntimeClass"));
  KAI_TRY_ASSIGN(const auto runtime_class, client->get_if_exists(class_type, {}, k_runtime_class));
  spec.with_runtime_class = runtime_class.has_value();

  const Context cleanup_context = context_for_cleanup(session);
  KAI_TRY_ASSIGN(const auto cleanup, connect_for_cleanup(session, cleanup_context));
  SmokeTest test(session, *client, *cleanup, std::move(spec), options.timeout);
  KAI_TRY_ASSIGN(const std::vector<NodeTest> tests, test.run(nodes, facts));
  print(session, options.output, tests);
  return exit_code_of(tests);
}

}  // namespace

void add_test(cli::Commands& commands) {
  const auto options = std::make_shared<TestOptions>();
  CLI::App& test =
      commands.add("test", "Run a command with a GPU on each node; exit 1 when one fails",
                   [options](cli::Session& session) { return run_test(session, *options); });
  commands.offer(test.add_option("nodes", options->nodes, "Only these nodes")->type_name("NODE"),
                 cli::Offer::nodes);
  cli::add_selector_flag(test, options->selector);
  test.add_option("--image", options->image, "Image to run (" + options->image + ")")
      ->type_name("IMAGE");
  cli::add_duration_flag(
      test, "--timeout", options->timeout,
      "Give up after this time (" + model::format_duration(options->timeout) + "); 0: never");
  cli::add_output_flag(test, options->output, {Output::table, Output::json, Output::yaml});
  commands.take_rest(test, options->command);
  commands.describe(
      test,
      "Starts one pod per node that asks for one GPU, shows what it prints, and deletes it, also "
      "after a time-out or Ctrl-C. What stands after -- is the command; without it nvidia-smi -L "
      "runs. A node whose GPUs are all in use is not tested: nothing is preempted.",
      {{"Every GPU node", "kubectl ai gpu test"},
       {"Another image and command",
        "kubectl ai gpu test gpu-a --image registry.example.org/burn:1 -- gpu-burn 60"}});
}

}  // namespace kai::gpu
