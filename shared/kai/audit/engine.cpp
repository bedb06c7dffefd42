#include <kai/audit/engine.hpp>

#include <kai/audit/facts/gpu_nodes.hpp>
#include <kai/base/workers.hpp>

#include <algorithm>
#include <map>
#include <mutex>
#include <utility>

namespace kai::audit {
namespace {

constexpr std::size_t k_most_threads = 8;
// With fewer objects, rules take less time than threads.
constexpr std::int64_t k_worth_threads = 2000;

// FNV-1a: short, and the same on every machine and in every release.
class Fingerprint {
 public:
  void add(std::string_view text) {
    for (const char c : text) step(static_cast<unsigned char>(c));
    step(0xFF);  // in no UTF-8 text: parts cannot run into each other
  }
  [[nodiscard]] std::string text() const {
    static constexpr std::string_view k_digits = "0123456789abcdef";
    std::string digits(16, '0');
    for (std::size_t i = 0; i < digits.size(); ++i) {
      digits[digits.size() - 1 - i] = k_digits[(m_hash >> (4 * i)) & 0xFU];
    }
    return digits;
  }

 private:
  void step(unsigned char byte) { m_hash = (m_hash ^ byte) * 0x100000001B3ULL; }
  std::uint64_t m_hash = 0xCBF29CE484222325ULL;
};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// The name by which an object is known again after it was made anew: a pod stands for its
// controller (but not a StatefulSet's, whose names stay), and a Job for its CronJob, which
// appends the minute that it is due at.
model::ObjectRef lasting(const model::ObjectRef& object, const Facts& facts) {
  model::ObjectRef ref = object;
  if (ref.kind == "Pod") {
    const Pod* const pod = facts.pod(ref.ns, ref.name);
    if (pod != nullptr && pod->owner != nullptr &&
        pod->owner->kind != std::string_view("StatefulSet") && !pod->is_static) {
      ref = controller_ref(*pod);
    }
  }
  if (ref.kind == "Job") {
    constexpr std::size_t k_minutes = 8;  // digits of a time in minutes, until 2160
    const std::size_t dash = ref.name.rfind('-');
    if (dash != std::string::npos && dash > 0 && ref.name.size() - dash - 1 == k_minutes &&
        std::all_of(ref.name.begin() + static_cast<std::ptrdiff_t>(dash) + 1, ref.name.end(),
                    &is_digit)) {
      ref.name.resize(dash);
    }
  }
  return ref;
}

// What stays the same when files are moved, lines shift, API versions change and pods are
// made anew.
std::string fingerprint_of(const Finding& finding, const Facts& facts) {
  const model::ObjectRef object = lasting(finding.object, facts);
  Fingerprint print;
  print.add(finding.rule->id);
  print.add(model::Resource::group_of(object.api_version));
  print.add(object.kind);
  print.add(object.ns);
  print.add(object.name);
  print.add(finding.subject.empty() ? finding.path.pointer() : finding.subject);
  return print.text();
}

// What a kind is called in reports: other APIs have a NetworkPolicy too, and theirs is
// told apart by its group.
std::string name_of(const KindInfo& kind) {
  const bool is_second =
      std::any_of(all_kinds().begin(), all_kinds().end(),
                  [&](const KindInfo& k) { return k.name == kind.name && k.kind < kind.kind; });
  if (!is_second) return std::string(kind.name);
  return std::string(kind.name) + "." + std::string(model::Resource::group_of(kind.api_version));
}

// Kinds are reported once each, with the rules that they disable or narrow.
std::vector<NotChecked> describe_gaps(std::span<const Gap> gaps,
                                      std::span<const Rule* const> rules) {
  std::vector<NotChecked> list;
  for (const Gap& gap : gaps) {
    NotChecked entry;
    entry.kind = gap.kind ? name_of(info(*gap.kind)) : "Document";
    entry.reason = gap.reason;
    entry.location = gap.location;
    for (const Rule* const rule : rules) {
      const bool narrowed =
          gap.kind && rule->reads.has(*gap.kind) && !gap.what_was_asked_for_is_known;
      if (narrowed || (gap.kind && rule->needs.has(*gap.kind))) {
        entry.rules.emplace_back(rule->id);
      }
    }
    std::sort(entry.rules.begin(), entry.rules.end());
    list.push_back(std::move(entry));
  }
  return list;
}

// Whether an object is one that was asked about: with -n, those of the namespace, and the
// namespace itself.
bool belongs(const model::ObjectRef& object, const Facts& facts) {
  if (facts.only_ns.empty()) return true;
  return object.ns == facts.only_ns ||
         (object.ns.empty() && object.kind == "Namespace" && object.name == facts.only_ns);
}

}  // namespace

std::string Finding::full_message() const {
  std::string text = message;
  for (const std::string& detail : details) text += "; " + detail;
  return text;
}

void Summary::count(Severity severity, int by) {
  switch (severity) {
    case Severity::error: error += by; break;
    case Severity::warning: warning += by; break;
    case Severity::info: info += by; break;
  }
}

bool Report::judged(std::string_view id) const {
  const auto is_it = [id](const Rule* rule) { return rule->id == id; };
  if (std::none_of(ran.begin(), ran.end(), is_it)) return false;
  return std::none_of(
      coverage.not_checked.begin(), coverage.not_checked.end(), [id](const NotChecked& gap) {
        const auto& named = gap.rules;
        return gap.kind == "Document" || std::find(named.begin(), named.end(), id) != named.end();
      });
}

std::vector<const Rule*> applicable(std::span<const Rule* const> rules, Facts::View view,
                                    bool one_namespace) {
  std::vector<const Rule*> chosen;
  for (const Rule* const rule : rules) {
    const Where unfit = view == Facts::View::files ? Where::cluster : Where::files;
    if (rule->where == unfit) continue;
    if (one_namespace && rule->about == About::cluster) continue;
    chosen.push_back(rule);
  }
  return chosen;
}

KindSet kinds_for(std::span<const Rule* const> rules) {
  KindSet kinds;
  for (const Rule* const rule : rules) {
    kinds.add(rule->needs);
    kinds.add(rule->reads);
  }
  return kinds;
}

KindSet kinds_to_read(std::span<const Rule* const> rules) {
  KindSet kinds = kinds_for(rules);
  const bool in_namespaces = std::any_of(rules.begin(), rules.end(), [](const Rule* rule) {
    return rule->about == About::namespaced;
  });
  if (in_namespaces) kinds.add(Kind::name_space);
  return kinds;
}

Report run_rules(const Facts& facts, std::span<const Rule* const> rules,
                 std::span<const Gap> gaps) {
  Report report;
  const auto chosen = applicable(rules, facts.view, !facts.only_ns.empty());
  for (const Rule* const rule : chosen) {
    const bool blind = std::any_of(gaps.begin(), gaps.end(), [&](const Gap& gap) {
      return gap.kind && rule->needs.has(*gap.kind);
    });
    if (!blind) report.ran.push_back(rule);
  }
  report.rules = static_cast<decltype(report.rules)>(report.ran.size());
  // Findings of different rules may come in any order: they are sorted.
  std::mutex mutex;
  share_work(report.ran.size(), facts.objects < k_worth_threads ? 1 : cores(k_most_threads),
             [&](std::size_t at) {
               const Rule* const rule = report.ran[at];
               Findings findings([&](Finding&& finding) {
                 if (!belongs(finding.object, facts)) return;
                 finding.rule = rule;
                 if (finding.fix.empty()) finding.fix = rule->fix;
                 finding.fingerprint = fingerprint_of(finding, facts);
                 const std::scoped_lock lock(mutex);
                 report.summary.count(rule->severity);
                 report.findings.push_back(finding);
               });
               rule->check(facts, findings);
             });
  report.findings.sort();
  report.coverage.checked = facts.kinds_seen;
  if (facts.view == Facts::View::cluster) {
    // What was listed and is empty was checked, too.
    for (const KindInfo& kind : all_kinds()) {
      if (facts.complete.has(kind.kind)) report.coverage.checked.push_back(name_of(kind));
    }
    auto& checked = report.coverage.checked;
    std::sort(checked.begin(), checked.end());
    checked.erase(std::unique(checked.begin(), checked.end()), checked.end());
  }
  report.coverage.not_checked = describe_gaps(gaps, chosen);
  report.summary.gpus = summarize_gpus(facts);
  report.gpu_nodes = gpus_by_node(facts);
  report.objects = facts.objects;
  return report;
}

}  // namespace kai::audit
