// `gpu test`: one pod per node that asks for a GPU and runs a command with it. The pure
// half: what the pods are, and what their states mean.
#pragma once

#include "facts.hpp"

#include <kai/model/json.hpp>
#include <kai/model/node.hpp>
#include <kai/model/resource.hpp>
#include <kai/output/style.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace kai::gpu {

inline constexpr std::string_view k_test_name = "kubectl-ai-gpu-test";  // app name label
inline constexpr std::string_view k_test_image = "nvcr.io/nvidia/cuda:12.8.1-base-ubuntu22.04";

struct TestSpec {
  std::string ns;
  std::string image{k_test_image};
  std::vector<std::string> command{"nvidia-smi", "-L"};
  std::chrono::seconds deadline{120};
  bool with_runtime_class = false;  // RuntimeClass nvidia exists
  std::string run_id;               // tells the pods of one run from those of others
};

// The GPU resource to test a node with: whole GPUs before MIG devices; empty when the
// node offers none.
std::string resource_to_test(const model::Node& node);

// Goes to that node through the scheduler, so that GPUs in use are waited for and not
// taken; tolerates every taint; never restarts; ends by itself at the deadline.
model::Resource test_pod(const TestSpec& spec, const model::Node& node);

enum class TestResult { running, passed, failed, timed_out, not_run, interrupted };
std::string_view to_string(TestResult result);

struct NodeTest {
  std::string node;
  std::string pod;
  TestResult result = TestResult::running;
  std::optional<int> exit_code;
  std::string detail;  // why it is so
  std::string logs;
  bool may_come = false;     // its creation was not waited for
  bool left_behind = false;  // the pod could not be deleted
};

// What the pod's state says about its test; `running` while it is undecided.
void judge(const model::Pod& pod, NodeTest& test);

std::string test_text(const std::vector<NodeTest>& tests, const output::Palette& palette,
                      int width);
model::Json test_json(const std::vector<NodeTest>& tests);

}  // namespace kai::gpu
