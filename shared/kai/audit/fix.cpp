#include <kai/audit/fix.hpp>

#include <kai/audit/decisions.hpp>
#include <kai/audit/rule.hpp>
#include <kai/model/json_patch.hpp>

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

namespace kai::audit {
namespace {

// Digits are counted: item 10 stands behind item 9.
bool path_less(std::string_view a, std::string_view b) {
  while (!a.empty() && !b.empty()) {
    a.remove_prefix(1);
    b.remove_prefix(1);
    const std::string_view left = a.substr(0, a.find('/'));
    const std::string_view right = b.substr(0, b.find('/'));
    const auto key = [](std::string_view step) {
      const bool number = step.find_first_not_of("0123456789") == std::string_view::npos;
      return std::pair(number ? step.size() : 0, step);
    };
    if (left != right) return key(left) < key(right);
    a.remove_prefix(left.size());
    b.remove_prefix(right.size());
  }
  return a.size() < b.size();
}

bool takes_items(const Finding& finding) {
  return finding.patch->type == Patch::Type::json && model::removes_items(finding.patch->body);
}

// What takes items out of lists comes last and from the end, so that every patch still
// finds the items that it was made for.
std::vector<const Finding*> in_order(const Fix& fix) {
  std::vector<const Finding*> findings = fix.findings;
  const auto removals =
      std::stable_partition(findings.begin(), findings.end(),
                            [](const Finding* finding) { return !takes_items(*finding); });
  std::stable_sort(removals, findings.end(), [](const Finding* a, const Finding* b) {
    return path_less(b->path.pointer(), a->path.pointer());
  });
  return findings;
}

}  // namespace

bool Fix::names_items() const {
  return std::any_of(findings.begin(), findings.end(), [](const Finding* finding) {
    return finding->patch->type == Patch::Type::json && model::names_items(finding->patch->body);
  });
}

Fixes collect_fixes(const Report& report, const IsNamed& is_named) {
  Fixes fixes;
  using Key = std::tuple<model::ObjectRef, std::uint32_t, std::int32_t>;
  std::map<Key, std::size_t> index;
  for (Finding&& each : report.findings) {
    if (!each.patch) {
      ++fixes.without_patch;
      continue;
    }
    const Finding& finding = fixes.findings.emplace_back(std::move(each));
    const std::string rule(finding.rule->id);
    if (const auto question = decision_about(rule); !question.empty() && !is_named(rule)) {
      fixes.left.push_back({&finding, "to be decided first: " + std::string(question),
                            "--select " + rule + " does it", true});
      continue;
    }
    const Key key{finding.object, finding.origin.document, finding.origin.item};
    const auto [entry, inserted] = index.emplace(key, fixes.objects.size());
    if (inserted) fixes.objects.push_back({finding.object, finding.origin, {}});
    fixes.objects[entry->second].findings.push_back(&finding);
  }
  return fixes;
}

Fixed apply_fix(const model::Json& object, const Fix& fix) {
  Fixed fixed{object, {}, {}};
  for (const Finding* const finding : in_order(fix)) {
    if (finding->patch->type == Patch::Type::merge) {
      fixed.object.merge_patch(finding->patch->body);
      fixed.made.push_back(finding);
      continue;
    }
    auto patched = model::apply_json_patch(object, fixed.object, finding->patch->body);
    if (patched) {
      fixed.object = *std::move(patched);
      fixed.made.push_back(finding);
    } else {
      fixed.left.push_back({finding, patched.error().message, {}, false});
    }
  }
  // Told worst first, whatever the order of the patches.
  std::sort(fixed.made.begin(), fixed.made.end(), [&](const Finding* a, const Finding* b) {
    const auto& all = fix.findings;
    return std::find(all.begin(), all.end(), a) < std::find(all.begin(), all.end(), b);
  });
  return fixed;
}

}  // namespace kai::audit
