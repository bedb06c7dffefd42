#include "explain.hpp"

#include <kai/model/gpu.hpp>
#include <kai/output/text_block.hpp>

#include <algorithm>
#include <map>

namespace kai::gpu {

namespace {

using model::Node;
using model::Obstacle;
using model::ObstacleKind;
using model::Pod;

std::string asks_of(const Pod& pod) {
  // GPUs first: they are what this is about.
  std::string gpus;
  std::string rest;
  for (const auto& [name, amount] : pod.requests) {
    if (amount.is_zero()) continue;
    std::string& text = model::is_gpu_resource(name) ? gpus : rest;
    text += (text.empty() ? "" : ", ") + amount.to_string() + " " + name;
  }
  if (gpus.empty()) return rest.empty() ? "nothing" : rest;
  return rest.empty() ? gpus : gpus + ", " + rest;
}

std::string join(const std::vector<std::string>& words, std::string_view separator) {
  std::string text;
  for (const std::string& word : words) {
    text += (text.empty() ? "" : std::string(separator)) + word;
  }
  return text;
}

// Obstacles of one kind and wording make nodes alike.
std::string signature(const std::vector<Obstacle>& obstacles) {
  std::string text;
  for (const Obstacle& obstacle : obstacles) text += obstacle.detail + "\n";
  return text;
}

class PodExplainer {
 public:
  PodExplainer(const Pod& pod, const ClusterFacts& facts) : m_pod(pod), m_facts(facts) {}

  PodExplanation explain() {
    m_result.pod = m_pod.ref();
    m_result.phase = m_pod.deleting ? "Terminating" : m_pod.phase;
    m_result.asks = asks_of(m_pod);
    if (const model::Condition* scheduled = m_pod.condition("PodScheduled");
        scheduled != nullptr && scheduled->status != "True") {
      m_result.scheduler = scheduled->message;
    }
    if (m_pod.finished()) {
      explain_end();
    } else if (!m_pod.placement.node_name.empty()) {
      explain_bound();
    } else {
      explain_waiting();
    }
    return std::move(m_result);
  }

 private:
  void explain_end() {
    std::string text = m_pod.phase == "Failed" ? "failed" : "has succeeded";
    if (!m_pod.reason.empty()) text += " (" + m_pod.reason + ")";
    if (!m_pod.message.empty()) text += ": " + m_pod.message;
    for (const model::ContainerState& container : m_pod.containers) {
      if (container.terminated && container.exit_code != 0) {
        text +=
            "; container " + container.name + " exited with " + std::to_string(container.exit_code);
        if (!container.terminated_reason.empty()) text += " (" + container.terminated_reason + ")";
      }
    }
    m_result.summary = std::move(text);
    if (m_pod.reason == "UnexpectedAdmissionError") {
      m_result.hints.emplace_back("the kubelet had no healthy GPU left to hand out: explain node " +
                                  m_pod.placement.node_name);
    }
  }

  // It has its node: what is missing is there, not in the scheduler.
  void explain_bound() {
    const std::string& name = m_pod.placement.node_name;
    std::string text = (m_pod.phase == "Running" ? "runs on " : "has node ") + name;
    for (const model::ContainerState& container : m_pod.containers) {
      if (container.waiting_reason.empty()) continue;
      text += "; container " + container.name + ": " + container.waiting_reason;
      if (!container.waiting_message.empty()) text += " (" + container.waiting_message + ")";
      if (container.waiting_message.find("no runtime for \"") != std::string::npos) {
        m_result.hints.emplace_back(
            "the node's container runtime does not know the RuntimeClass's "
            "handler: kubectl ai node prepares it");
      }
    }
    const Node* node = m_facts.node(name);
    if (node == nullptr) {
      text += ", which does not exist any more";
    } else if (!node->ready()) {
      text += ", which is NotReady";
    }
    m_result.summary = std::move(text);
  }

