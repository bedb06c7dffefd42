#include "request.hpp"

#include <kai/model/gpu.hpp>
#include <kai/model/names.hpp>

#include <array>
#include <utility>

namespace kai::gpu {

namespace {

class Problems {
 public:
  void add(std::string text) { m_texts.push_back(std::move(text)); }
  void add(const std::string& where, const Result<>& checked) {
    if (!checked) add(where + ": " + checked.error().message);
  }
  [[nodiscard]] Result<> result() const {
    if (m_texts.empty()) return {};
    std::string message = m_texts.front();
    for (std::size_t i = 1; i < m_texts.size(); ++i) message += "; " + m_texts[i];
    return fail(Error(ErrorCode::usage, std::move(message)).with_hint("nothing was written"));
  }

 private:
  std::vector<std::string> m_texts;
};

void read_labels(const SetupFlags& flags, const std::optional<model::GpuProfile>& profile,
                 SetupRequest& request, Problems& problems) {
  if (!flags.labels.empty()) {
    for (const std::string& text : flags.labels) {
      const std::size_t equals = text.find('=');
      if (equals == std::string::npos) {
        problems.add("--label " + text + " must be KEY=VALUE");
        continue;
      }
      const std::string key = text.substr(0, equals);
      const std::string value = text.substr(equals + 1);
      const auto [entry, inserted] = request.labels.emplace(key, value);
      if (!inserted && entry->second != value) {
        problems.add("--label " + key + " is given twice with different values");
      }
    }
  } else if (profile && profile->labels) {
    request.labels = *profile->labels;
  } else {
    request.labels.emplace(model::k_nvidia_gpu, "true");
  }
  for (const auto& [key, value] : request.labels) {
    problems.add("label " + key, model::check_label_key(key));
    problems.add("label " + key, model::check_label_value(value));
  }
}

void read_taint(const SetupFlags& flags, const std::optional<model::GpuProfile>& profile,
                SetupRequest& request, Problems& problems) {
  std::string text = "nvidia.com/gpu=true:NoSchedule";
  request.taint_is_explicit = true;
  if (!flags.taint.empty()) {
    text = flags.taint;
  } else if (profile && profile->taint) {
    text = *profile->taint;
  } else {
    request.taint_is_explicit = false;
  }
  if (text == "none") return;
  auto taint = model::Taint::parse(text);
  if (taint) {
    request.taint = *std::move(taint);
  } else {
    problems.add("taint " + text + ": " + taint.error().message);
  }
}

void read_stack(const SetupFlags& flags, const std::optional<model::GpuProfile>& profile,
                SetupRequest& request, Problems& problems) {
  std::string text = flags.stack;
  if (text.empty() && profile && profile->stack) text = *profile->stack;
  static constexpr std::array k_choices = {
      std::pair{std::string_view(), StackChoice::automatic},
      std::pair{std::string_view("device-plugin"), StackChoice::device_plugin},
      std::pair{std::string_view("operator"), StackChoice::gpu_operator},
      std::pair{std::string_view("none"), StackChoice::none}};
  for (const auto& [word, choice] : k_choices) {
    if (text == word) {
      request.stack = choice;
      return;
    }
  }
  problems.add("stack \"" + text + "\" must be device-plugin, operator or none");
}

void read_sharing(const SetupFlags& flags, const std::optional<model::GpuProfile>& profile,
                  SetupRequest& request, Problems& problems) {
  auto time_slicing = flags.time_slicing;
  auto mps = flags.mps;
  // A flag for one way of sharing overrides the profile's choice of the other.
  if (!time_slicing && !mps && profile) {
    time_slicing = profile->time_slicing;
    mps = profile->mps;
  }
  std::string mig = flags.mig_strategy;
  if (mig.empty() && profile && profile->mig_strategy) mig = *profile->mig_strategy;
  if (!mig.empty()) request.mig_strategy = mig;
  if (request.mig_strategy != "none" && request.mig_strategy != "single" &&
      request.mig_strategy != "mixed") {
    problems.add("MIG strategy \"" + mig + "\" must be none, single or mixed");
  }

  const auto check = [&](std::string_view what, std::int64_t replicas, std::int64_t most) {
    if (replicas < 2 || replicas > most) {
      problems.add(std::string(what) + " " + std::to_string(replicas) +
                   ": a GPU is shared by 2 to " + std::to_string(most) + " pods");
    }
  };
  if (time_slicing) {
    check("time-slicing", *time_slicing, model::k_max_time_slices);
    request.sharing = {SharingMode::time_slicing, static_cast<int>(*time_slicing)};
  }
  if (mps) {
    check("MPS", *mps, model::k_max_mps_clients);
    request.sharing = {SharingMode::mps, static_cast<int>(*mps)};
  }
  if (time_slicing && mps) {
    problems.add("time-slicing and MPS exclude each other: choose one");
  }
  if (mps && request.mig_strategy != "none") {
    problems.add("MPS does not work with MIG: leave one of them out");
  }
  const bool configured = time_slicing || mps || request.mig_strategy != "none";
  if (configured &&
      (request.stack == StackChoice::gpu_operator || request.stack == StackChoice::none)) {
    problems.add(
        "sharing and MIG are settings of our device plugin: with another stack they "
        "belong into its own configuration");
  }
}

void read_nodes(const SetupFlags& flags, const std::optional<model::GpuProfile>& profile,
                SetupRequest& request, Problems& problems) {
  request.nodes = flags.nodes;
  request.detected = flags.detected;
  std::string selector = flags.selector;
  // Nodes on the command line are a choice of their own, not an addition.
  if (request.nodes.empty() && selector.empty() && !request.detected && profile) {
    request.nodes = profile->nodes;
    selector = profile->selector.value_or("");
  }
  if (!selector.empty()) {
    auto parsed = model::LabelSelector::parse(selector);
    if (parsed) {
      request.selector = *std::move(parsed);
    } else {
      problems.add("selector: " + parsed.error().message);
    }
  }
  for (const std::string& name : request.nodes) {
    problems.add("node \"" + name + "\"", model::check_dns_subdomain(name));
  }
}

}  // namespace

Result<SetupRequest> make_request(const SetupFlags& flags,
                                  const std::optional<model::GpuProfile>& profile) {
  SetupRequest request;
  Problems problems;
  read_nodes(flags, profile, request, problems);
  read_labels(flags, profile, request, problems);
  read_taint(flags, profile, request, problems);
  read_stack(flags, profile, request, problems);
  read_sharing(flags, profile, request, problems);
  KAI_TRY(problems.result());
  if (!request.selects_nodes()) {
    return fail(Error(ErrorCode::usage, "no nodes given")
                    .with_hint("name them, or select them by -l LABEL or --detected, or in a "
                               "profile with -f"));
  }
  return request;
}

}  // namespace kai::gpu
