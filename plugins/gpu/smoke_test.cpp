#include "smoke_test.hpp"

#include "device_plugin.hpp"

#include <kai/apply/ownership.hpp>
#include <kai/model/gpu.hpp>
#include <kai/output/table.hpp>

#include <algorithm>

namespace kai::gpu {

namespace {

using model::Json;
using output::Style;

// Names of pods are host names as well: 63 characters, the node's end cut off.
std::string pod_name(const TestSpec& spec, const model::Node& node) {
  std::string name = "gpu-test-" + spec.run_id + "-" + node.name;
  std::replace(name.begin(), name.end(), '.', '-');
  if (name.size() > 63) name.resize(63);
  while (name.ends_with('-')) name.pop_back();
  return name;
}

Style style_of(TestResult result) {
  switch (result) {
    case TestResult::passed: return Style::good;
    case TestResult::running: return Style::plain;
    default: return Style::bad;
  }
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

}  // namespace

std::string resource_to_test(const model::Node& node) {
  std::string mig;
  for (const auto& [name, amount] : node.allocatable) {
    if (!model::is_gpu_resource(name) || amount.is_zero()) continue;
    if (!model::is_mig_resource(name)) return name;
    if (mig.empty()) mig = name;
  }
  return mig;
}

model::Resource test_pod(const TestSpec& spec, const model::Node& node) {
  auto labels = apply::ownership_labels(k_component);
  labels.emplace("app.kubernetes.io/name", k_test_name);
  labels.emplace("kubectl-ai/run", spec.run_id);

  Json limits = Json::object();
  limits.emplace(resource_to_test(node), "1");
  Json security{{"allowPrivilegeEscalation", false},
                {"capabilities", Json{{"drop", Json::array({"ALL"})}}},
                {"seccompProfile", Json{{"type", "RuntimeDefault"}}}};
  // Our own choice of image runs as anybody; what another needs is not ours to say.
  if (spec.image == k_test_image) {
    security.emplace("runAsNonRoot", true);
    security.emplace("runAsUser", 65534);
  }
  Json container{{"name", "test"},
                 {"image", spec.image},
                 {"imagePullPolicy", "IfNotPresent"},
                 {"resources", Json{{"limits", std::move(limits)}}},
                 {"securityContext", std::move(security)}};
  if (!spec.command.empty()) container.emplace("command", spec.command);

  const Json field{
      {"key", "metadata.name"}, {"operator", "In"}, {"values", Json::array({node.name})}};
  Json term = Json::object();
  term.emplace("matchFields", Json::array({field}));
  Json required = Json::object();
  required.emplace("nodeSelectorTerms", Json::array({term}));
  const Json affinity{
      {"nodeAffinity", Json{{"requiredDuringSchedulingIgnoredDuringExecution", required}}}};

  Json tolerations = Json::array();
  tolerations.push_back(Json{{"operator", "Exists"}});
  Json containers = Json::array();
  containers.push_back(std::move(container));
  Json pod_spec{{"restartPolicy", "Never"},
                {"activeDeadlineSeconds", spec.deadline.count()},
                {"terminationGracePeriodSeconds", 1},
                {"automountServiceAccountToken", false},
                {"tolerations", std::move(tolerations)},
                {"affinity", affinity},
                {"containers", std::move(containers)}};
  if (spec.with_runtime_class) pod_spec.emplace("runtimeClassName", k_runtime_class);
  return model::Resource(
      Json{{"apiVersion", "v1"},
           {"kind", "Pod"},
           {"metadata",
            Json{{"name", pod_name(spec, node)}, {"namespace", spec.ns}, {"labels", labels}}},
           {"spec", std::move(pod_spec)}});
}

std::string_view to_string(TestResult result) {
  switch (result) {
    case TestResult::running: return "running";
    case TestResult::passed: return "passed";
    case TestResult::failed: return "failed";
    case TestResult::timed_out: return "timedOut";
    case TestResult::not_run: return "notRun";
    case TestResult::interrupted: return "interrupted";
  }
  return "";
}

void judge(const model::Pod& pod, NodeTest& test) {
  const auto container =
      std::find_if(pod.containers.begin(), pod.containers.end(),
                   [](const auto& candidate) { return candidate.name == "test"; });
  const bool ended = container != pod.containers.end() && container->terminated;
  if (ended) test.exit_code = container->exit_code;
  if (pod.phase == "Succeeded") {
    test.result = TestResult::passed;
    test.detail.clear();
    return;
  }
  if (pod.phase == "Failed") {
    test.result = pod.reason == "DeadlineExceeded" ? TestResult::timed_out : TestResult::failed;
    if (ended) {
      test.detail = "exited with " + std::to_string(container->exit_code);
      if (!container->terminated_reason.empty() && container->terminated_reason != "Error") {
        test.detail += " (" + container->terminated_reason + ")";
      }
    } else {
      test.detail = pod.reason.empty() ? "failed" : pod.reason;
      if (!pod.message.empty()) test.detail += ": " + pod.message;
    }
    return;
  }
  // Undecided: the last thing known, for progress and for a time-out.
  if (container != pod.containers.end() && !container->waiting_reason.empty()) {
    test.detail = container->waiting_reason;
    if (!container->waiting_message.empty()) test.detail += ": " + container->waiting_message;
    // A name that cannot be right does not become right by waiting.
    if (container->waiting_reason == "InvalidImageName" ||
        container->waiting_reason == "CreateContainerConfigError") {
      test.result = TestResult::failed;
    }
  } else if (pod.placement.node_name.empty()) {
    const model::Condition* scheduled = pod.condition("PodScheduled");
    test.detail = scheduled == nullptr || scheduled->message.empty()
                      ? "waits for the scheduler"
                      : "not scheduled: " + scheduled->message;
  } else {
    test.detail = pod.phase == "Running" ? "running" : "starting";
  }
}

std::string test_text(const std::vector<NodeTest>& tests, const output::Palette& palette,
                      int width) {
  std::string text;
  output::Table table({{"NODE"}, {"RESULT"}, {"DETAIL", output::Align::left, output::Shrink::may}});
  std::size_t passed = 0;
  for (const NodeTest& test : tests) {
    passed += test.result == TestResult::passed ? 1 : 0;
    table.add_row(
        {test.node, {std::string(to_string(test.result)), style_of(test.result)}, test.detail});
  }
  for (const NodeTest& test : tests) {
    if (test.logs.empty()) continue;
    text += palette.paint(Style::bold, output::safe_text(test.node)) + "\n";
    for (const std::string& line : lines_of(test.logs)) {
      text += "  " + output::safe_text(line) + "\n";
    }
    text += "\n";
  }
  text += table.render(palette, width);
  text += "\n" + std::to_string(passed) + " of " + std::to_string(tests.size()) +
          (tests.size() == 1 ? " node passed\n" : " nodes passed\n");
  return text;
}

Json test_json(const std::vector<NodeTest>& tests) {
  Json results = Json::array();
  std::size_t passed = 0;
  for (const NodeTest& test : tests) {
    passed += test.result == TestResult::passed ? 1 : 0;
    Json json{{"node", test.node}, {"result", to_string(test.result)}};
    if (!test.pod.empty()) json.emplace("pod", test.pod);
    if (test.exit_code) json.emplace("exitCode", *test.exit_code);
    if (!test.detail.empty()) json.emplace("detail", test.detail);
    if (!test.logs.empty()) json.emplace("logs", test.logs);
    if (test.left_behind) json.emplace("leftBehind", true);
    results.push_back(std::move(json));
  }
  return Json{{"results", std::move(results)},
              {"summary", Json{{"passed", passed}, {"total", tests.size()}}}};
}

}  // namespace kai::gpu