  void explain_waiting() {
    if (!m_pod.scheduling_gates.empty()) {
      m_result.summary = "waits for scheduling gate " + join(m_pod.scheduling_gates, ", ") +
                         ": no scheduler looks at it before that is removed";
      return;
    }
    judge_nodes();
    const auto fits =
        std::find_if(m_result.refusals.begin(), m_result.refusals.end(),
                     [](const Refusal& refusal) { return refusal.obstacles.empty(); });
    if (fits != m_result.refusals.end()) {
      m_result.summary = "nothing that can be judged here keeps it off " + fits->nodes.front();
      if (m_pod.condition("PodScheduled") == nullptr) {
        m_result.summary += "; no scheduler has looked at it yet";
        if (!m_pod.placement.scheduler_name.empty() &&
            m_pod.placement.scheduler_name != "default-scheduler") {
          m_result.hints.push_back("it asks for scheduler " + m_pod.placement.scheduler_name +
                                   ": does that run?");
        }
      }
    } else if (m_result.refusals.empty()) {
      m_result.summary = "the cluster has no node";
    } else {
      const Refusal& nearest = m_result.refusals.front();
      m_result.summary = "no node fits; nearest is " + nearest.nodes.front() + ": " +
                         nearest.obstacles.front().detail;
    }
    add_hints();
  }

  void judge_nodes() {
    auto usage = usage_by_node(m_facts.pods);
    std::map<std::string, Refusal> groups;
    for (const Node& node : m_facts.nodes) {
      std::vector<Obstacle> found = model::obstacles(m_pod, node, usage[node.name]);
      // A node without the GPU is out, whatever else it lacks.
      const auto absent = std::find_if(found.begin(), found.end(), [](const Obstacle& obstacle) {
        return obstacle.kind == ObstacleKind::gpu_absent;
      });
      if (absent != found.end() && node.capacity.find(absent->resource) == node.capacity.end()) {
        found = {*absent};
      }
      Refusal& group = groups[signature(found)];
      group.nodes.push_back(node.name);
      group.obstacles = std::move(found);
    }
    for (auto& [key, group] : groups) m_result.refusals.push_back(std::move(group));
    const auto distance = [](const Refusal& refusal) {
      std::size_t steps = refusal.obstacles.size();
      for (const Obstacle& obstacle : refusal.obstacles) {
        if (obstacle.kind == ObstacleKind::gpu_absent) steps += 100;
      }
      return steps;
    };
    std::stable_sort(m_result.refusals.begin(), m_result.refusals.end(),
                     [&](const Refusal& a, const Refusal& b) {
                       return std::pair(distance(a), a.nodes.front()) <
                              std::pair(distance(b), b.nodes.front());
                     });
  }

  void add_hints() {
    bool taint = false;
    bool in_use = false;
    for (const Refusal& refusal : m_result.refusals) {
      for (const Obstacle& obstacle : refusal.obstacles) {
        taint |= obstacle.kind == ObstacleKind::taint && refusal.obstacles.size() == 1;
        in_use |= obstacle.kind == ObstacleKind::gpu_in_use && obstacle.preemptible;
      }
    }
    if (taint && m_pod.gpus() > 0) {
      m_result.hints.emplace_back(
          "a toleration in the pod would open the nodes where only the "
          "taint is in the way");
    }
    if (in_use) add_preemption_hint();
    const auto not_judged = model::unchecked(m_pod.placement);
    if (!not_judged.empty()) {
      m_result.hints.push_back("not judged here: " + join(not_judged, ", "));
    }
    if (!m_pod.resource_claims.empty()) {
      m_result.hints.push_back("not judged here: resource claims (" +
                               join(m_pod.resource_claims, ", ") + ")");
    }
    for (const std::string& what : m_facts.not_read) {
      m_result.hints.push_back("not read, so use is not known: " + what);
    }
  }

