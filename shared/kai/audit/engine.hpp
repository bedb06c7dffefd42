// The engine: runs rules over facts and makes a Report.
#pragma once

#include <kai/audit/facts/facts.hpp>
#include <kai/audit/report.hpp>
#include <kai/audit/rule.hpp>

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace kai::audit {

// Something that a source could not read in full.
struct Gap {
  // The kind; nullopt for a document that could be anything.
  std::optional<Kind> kind;
  std::string reason;  // "forbidden: …"
  std::optional<Location> location;
  // Everything about the namespace that is audited could be read, but not what lies outside:
  // only rules that need all objects of the kind miss something.
  bool what_was_asked_for_is_known = false;
};

// The rules that can judge this view: files or a whole cluster, all of it or a namespace.
std::vector<const Rule*> applicable(std::span<const Rule* const> rules, Facts::View view,
                                    bool one_namespace);

// Every kind that these rules look at.
KindSet kinds_for(std::span<const Rule* const> rules);

// These, and what else is read for them: namespaces, whose labels may hold exceptions.
KindSet kinds_to_read(std::span<const Rule* const> rules);

// Runs the applicable ones among `rules`, except those that a gap disables; with many objects
// several at a time, on all cores. The same facts give the same report, in the same order.
Report run_rules(const Facts& facts, std::span<const Rule* const> rules, std::span<const Gap> gaps);

}  // namespace kai::audit
