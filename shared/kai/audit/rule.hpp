// Rule: one thing that an audit looks for.
//
// A rule is a constant value: its texts, the kinds it reads, and a pure function from
// facts to findings. Rules touch nothing but facts; what was read, from where, and
// what is printed is not theirs. Each stands in rules/<id>.cpp and in the one table of
// rules.cpp.
#pragma once

#include <kai/audit/finding.hpp>
#include <kai/audit/kinds.hpp>
#include <kai/audit/threshold.hpp>

#include <span>
#include <string_view>

namespace kai::audit {

struct Facts;

enum class Category {
  gpu_nodes,
  gpu_workloads,
  quota,
  network,
  security,
  api,
  control_plane,
  monitoring,
  storage,
  backup
};
std::string_view to_string(Category category);

// Which views of a cluster a rule can judge.
//   cluster: needs to see everything (live, or a complete dump); files alone prove
//            nothing, as what they lack may exist elsewhere.
//   files:   manifests that no API server has admitted yet.
//   both:    either.
enum class Where { cluster, files, both };

// Whether a rule is about objects of a namespace, or of the cluster: with -n only the
// former run.
enum class About { cluster, namespaced };

struct Rule {
  std::string_view id;  // kebab-case, stable, never reused
  Severity severity;
  Category category;
  Where where;
  About about;
  std::string_view title;      // what is wrong, one line without a full stop
  std::string_view why;        // what happens if nobody acts
  std::string_view fix;        // what to do
  std::string_view reference;  // URL
  // Kinds of which all objects must be known, or the rule would guess: it does not run
  // when one could not be read.
  KindSet needs;
  // Kinds that it looks at, one by one: it judges those that could be read.
  KindSet reads;
  void (*check)(const Facts& facts, Findings& findings);
  std::span<const Threshold> thresholds{};

  // nullptr when it has none of that name.
  [[nodiscard]] const Threshold* threshold(std::string_view name) const;
};

}  // namespace kai::audit
