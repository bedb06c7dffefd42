#include "choose.hpp"

#include <kai/audit/rules.hpp>
#include <kai/audit/settings.hpp>
#include <kai/cli/text_file.hpp>
#include <kai/model/names.hpp>

#include <algorithm>
#include <string_view>

namespace kai::audit_command {
namespace {

using audit::Rule;

constexpr std::string_view k_profile_drift = "profile-drift";

Error unknown(const std::string& word, std::string_view what,
              const std::vector<std::string>& known) {
  Error error(ErrorCode::usage, "there is no " + std::string(what) + " \"" + word + "\"");
  const auto nearest = model::nearest_name(word, known);
  error.hint = nearest ? "did you mean " + *nearest + "?" : "kubectl ai audit rules lists them";
  return error;
}

bool is_named(const Rule& rule, std::string_view word) {
  return rule.id == word || audit::to_string(rule.category) == word ||
         audit::to_string(rule.severity) == word;
}

Result<> add_rules(const std::string& word, std::vector<const Rule*>& rules) {
  const std::size_t before = rules.size();
  for (const Rule* const rule : audit::all_rules()) {
    if (is_named(*rule, word)) rules.push_back(rule);
  }
  if (rules.size() > before || word == "error" || word == "warning" || word == "info") return {};
  std::vector<std::string> known = {"error", "warning", "info"};
  for (const Rule* const rule : audit::all_rules()) {
    known.emplace_back(rule->id);
    known.emplace_back(audit::to_string(rule->category));
  }
  return fail(unknown(word, "rule, category or severity", known));
}

Result<std::vector<const Rule*>> find_rules(const std::vector<std::string>& words) {
  std::vector<const Rule*> rules;
  for (std::string_view rest : words) {
    while (!rest.empty()) {
      const std::size_t comma = std::min(rest.find(','), rest.size());
      const std::string word(rest.substr(0, comma));
      rest.remove_prefix(std::min(comma + 1, rest.size()));
      if (!word.empty()) KAI_TRY(add_rules(word, rules));
    }
  }
  return rules;
}

}  // namespace

Result<const Rule*> rule_named(const std::string& id) {
  if (const Rule* const rule = audit::find_rule(id)) return rule;
  std::vector<std::string> known;
  for (const Rule* const rule : audit::all_rules()) known.emplace_back(rule->id);
  return fail(unknown(id, "rule", known));
}

Result<std::vector<const Rule*>> choose_rules(const std::vector<std::string>& select,
                                              const std::vector<std::string>& skip,
                                              WithProfile with_profile) {
  KAI_TRY_ASSIGN(std::vector<const Rule*> rules, find_rules(select));
  KAI_TRY_ASSIGN(const std::vector<const Rule*> skipped, find_rules(skip));
  if (select.empty()) rules.assign(audit::all_rules().begin(), audit::all_rules().end());
  std::sort(rules.begin(), rules.end(), [](const Rule* a, const Rule* b) { return a->id < b->id; });
  rules.erase(std::unique(rules.begin(), rules.end()), rules.end());
  std::erase_if(rules, [&](const Rule* rule) {
    return std::find(skipped.begin(), skipped.end(), rule) != skipped.end();
  });
  if (with_profile == WithProfile::no) {
    const Rule* const drift = audit::find_rule(k_profile_drift);
    if (rules.size() == 1 && rules.front() == drift) {
      return fail(Error(ErrorCode::usage, "profile-drift needs a profile to compare with")
                      .with_hint("name it with --profile FILE"));
    }
    std::erase(rules, drift);
  }
  if (rules.empty()) return fail(ErrorCode::usage, "--select and --skip leave no rule to check");
  return rules;
}

void add_config_flag(cli::Commands& commands, CLI::App& command, std::string& path) {
  commands.offer(
      command
          .add_option("--config", path, "Other thresholds of rules; audit explain RULE names them")
          ->type_name("FILE"),
      cli::Offer::files);
}

Result<audit::Thresholds> read_thresholds(cli::Session& session, const std::string& path) {
  if (path.empty()) return audit::Thresholds();
  KAI_TRY_ASSIGN(const std::string text, cli::read_text(path, session.context().in));
  KAI_TRY_ASSIGN(audit::Settings settings,
                 audit::parse_settings(text, path == "-" ? "<stdin>" : path));
  return std::move(settings.thresholds);
}

}  // namespace kai::audit_command
