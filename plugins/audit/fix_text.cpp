#include "fix_text.hpp"

#include <kai/audit/rule.hpp>
#include <kai/model/diff.hpp>
#include <kai/model/yaml.hpp>
#include <kai/output/text_block.hpp>
#include <kai/output/unified_diff.hpp>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

namespace kai::audit_command {
namespace {

using apply::Change;
using apply::Outcome;
using audit::Finding;
using audit::LeftOut;
using model::Json;
using output::Palette;
using output::Style;

constexpr int k_indent = 4;
constexpr std::size_t k_most_names = 12;  // on one line; the document has all

std::string padding(int columns) {
  return std::string(static_cast<std::size_t>(columns), ' ');
}

std::string block(std::string_view text, int indent, int width) {
  return padding(indent) + output::wrap_hanging(text, indent, width) + "\n";
}

std::string scalar(const std::optional<Json>& value) {
  std::string text = model::to_yaml(*value);
  text.pop_back();
  return text;
}

bool is_simple(const Change& change) {
  return std::all_of(change.fields.begin(), change.fields.end(), [](const auto& field) {
    const bool lists = (field.before && field.before->is_structured()) ||
                       (field.after && field.after->is_structured());
    return !lists;
  });
}

std::string field_lines(const Change& change, const Palette& palette) {
  std::string text;
  for (const model::Difference& field : change.fields) {
    const std::string path = field.path.substr(field.path.starts_with('.') ? 1 : 0);
    std::string line;
    Style style = Style::warning;
    if (!field.before) {
      style = Style::good;
      line = "+ " + path + ": " + scalar(field.after);
    } else if (!field.after) {
      style = Style::bad;
      line = "- " + path + ": " + scalar(field.before);
    } else {
      line = "~ " + path + ": " + scalar(field.before) + " → " + scalar(field.after);
    }
    text += padding(k_indent) + palette.paint(style, output::safe_text(line)) + "\n";
  }
  return text;
}

std::string changed_lines(const Change& change, const ObjectPlan& plan, const Palette& palette) {
  if (is_simple(change)) return field_lines(change, palette);
  const auto yaml = [](const Json& object) {
    return model::to_yaml(model::without_bookkeeping(object));
  };
  return output::paint_diff(output::unified_diff(yaml(plan.before), yaml(plan.after)), palette,
                            k_indent, output::Ranges::leave_out);
}

// Everything that is told of an object but its name: objects that agree on it are told
// together.
std::string told_of(const Change& change, const ObjectPlan& plan, const Palette& palette,
                    int width) {
  std::string text;
  for (const Finding* const finding : plan.findings) {
    text += block(std::string(finding->rule->id) + ": " + finding->message, k_indent, width);
  }
  text += changed_lines(change, plan, palette);
  for (const std::string& impact : plan.impacts) {
    text +=
        padding(k_indent) + palette.paint(Style::warning, "! " + output::safe_text(impact)) + "\n";
  }
  for (const std::string& warning : change.warnings) {
    text += padding(k_indent) + palette.paint(Style::warning, "!") + " " +
            output::wrap_hanging(warning, k_indent + 2, width) + "\n";
  }
  return text;
}

std::string short_name(const model::ObjectRef& ref) {
  return ref.ns.empty() ? ref.name : ref.ns + "/" + ref.name;
}

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size() && i < k_most_names; ++i) {
    text += (i == 0 ? "" : ", ") + names[i];
  }
  if (names.size() > k_most_names) {
    text += ", … " + std::to_string(names.size() - k_most_names) + " more";
  }
  return text;
}

Json to_json(const model::ObjectRef& ref) {
  Json json{{"apiVersion", ref.api_version}, {"kind", ref.kind}, {"name", ref.name}};
  if (!ref.ns.empty()) json.emplace("namespace", ref.ns);
  return json;
}

Json to_json(const Finding& finding) {
  return {{"rule", finding.rule->id},
          {"severity", audit::to_string(finding.rule->severity)},
          {"message", finding.full_message()},
          {"fingerprint", finding.fingerprint}};
}

Json to_json(const Change& change, const ObjectPlan& plan) {
  Json json{{"object", to_json(change.ref)}, {"findings", findings_json(plan.findings)}};
  Json fields = Json::array();
  for (const model::Difference& field : change.fields) {
    Json entry{{"path", field.path}};
    if (field.before) entry.emplace("before", *field.before);
    if (field.after) entry.emplace("after", *field.after);
    fields.push_back(std::move(entry));
  }
  json.emplace("fields", std::move(fields));
  if (!plan.impacts.empty()) json.emplace("impacts", plan.impacts);
  if (!change.warnings.empty()) json.emplace("warnings", change.warnings);
  if (change.outcome != Outcome::planned) {
    json.emplace("outcome", apply::to_string(change.outcome));
  }
  if (change.error) json.emplace("error", change.error->to_string());
  return json;
}

}  // namespace

