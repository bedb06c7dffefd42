// Snapshots: what a live audit read, in a file, to be audited again elsewhere.
//
// A gzip of JSON lines: a header, one line for each object, and at the end what was read
// in full, what was not, when, and from which version; without that last line a snapshot
// is cut off, and refused. Objects are as the server gave them, less what the audit never
// looks at (managedFields' fields, last-applied-configuration, which may hold what once
// was secret). Secrets are never in it.
#pragma once

#include <kai/audit/rule.hpp>
#include <kai/audit/source/evidence.hpp>
#include <kai/audit/source/redact.hpp>
#include <kai/base/result.hpp>
#include <kai/model/gzip.hpp>

#include <iosfwd>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace kai::model {
struct Profile;
}

namespace kai::audit {

// What a snapshot says of itself at its end.
struct SnapshotEnd {
  std::string ns;  // the only namespace that was read; empty: all
  Seconds time = 0;
  KubeVersion server;
  std::vector<Gap> gaps;
};

// Not synchronised.
class SnapshotWriter {
 public:
  enum class Redact { no, yes };
  // `out` must outlive it.
  SnapshotWriter(std::ostream& out, Redact redact);

  // Errors: io.
  Result<> add(Kind kind, model::Json&& object);
  void complete(Kind kind) { m_complete.add(kind); }
  Result<> finish(const SnapshotEnd& end);
  [[nodiscard]] std::int64_t objects() const { return m_objects; }

 private:
  Result<> line(const model::Json& json);

  model::GzipWriter m_gzip;
  std::optional<Redactor> m_redactor;
  KindSet m_complete;
  std::int64_t m_objects = 0;
  bool m_begun = false;
};

struct SnapshotOptions {
  std::string ns;      // the only namespace to audit; empty: all that the snapshot has
  KubeVersion target;  // unknown: the version of the snapshot's server
  Thresholds thresholds;
  std::shared_ptr<const model::Profile> profile;  // to compare with; null: none
};

// The evidence that read_cluster() would have given for these rules when the snapshot was
// made. `file` is for messages. Errors: invalid_input for what is no snapshot, is damaged,
// or is of another namespace.
Result<Evidence> read_snapshot(std::istream& in, const std::string& file,
                               std::span<const Rule* const> rules, const SnapshotOptions& options);

}  // namespace kai::audit