  void add_preemption_hint() {
    std::int64_t held = 0;
    for (const Pod& pod : m_facts.pods) {
      if (!pod.finished() && pod.gpus() > 0 && pod.priority < m_pod.priority) held += pod.gpus();
    }
    if (m_pod.preemption_policy == "Never") {
      m_result.hints.emplace_back(
          "its PriorityClass never preempts: it waits until GPUs are freed");
    } else if (held > 0) {
      m_result.hints.push_back("pods of lower priority hold " + std::to_string(held) +
                               " GPUs: the scheduler may preempt them");
    } else {
      m_result.hints.push_back("no pod of lower priority than " + std::to_string(m_pod.priority) +
                               " holds GPUs: it waits until some are freed");
    }
  }

  const Pod& m_pod;
  const ClusterFacts& m_facts;
  PodExplanation m_result;
};

std::string node_list(const std::vector<std::string>& nodes) {
  if (nodes.size() <= 3) return join(nodes, ", ");
  return nodes.front() + " and " + std::to_string(nodes.size() - 1) + " more";
}

}  // namespace

PodExplanation explain_pod(const Pod& pod, const ClusterFacts& facts) {
  return PodExplainer(pod, facts).explain();
}

std::string pod_text(const PodExplanation& explanation, const output::Palette& palette, int width) {
  using output::Style;
  const std::string title =
      "Pod " + output::safe_text(explanation.pod.ns + "/" + explanation.pod.name);
  std::string text =
      output::wrap_hanging(title + " " + explanation.phase + ": " + explanation.summary, 2, width);
  if (text.starts_with(title)) text.replace(0, title.size(), palette.paint(Style::bold, title));
  text += "\n";
  text += palette.paint(Style::dim, "asks for ") + output::safe_text(explanation.asks) + "\n";
  if (!explanation.refusals.empty()) text += "\n";
  for (const Refusal& refusal : explanation.refusals) {
    text += "  " + palette.paint(Style::bold, output::safe_text(node_list(refusal.nodes))) + "\n";
    if (refusal.obstacles.empty()) {
      text += "    " + palette.paint(Style::good, "✓") + " nothing found in the way\n";
    }
    for (const Obstacle& obstacle : refusal.obstacles) {
      text += "    " + palette.paint(Style::bad, "✗") + " " +
              output::wrap_hanging(obstacle.detail, 6, width) + "\n";
    }
  }
  if (!explanation.scheduler.empty()) {
    text += "\n" + palette.paint(Style::dim, "scheduler: ") +
            output::wrap_hanging(explanation.scheduler, 11, width) + "\n";
  }
  if (!explanation.hints.empty()) text += "\n";
  for (const std::string& hint : explanation.hints) {
    text += palette.paint(Style::accent, "hint: ") + output::wrap_hanging(hint, 6, width) + "\n";
  }
  return text;
}

model::Json to_json(const PodExplanation& explanation) {
  model::Json nodes = model::Json::array();
  for (const Refusal& refusal : explanation.refusals) {
    model::Json obstacles = model::Json::array();
    for (const Obstacle& obstacle : refusal.obstacles) {
      model::Json json{{"constraint", model::to_string(obstacle.kind)},
                       {"detail", obstacle.detail}};
      if (!obstacle.resource.empty()) json.emplace("resource", obstacle.resource);
      if (obstacle.preemptible) json.emplace("preemptible", true);
      obstacles.push_back(std::move(json));
    }
    for (const std::string& node : refusal.nodes) {
      nodes.push_back({{"node", node}, {"obstacles", obstacles}});
    }
  }
  return model::Json{{"pod", {{"namespace", explanation.pod.ns}, {"name", explanation.pod.name}}},
                     {"phase", explanation.phase},
                     {"summary", explanation.summary},
                     {"asks", explanation.asks},
                     {"nodes", std::move(nodes)},
                     {"scheduler", explanation.scheduler},
                     {"hints", explanation.hints}};
}

}  // namespace kai::gpu