std::string fix_plan_text(const apply::ChangeSet& set, std::span<const ObjectPlan> plans,
                          const Palette& palette, int width) {
  struct Group {
    std::string kind;
    std::vector<std::string> names;
    std::string told;
  };
  std::vector<Group> groups;
  std::map<std::tuple<std::string, std::string>, std::size_t> index;
  for (std::size_t i = 0; i < set.changes.size(); ++i) {
    const Change& change = set.changes[i];
    std::string told = told_of(change, plans[i], palette, width);
    const auto [entry, inserted] = index.emplace(std::tuple(change.ref.kind, told), groups.size());
    if (inserted) groups.push_back({change.ref.kind, {}, std::move(told)});
    groups[entry->second].names.push_back(output::safe_text(short_name(change.ref)));
  }
  std::string text;
  for (const Group& group : groups) {
    const int indent = 3 + output::display_width(group.kind);
    text += palette.paint(Style::warning, "~") + " " + palette.paint(Style::bold, group.kind) +
            " " + output::wrap_hanging(listed(group.names), indent, width) + "\n" + group.told;
  }
  return text.empty() ? text : text + "\n";
}

std::string left_text(std::span<const LeftOut> left, const Palette& palette, int width) {
  struct Group {
    const LeftOut* first = nullptr;
    std::vector<std::string> names;
  };
  std::vector<Group> groups;
  std::map<std::tuple<const audit::Rule*, std::string, std::string>, std::size_t> index;
  for (const LeftOut& entry : left) {
    const auto [at, inserted] =
        index.emplace(std::tuple(entry.finding->rule, entry.reason, entry.hint), groups.size());
    if (inserted) groups.push_back({&entry, {}});
    std::string name = entry.finding->object.to_string();
    auto& names = groups[at->second].names;
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      names.push_back(std::move(name));
    }
  }
  std::string text;
  for (const Group& group : groups) {
    text +=
        block(std::string(group.first->finding->rule->id) + ": " + listed(group.names), 2, width);
    std::string why = group.first->reason;
    if (!group.first->hint.empty()) why += " (" + group.first->hint + ")";
    text += block(why, k_indent, width);
  }
  if (text.empty()) return text;
  return palette.paint(Style::bold, "Left as they are") + "\n" + text + "\n";
}

std::string fix_outcome_text(const apply::ChangeSet& set, const Palette& palette) {
  std::string text;
  for (const Change& change : set.changes) {
    std::string line;
    switch (change.outcome) {
      case Outcome::done: line = palette.paint(Style::good, "done      "); break;
      case Outcome::failed: line = palette.paint(Style::bad, "failed    "); break;
      case Outcome::unknown: line = palette.paint(Style::bad, "unknown   "); break;
      case Outcome::skipped:
      case Outcome::planned: line = palette.paint(Style::warning, "not done  "); break;
    }
    line += output::safe_text(change.ref.to_string());
    if (change.error) line += ": " + output::safe_text(change.error->message);
    text += line + "\n";
  }
  return text;
}

std::string count_text(std::size_t patches, std::size_t count, std::string_view what) {
  return std::to_string(patches) + (patches == 1 ? " patch for " : " patches for ") +
         std::to_string(count) + " " + std::string(what) + (count == 1 ? "" : "s");
}

Json findings_json(std::span<const Finding* const> findings) {
  Json list = Json::array();
  for (const Finding* const finding : findings) list.push_back(to_json(*finding));
  return list;
}

Json left_json(std::span<const LeftOut> left) {
  Json list = Json::array();
  for (const LeftOut& entry : left) {
    Json json = to_json(*entry.finding);
    json.emplace("object", to_json(entry.finding->object));
    json.emplace("reason", entry.reason);
    json.emplace("undecided", entry.undecided);
    if (!entry.hint.empty()) json.emplace("hint", entry.hint);
    list.push_back(std::move(json));
  }
  return list;
}

Json fix_json(const apply::ChangeSet& set, std::span<const ObjectPlan> plans,
              std::span<const LeftOut> left) {
  Json changes = Json::array();
  for (std::size_t i = 0; i < set.changes.size(); ++i) {
    changes.push_back(to_json(set.changes[i], plans[i]));
  }
  return {{"changes", std::move(changes)}, {"left", left_json(left)}, {"pending", set.pending()}};
}

}  // namespace kai::audit_command
