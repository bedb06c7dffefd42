#include <kai/audit/source/snapshot.hpp>

#include <kai/audit/facts/builder.hpp>
#include <kai/audit/source/reduce.hpp>
#include <kai/model/json.hpp>
#include <kai/model/resource.hpp>

#include <algorithm>
#include <array>
#include <functional>
#include <istream>
#include <iterator>
#include <ostream>
#include <utility>

namespace kai::audit {
namespace {

using model::Json;

constexpr std::string_view k_api_version = "kubectl-ai/v1alpha1";
constexpr std::string_view k_kind = "AuditSnapshot";
constexpr int k_format = 1;
// No object is larger: etcd takes 1.5 MiB, and some servers a little more.
constexpr std::size_t k_longest_line = std::size_t{64} << 20U;

// "Pod", "NetworkPolicy.crd.projectcalico.org": two APIs may have kinds of one name.
std::string name_of(const KindInfo& kind) {
  const std::string_view group = model::Resource::group_of(kind.api_version);
  return std::string(kind.name) + (group.empty() ? "" : "." + std::string(group));
}

std::optional<Kind> kind_named(std::string_view name) {
  for (const KindInfo& kind : all_kinds()) {
    if (name_of(kind) == name) return kind.kind;
  }
  return std::nullopt;
}

Json gap_to_json(const Gap& gap) {
  return {{"kind", gap.kind ? name_of(info(*gap.kind)) : ""},
          {"reason", gap.reason},
          {"ownNamespaceKnown", gap.what_was_asked_for_is_known}};
}

// Reads the lines of one snapshot.
class Reader {
 public:
  Reader(std::span<const Rule* const> rules, const SnapshotOptions& options)
      : m_options(options),
        m_chosen(applicable(rules, Facts::View::cluster, !options.ns.empty())),
        m_needed(kinds_for(m_chosen)),
        m_wanted(kinds_to_read(m_chosen)),
        m_builder(facts_options(options)) {}

  Result<> take(std::string_view bytes) {
    while (!bytes.empty()) {
      const std::size_t newline = bytes.find('\n');
      if (m_line.size() + std::min(newline, bytes.size()) > k_longest_line) {
        return fail(ErrorCode::invalid_input, "a line of it is longer than any object can be");
      }
      if (newline == std::string_view::npos) {
        m_line += bytes;
        return {};
      }
      m_line += bytes.substr(0, newline);
      bytes.remove_prefix(newline + 1);
      ++m_lines;
      KAI_TRY(read(m_line));
      m_line.clear();
    }
    return {};
  }

  Result<Evidence> finish() {
    if (!m_ended) {
      return fail(Error(ErrorCode::invalid_input, "the snapshot is cut off")
                      .with_hint("take it again with kubectl ai audit snapshot -o FILE"));
    }
    Evidence evidence;
    evidence.gaps = std::move(m_gaps);
    evidence.facts = m_builder.finish();
    return evidence;
  }

  // Which line of the data could not be read.
  [[nodiscard]] int lines() const { return m_lines; }

 private:
  static FactsOptions facts_options(const SnapshotOptions& options) {
    FactsOptions facts;
    facts.view = Facts::View::cluster;
    facts.only_ns = options.ns;
    facts.target = options.target;
    facts.thresholds = options.thresholds;
    facts.profile = options.profile;
    return facts;
  }

  Result<> read(std::string_view text) {
    KAI_TRY_ASSIGN(const Json line, model::parse_json(text));
    if (m_lines == 1) return read_header(line);
    if (m_ended) return fail(ErrorCode::invalid_input, "something stands behind its end");
    if (model::find_path(line, {"end"}) != nullptr) return read_end(line);
    const auto kind = kind_named(model::string_at(line, {"kind"}));
    const Json* const object = model::find_path(line, {"object"});
    // A kind that this program does not know is of no use to its rules.
    if (!kind || object == nullptr || !m_wanted.has(*kind)) return {};
    const KindInfo& about = info(*kind);
    const bool elsewhere = about.scope == KindScope::namespaced && !m_options.ns.empty() &&
                           model::string_at(*object, {"metadata", "namespace"}) != m_options.ns;
    if (!elsewhere) m_builder.add(*object, about.api_version, about.name);
    return {};
  }

  static Result<> read_header(const Json& line) {
    if (model::string_at(line, {"kind"}) != k_kind) {
      return fail(ErrorCode::invalid_input, "it is no " + std::string(k_kind));
    }
    if (model::int_at(line, {"format"}) != k_format) {
      return fail(Error(ErrorCode::invalid_input, "its format is not one that this version knows")
                      .with_hint("read it with the version of kubectl-ai that wrote it"));
    }
    return {};
  }

