// The file source: reads manifests or dumps of a cluster from files, directories and
// standard input.
//
// Documents are reduced to facts and dropped; where they stood is kept, so that a finding
// can be traced to its line afterwards by reading that one document again.
#pragma once

#include <kai/audit/report.hpp>
#include <kai/audit/source/evidence.hpp>
#include <kai/base/result.hpp>

#include <iosfwd>
#include <memory>
#include <string>
#include <vector>

namespace kai::model {
struct Profile;
}

namespace kai::audit {

struct FilesOptions {
  // Files, directories (searched for *.yaml, *.yml and *.json below them, hidden ones left
  // out) and "-" for standard input.
  std::vector<std::string> paths;
  // cluster: the files are everything that the cluster holds (a dump of it).
  Facts::View view = Facts::View::files;
  std::string default_ns;  // of namespaced objects that name none
  std::string only_ns;     // with a dump: the one namespace to audit
  KubeVersion target;      // unknown: the newest that is known
  Thresholds thresholds;
  std::shared_ptr<const model::Profile> profile;  // to compare with; null: none
  std::size_t threads = 0;  // that parse; 0: one for each core, if there is enough to do
};

// Where a document was read.
struct DocumentPlace {
  std::string path;  // as it was given; empty: standard input
  int line = 0;      // of its first node
};

class FileSource {
 public:
  // Reads everything. `in` is what "-" stands for. A document that cannot be read, or is
  // no Kubernetes object, becomes a gap, as does a file of more than 1 GiB, and the rest is
  // read all the same. Errors: a path
  // that does not exist or cannot be read; input without any document.
  static Result<FileSource> read(const FilesOptions& options, std::istream& in);
  ~FileSource();
  FileSource(FileSource&&) noexcept;
  FileSource& operator=(FileSource&&) noexcept;

  [[nodiscard]] const Evidence& evidence() const;
  // Documents of directories that were passed over because they are no Kubernetes objects.
  [[nodiscard]] const std::vector<Location>& passed_over() const;
  // Fills in the location of every finding that came from a document. Reads those
  // documents again; one that has changed meanwhile keeps its old first line.
  void locate(Report& report) const;
  // `origin` must be one of this source's.
  [[nodiscard]] DocumentPlace place_of(const Origin& origin) const;
  // What was read from standard input.
  [[nodiscard]] const std::string& input_text() const;

 private:
  struct State;
  explicit FileSource(std::unique_ptr<State> state);
  std::unique_ptr<State> m_state;
};

}  // namespace kai::audit
