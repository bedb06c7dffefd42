// Report: what an audit says. Plain values; output prints them.
#pragma once

#include <kai/audit/finding.hpp>
#include <kai/audit/finding_list.hpp>
#include <kai/base/error.hpp>
#include <kai/model/resource.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kai::audit {

// Something that could not be read, and what therefore was not decided.
struct NotChecked {
  std::string kind;  // "Pod", or "Document" for a document of a file
  std::string reason;
  std::vector<std::string> rules;  // ids, sorted
  std::optional<Location> location;
};

struct Coverage {
  std::vector<std::string> checked;  // kinds, sorted
  std::vector<NotChecked> not_checked;

  [[nodiscard]] bool complete() const { return not_checked.empty(); }
};

struct GpuSummary {
  std::int64_t total = 0;        // capacity of all nodes
  std::int64_t allocatable = 0;  // of the nodes that are ready and not cordoned
  std::int64_t allocated = 0;    // asked for by pods that hold them
  std::int64_t lost = 0;         // withdrawn, or on nodes that take no pods
  std::int64_t stranded = 0;     // free, but no CPU or memory is left to use them with
  std::int64_t unprotected = 0;  // on nodes that let every pod in
  // Whether the pods that hold GPUs were read; else allocated and stranded mean nothing.
  bool usage_known = true;
};

// One node's share of it. used + free + stranded + lost = total; when the usage is not
// known, free is what may be in use.
struct GpuNode {
  std::string name;
  std::string product;  // its label's; may be empty
  std::string state;    // Ready, Cordoned, NotReady
  std::int64_t total = 0;
  std::int64_t used = 0;
  std::int64_t free = 0;
  std::int64_t stranded = 0;
  std::int64_t lost = 0;
};

struct Summary {
  int error = 0;
  int warning = 0;
  int info = 0;
  GpuSummary gpus;

  void count(Severity severity, int by = 1);
};

// How somebody said so: in a file of exceptions, or by a mark on an object or namespace.
enum class ExceptionBy { file, mark };

// A finding that does not count, because somebody said so.
struct Excepted {
  Finding finding;
  std::string reason;
  std::string until;  // the last day, "2027-03-31"
  std::string given;  // where: "exceptions.yaml:4:3", "label of Namespace ml"
  ExceptionBy by = ExceptionBy::file;
};

// An exception that somebody should look at.
struct ExceptionNote {
  enum class State { expired, unused, invalid } state = State::unused;
  std::string rule;
  std::string scope;  // "Deployment ml/trainer"
  std::string given;
  std::string message;  // without a full stop
};
std::string_view to_string(ExceptionNote::State state);

// A finding as a baseline or an earlier report tells of it.
struct KnownFinding {
  std::string fingerprint;
  std::string rule;
  std::string severity;
  model::ObjectRef object;
  std::string message;
};

// What a report has in common with a baseline, and what not.
struct AgainstBaseline {
  std::string file;
  FindingList known;  // in the baseline: they do not count
  std::vector<KnownFinding> gone;
};

// `findings` are those that count; exceptions and the baseline set others aside.
struct Report {
  FindingList findings;  // worst first, then by rule, namespace and name
  std::vector<Excepted> excepted;
  std::vector<ExceptionNote> exception_notes;
  std::optional<AgainstBaseline> baseline;
  Coverage coverage;
  Summary summary;
  std::vector<GpuNode> gpu_nodes;  // that advertise GPUs, by name
  std::int64_t objects = 0;        // read
  int rules = 0;                   // that ran
  std::vector<const Rule*> ran;

  // Whether a rule has seen all that it looks at, so that what it did not find is not there.
  [[nodiscard]] bool judged(std::string_view rule) const;
};

}  // namespace kai::audit