  Result<> read_end(const Json& line) {
    m_ended = true;
    const std::string ns(model::string_at(line, {"end", "namespace"}));
    if (!ns.empty() && ns != m_options.ns) {
      return fail(
          Error(ErrorCode::invalid_input, "it is a snapshot of the namespace " + ns + " alone")
              .with_hint("audit it with -n " + ns));
    }
    m_builder.set_now(model::int_at(line, {"end", "time"}));
    const KubeVersion server = KubeVersion::parse(model::string_at(line, {"end", "server"}));
    m_builder.set_server(server);
    if (!m_options.target.known()) {
      m_builder.set_target(server.known() ? server : KubeVersion{0, 0});
    }
    KindSet answered;
    if (const Json* const complete = model::find_path(line, {"end", "complete"})) {
      for (const Json& name : *complete) {
        const auto kind =
            name.is_string() ? kind_named(name.get_ref<const std::string&>()) : std::nullopt;
        if (!kind) continue;
        answered.add(*kind);
        if (m_wanted.has(*kind)) m_builder.set_complete(*kind);
      }
    }
    if (const Json* const gaps = model::find_path(line, {"end", "gaps"})) {
      for (const Json& gap : *gaps) {
        const auto kind = kind_named(model::string_at(gap, {"kind"}));
        if (!kind) continue;
        answered.add(*kind);
        if (m_needed.has(*kind)) {
          m_gaps.push_back({kind, std::string(model::string_at(gap, {"reason"})), std::nullopt,
                            model::bool_at(gap, {"ownNamespaceKnown"})});
        }
      }
    }
    for (const KindInfo& kind : all_kinds()) {
      if (m_needed.has(kind.kind) && !answered.has(kind.kind)) {
        m_gaps.push_back({kind.kind, "the snapshot does not have it", std::nullopt, false});
      }
    }
    std::stable_sort(m_gaps.begin(), m_gaps.end(),
                     [](const Gap& a, const Gap& b) { return a.kind < b.kind; });
    return {};
  }

  SnapshotOptions m_options;
  std::vector<const Rule*> m_chosen;
  KindSet m_needed;
  KindSet m_wanted;
  FactsBuilder m_builder;
  std::vector<Gap> m_gaps;
  std::string m_line;
  int m_lines = 0;
  bool m_ended = false;
};

}  // namespace

SnapshotWriter::SnapshotWriter(std::ostream& out, Redact redact)
    : m_gzip([&out](std::string_view bytes) -> Result<> {
        if (out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()))) return {};
        return fail(ErrorCode::io, "the snapshot cannot be written");
      }) {
  if (redact == Redact::yes) m_redactor.emplace();
}

Result<> SnapshotWriter::line(const Json& json) {
  if (!m_begun) {
    m_begun = true;
    KAI_TRY(line({{"apiVersion", k_api_version}, {"kind", k_kind}, {"format", k_format}}));
  }
  KAI_TRY(m_gzip.write(model::to_json(json)));
  return m_gzip.write("\n");
}

Result<> SnapshotWriter::add(Kind kind, Json&& object) {
  const KindInfo& about = info(kind);
  if (about.name == "Secret") return {};
  drop_last_applied(object);
  if (kind == Kind::config_map) {
    keep_read_entries(object, [this](std::string_view user) {
      return m_redactor ? m_redactor->name(user) : std::string(user);
    });
  }
  if (m_redactor) m_redactor->redact(object);
  ++m_objects;
  return line({{"kind", name_of(about)}, {"object", std::move(object)}});
}

Result<> SnapshotWriter::finish(const SnapshotEnd& end) {
  Json complete = Json::array();
  for (const KindInfo& kind : all_kinds()) {
    if (m_complete.has(kind.kind) && kind.name != "Secret") complete.push_back(name_of(kind));
  }
  Json gaps = Json::array();
  for (const Gap& gap : end.gaps) {
    gaps.push_back(gap_to_json(gap));
    // It may quote names: users "x" cannot list …
    if (m_redactor) gaps.back()["reason"] = m_redactor->name(gap.reason);
  }
  const std::string ns = m_redactor ? m_redactor->name(end.ns) : end.ns;
  KAI_TRY(line({{"end",
                 {{"namespace", ns},
                  {"time", end.time},
                  {"server", end.server.to_string()},
                  {"complete", std::move(complete)},
                  {"gaps", std::move(gaps)}}}}));
  return m_gzip.finish();
}

Result<Evidence> read_snapshot(std::istream& in, const std::string& file,
                               std::span<const Rule* const> rules, const SnapshotOptions& options) {
  Reader reader(rules, options);
  model::GzipReader gzip([&](std::string_view bytes) { return reader.take(bytes); });
  const auto run = [&]() -> Result<Evidence> {
    std::array<char, 65536> buffer;
    while (in.read(buffer.data(), buffer.size()) || in.gcount() > 0) {
      KAI_TRY(gzip.write({buffer.data(), static_cast<std::size_t>(in.gcount())}));
    }
    if (in.bad()) return fail(ErrorCode::io, "reading failed");
    KAI_TRY(gzip.finish());
    return reader.finish();
  };
  auto evidence = run();
  if (evidence) return evidence;
  Error error = std::move(evidence).error();
  error.location.reset();
  error.message = file + ": " + error.message;
  if (error.hint.empty() && error.code == ErrorCode::invalid_input) {
    error.hint = "kubectl ai audit snapshot -o FILE writes one; files of manifests go to -f";
  }
  return fail(std::move(error));
}

}  // namespace kai::audit
