#include "request.hpp"

#include <kai/cli/profile_file.hpp>
#include <kai/model/gpu.hpp>

#include <algorithm>
#include <utility>

namespace kai::quota {
namespace {

using model::Quantity;
using model::ResourceAmounts;

using Problems = cli::FlagProblems;

std::optional<Quantity> read_amount(std::string_view flag, const std::string& text,
                                    Problems& problems) {
  const auto amount = Quantity::parse(text);
  if (!amount) {
    problems.add(std::string(flag) + ": " + amount.error().message);
    return std::nullopt;
  }
  if (*amount < Quantity()) {
    problems.add(std::string(flag) + ": " + text + " is below zero");
    return std::nullopt;
  }
  return *amount;
}

ResourceAmounts read_amounts(std::string_view flag, const std::vector<std::string>& texts,
                             Problems& problems) {
  ResourceAmounts amounts;
  for (const std::string& text : texts) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      problems.add(std::string(flag) + " " + text + " must be RESOURCE=AMOUNT");
      continue;
    }
    const std::string name = text.substr(0, equals);
    const std::string where = std::string(flag) + " " + name;
    const auto amount = read_amount(where, text.substr(equals + 1), problems);
    if (!amount) continue;
    if (!amounts.emplace(name, *amount).second) problems.add(where + " is given twice");
  }
  return amounts;
}

// A key that the API server accepts and never counts becomes the one that was meant.
void rewrite_inert(ResourceAmounts& hard, const std::string& where, Request& request,
                   Problems& problems) {
  ResourceAmounts rewritten;
  for (const auto& [key, amount] : hard) {
    const std::string counting = model::counting_quota_key(key);
    const std::string& name = counting.empty() ? key : counting;
    if (!counting.empty()) {
      request.notes.push_back(where + ": " + key + " becomes " + counting +
                              ", as Kubernetes counts no quota of " + key);
    }
    if (!rewritten.emplace(name, amount).second) {
      problems.add(where + ": " + name + " is given twice");
    }
  }
  hard = std::move(rewritten);
}

Wanted wanted_of(const model::NamespaceProfile& profile) {
  Wanted wanted;
  wanted.ns = profile.name;
  wanted.complete = true;
  if (profile.quota) wanted.quotas.emplace("", *profile.quota);
  for (const auto& [priority, hard] : profile.quota_by_priority) {
    wanted.quotas.emplace(priority, hard);
  }
  wanted.defaults = profile.defaults;
  return wanted;
}

void override_with(const QuotaFlags& flags, Wanted& wanted, Problems& problems) {
  ResourceAmounts hard = read_amounts("--hard", flags.hard, problems);
  if (!flags.gpus.empty()) {
    const std::string key = "requests." + std::string(model::k_nvidia_gpu);
    const auto amount = read_amount("--gpus", flags.gpus, problems);
    if (amount && !hard.emplace(key, *amount).second) problems.add("--gpus and --hard " + key);
  }
  for (auto& [key, amount] : hard) wanted.quotas[""].insert_or_assign(key, amount);
  const ResourceAmounts defaults = read_amounts("--default", flags.defaults, problems);
  if (defaults.empty()) return;
  if (!wanted.defaults) wanted.defaults.emplace();
  for (const auto& [name, amount] : defaults) {
    wanted.defaults->requests.insert_or_assign(name, amount);
    wanted.defaults->limits.insert_or_assign(name, amount);
  }
}

bool asks_for_nothing(const Wanted& wanted) {
  return wanted.quotas.empty() && !wanted.defaults;
}

}  // namespace

Result<Request> make_request(const QuotaFlags& flags, const model::Profile* profile) {
  Request request;
  Problems problems;
  const bool overrides = !flags.gpus.empty() || !flags.hard.empty() || !flags.defaults.empty();
  if (profile != nullptr) {
    KAI_TRY_ASSIGN(const auto chosen, cli::choose_namespaces(*profile, flags.ns));
    for (const model::NamespaceProfile* const entry : chosen) {
      request.namespaces.push_back(wanted_of(*entry));
    }
    if (overrides && request.namespaces.size() != 1) {
      return fail(Error(ErrorCode::usage, "--gpus, --hard and --default are about one namespace")
                      .with_hint("name it with -n"));
    }
  } else {
    if (!overrides) {
      return fail(Error(ErrorCode::usage, "nothing is asked for")
                      .with_hint("give a profile with -f, or --gpus, --hard or --default"));
    }
    if (flags.ns.empty()) {
      return fail(Error(ErrorCode::usage, "no namespace is named").with_hint("name it with -n"));
    }
    request.namespaces.push_back({flags.ns, {}, std::nullopt, false});
  }
  if (overrides) override_with(flags, request.namespaces.front(), problems);
  for (Wanted& wanted : request.namespaces) {
    for (auto& [priority, hard] : wanted.quotas) {
      rewrite_inert(hard, wanted.ns, request, problems);
      for (const auto& [key, amount] : hard) {
        if (!amount.is_whole() && key.find("gpu") != std::string::npos) {
          problems.add(wanted.ns + ": " + key + " must be a whole number");
        }
      }
    }
  }
  KAI_TRY(problems.result());
  std::erase_if(request.namespaces,
                [](const Wanted& wanted) { return asks_for_nothing(wanted) && !wanted.complete; });
  return request;
}

}  // namespace kai::quota
