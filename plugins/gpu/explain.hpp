// Why a node serves its GPUs or does not, and why a pod runs or does not. Pure functions
// over facts; the documents and texts of `gpu explain`.
#pragma once

#include "facts.hpp"

#include <kai/model/json.hpp>
#include <kai/model/scheduling.hpp>
#include <kai/output/style.hpp>

#include <optional>
#include <string>
#include <vector>

namespace kai::gpu {

enum class Verdict { good, bad, info };

// One thing that was looked at.
struct Check {
  std::string subject;  // "ready", "label", "device plugin": stable
  Verdict verdict = Verdict::info;
  std::string text;
};

struct NodeExplanation {
  std::string node;
  bool serves = false;  // its GPUs can be used
  std::string summary;  // one sentence
  std::vector<Check> checks;
};

// `object` is the node as the server has it, for who set what. Needs facts with the pods
// of every node and the DaemonSets.
NodeExplanation explain_node(const model::Node& node, const model::Resource& object,
                             const ClusterFacts& facts);

// Nodes that refuse the pod for the same reasons.
struct Refusal {
  std::vector<std::string> nodes;
  std::vector<model::Obstacle> obstacles;  // empty: nothing is in the way
};

struct PodExplanation {
  model::ObjectRef pod;
  std::string phase;
  std::string summary;             // one sentence: the constraint that fails
  std::string asks;                // "2 nvidia.com/gpu, 4 cpu"
  std::vector<Refusal> refusals;   // for a pod that waits for a node; nearest first
  std::string scheduler;           // the scheduler's own words
  std::vector<std::string> hints;  // what to do, and what could not be judged
};

// `pod` as the server has it now; pods of the facts are what holds resources. Needs facts
// with the pods of every node.
PodExplanation explain_pod(const model::Pod& pod, const ClusterFacts& facts);

std::string node_text(const NodeExplanation& explanation, const output::Palette& palette,
                      int width);
std::string pod_text(const PodExplanation& explanation, const output::Palette& palette, int width);
model::Json to_json(const NodeExplanation& explanation);
model::Json to_json(const PodExplanation& explanation);

}  // namespace kai::gpu
