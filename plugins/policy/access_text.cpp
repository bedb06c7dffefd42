#include "access_text.hpp"

#include <kai/audit/system_subjects.hpp>
#include <kai/output/table.hpp>
#include <kai/output/text_block.hpp>

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

namespace kai::policy {

namespace {

using model::Json;
using output::Align;
using output::Column;
using output::Palette;
using output::Shrink;
using output::Style;

// People are in these.
bool is_of_administrators(const model::RbacSubject& subject) {
  return subject.kind == "Group" &&
         (subject.name == "system:masters" || subject.name == "kubeadm:cluster-admins");
}

bool is_shown(const AccessLine& line, SystemSubjects system) {
  return system == SystemSubjects::shown || !line.is_system;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

std::vector<std::string> words_of(const std::vector<model::Ability>& abilities) {
  std::vector<std::string> words;
  for (const model::Ability ability : abilities) words.emplace_back(to_string(ability));
  return words;
}

std::string table_text(const std::vector<const AccessLine*>& lines, Detail detail,
                       const Palette& palette, int width) {
  const auto any = [&](const auto& has) {
    return std::any_of(lines.begin(), lines.end(), [&](const auto* line) { return has(*line); });
  };
  const bool has_abilities = any([](const AccessLine& line) { return !line.abilities.empty(); });
  const bool has_names = any([](const AccessLine& line) { return !line.names.empty(); });
  std::vector<Column> columns = {{"SUBJECT"}, {"NAMESPACE"}, {"BINDING"}};
  if (detail == Detail::wide) columns.push_back({"ROLE"});
  if (has_abilities) columns.push_back({"CAN", Align::left, Shrink::may});
  if (has_names) columns.push_back({"ONLY", Align::left, Shrink::may});
  output::Table table(std::move(columns));
  for (const AccessLine* const line : lines) {
    const model::RbacBinding& binding = *line->binding;
    std::vector<output::Cell> cells = {line->subject->to_string(),
                                       binding.cluster_wide() ? "*" : binding.ns, binding.name};
    if (detail == Detail::wide) cells.emplace_back(binding.role_kind + "/" + binding.role);
    if (has_abilities) {
      const bool is_all = line->abilities.front() == model::Ability::everything;
      cells.emplace_back(joined(words_of(line->abilities)), is_all ? Style::bad : Style::plain);
    }
    if (has_names) cells.emplace_back(joined(line->names));
    table.add_row(std::move(cells));
  }
  return table.render(palette, detail == Detail::wide ? 0 : width);
}

Json ref_json(const std::string& kind, const std::string& ns, const std::string& name) {
  Json json = {{"kind", kind}, {"name", name}};
  if (!ns.empty()) json["namespace"] = ns;
  return json;
}

Json line_json(const AccessLine& line) {
  const model::ObjectRef binding = line.binding->ref();
  const model::ObjectRef role = line.binding->role_ref();
  return {{"subject", ref_json(line.subject->kind, line.subject->ns, line.subject->name)},
          {"binding", ref_json(binding.kind, binding.ns, binding.name)},
          {"role", ref_json(role.kind, role.ns, role.name)},
          {"system", line.is_system}};
}

Json not_seen_json(const std::vector<NotSeen>& not_seen) {
  Json list = Json::array();
  for (const NotSeen& item : not_seen) {
    list.push_back({{"what", item.what}, {"reason", item.reason}});
  }
  return list;
}

}  // namespace

AccessLine make_line(const model::RbacSubject& subject, const model::RbacBinding& binding) {
  AccessLine line;
  line.subject = &subject;
  line.binding = &binding;
  line.is_system = !is_of_administrators(subject) &&
                   audit::is_system_subject(subject.kind, subject.ns, subject.name);
  return line;
}

std::string answer_text(const AccessAnswer& answer, Detail detail, SystemSubjects system,
                        const Palette& palette, int width) {
  std::vector<const AccessLine*> shown;
  std::set<model::RbacSubject> hidden;
  for (const AccessLine& line : answer.lines) {
    if (is_shown(line, system)) {
      shown.push_back(&line);
    } else {
      hidden.insert(*line.subject);
    }
  }
  const std::string head = shown.empty() ? answer.nobody : answer.head;
  std::string text = palette.paint(Style::bold, output::wrap_hanging(head, 0, width)) + "\n";
  if (!shown.empty()) text += "\n" + table_text(shown, detail, palette, width);
  if (!hidden.empty() || !answer.not_seen.empty()) text += "\n";
  if (!hidden.empty()) {
    const std::string count = std::to_string(hidden.size());
    text += output::wrap_hanging(
                "and " + count + (hidden.size() == 1 ? " subject" : " subjects") +
                    " of Kubernetes itself and its infrastructure, which --system shows",
                0, width) +
            "\n";
  }
  for (const NotSeen& item : answer.not_seen) {
    constexpr std::string_view k_mark = "not seen  ";
    text += palette.paint(Style::warning, k_mark) +
            output::wrap_hanging(item.what + ": " + item.reason, static_cast<int>(k_mark.size()),
                                 width) +
            "\n";
  }
  return text;
}

std::string answer_names(const AccessAnswer& answer, SystemSubjects system) {
  std::set<std::string> names;
  for (const AccessLine& line : answer.lines) {
    if (is_shown(line, system)) names.insert(output::safe_text(line.subject->to_string()));
  }
  std::string text;
  for (const std::string& name : names) text += name + "\n";
  return text;
}

Json whocan_json(const AccessAnswer& answer, const model::AccessRequest& request) {
  Json asked = {{"verb", request.verb}};
  const auto put = [&asked](std::string_view key, const std::string& value) {
    if (!value.empty()) asked[std::string(key)] = value;
  };
  if (request.url.empty()) {
    asked["group"] = request.group;
    asked["resource"] = request.resource;
  }
  put("subresource", request.subresource);
  put("name", request.name);
  put("namespace", request.ns);
  put("url", request.url);
  Json grants = Json::array();
  for (const AccessLine& line : answer.lines) {
    Json grant = line_json(line);
    if (!line.names.empty()) grant["names"] = line.names;
    grants.push_back(std::move(grant));
  }
  return {{"request", std::move(asked)},
          {"grants", std::move(grants)},
          {"notSeen", not_seen_json(answer.not_seen)}};
}

Json review_json(const AccessAnswer& answer, const std::string& ns) {
  Json grants = Json::array();
  for (const AccessLine& line : answer.lines) {
    Json grant = line_json(line);
    grant["abilities"] = words_of(line.abilities);
    grants.push_back(std::move(grant));
  }
  Json body = {{"grants", std::move(grants)}, {"notSeen", not_seen_json(answer.not_seen)}};
  if (!ns.empty()) body["namespace"] = ns;
  return body;
}

}  // namespace kai::policy
