#include <kai/audit/source/live.hpp>

#include <kai/audit/facts/builder.hpp>
#include <kai/model/json.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace kai::audit {
namespace {

// Enough to keep the server busy while a page is parsed; each holds at most two pages.
constexpr std::size_t k_workers = 3;

class Reader {
 public:
  Reader(kube::Client& client, const LiveOptions& options, KindSet needed, FactsBuilder& builder)
      : m_client(client), m_options(options), m_needed(needed), m_builder(builder) {}

  void read_all(const std::vector<Kind>& kinds) {
    std::atomic<std::size_t> next{0};
    const auto work = [&] {
      for (std::size_t at = next++; at < kinds.size() && !m_stop; at = next++) read(kinds[at]);
    };
    std::vector<std::thread> threads;
    for (std::size_t i = 1; i < std::min(k_workers, kinds.size()); ++i) threads.emplace_back(work);
    work();
    for (std::thread& thread : threads) thread.join();
  }

  // In the order of kinds, whichever came first.
  std::vector<Gap> take_gaps() {
    std::sort(m_gaps.begin(), m_gaps.end(),
              [](const Gap& a, const Gap& b) { return a.kind < b.kind; });
    return std::move(m_gaps);
  }
  [[nodiscard]] const std::optional<Error>& failure() const { return m_failure; }
  [[nodiscard]] const std::optional<Error>& unwritable() const { return m_unwritable; }
  [[nodiscard]] bool read_something() const { return m_kinds_read > 0; }

 private:
  void read(Kind kind) {
    const KindInfo& about = info(kind);
    // Without its CRD there is no such object. Discovery's answer may be old, so a list may
    // be the first to hear of that.
    const auto not_served = [&](const Error& error) {
      return error.code == ErrorCode::not_found && about.presence == Presence::custom;
    };
    const auto type = m_client.resource_type(about.api_version, about.name);
    if (!type) {
      if (not_served(type.error())) {
        finished(kind);
      } else {
        gap(kind, type.error());
      }
      return;
    }
    if (m_options.progress) m_options.progress("reading " + type->qualified());
    const auto listed = list(*type, about);
    if (listed || not_served(listed.error())) {
      finished(kind);
    } else if (kind == Kind::name_space && !m_options.ns.empty() &&
               listed.error().code == ErrorCode::forbidden) {
      read_own_namespace(*type, listed.error());
    } else {
      gap(kind, listed.error());
    }
  }

  Result<> list(const kube::ResourceType& type, const KindInfo& about) {
    kube::ListOptions options;
    options.limit = m_options.page_size;
    if (about.page > 0) options.limit = std::min(options.limit, about.page);
    options.metadata_only = about.reading == Reading::metadata;
    if (about.scope == KindScope::namespaced) options.ns = m_options.ns;
    kube::PageStream pages = m_client.list_pages(type, options);
    while (true) {
      KAI_TRY_ASSIGN(const auto page, pages.next());
      if (!page) return {};
      KAI_TRY(model::parse_list(page->body, [&](model::Json&& item) -> Result<> {
        const std::scoped_lock lock(m_mutex);
        m_builder.add(item, about.api_version, about.name);
        if (m_options.seen) m_options.seen(item);
        return record(about.kind, std::move(item));
      }));
    }
  }

  // Who may only look into a namespace may still read the namespace itself.
  void read_own_namespace(const kube::ResourceType& type, const Error& error) {
    const auto own = m_client.get(type, {}, m_options.ns);
    if (!own) {
      gap(Kind::name_space, error);
      return;
    }
    const std::scoped_lock lock(m_mutex);
    m_builder.add(own->json());
    if (m_options.seen) m_options.seen(own->json());
    static_cast<void>(record(Kind::name_space, model::Json(own->json())));
    count(Kind::name_space);
    Gap gap{Kind::name_space, "only " + m_options.ns + " could be read: " + error.message, {}};
    gap.what_was_asked_for_is_known = true;
    m_gaps.push_back(std::move(gap));
  }

  void count(Kind kind) {
    if (m_needed.has(kind)) ++m_kinds_read;
  }

  // An error of the file that is written ends everything.
  Result<> record(Kind kind, model::Json&& item) {
    if (m_options.record == nullptr) return {};
    auto written = m_options.record->add(kind, std::move(item));
    if (!written) m_unwritable = written.error();
    return written;
  }

  void finished(Kind kind) {
    const std::scoped_lock lock(m_mutex);
    m_builder.set_complete(kind);
    if (m_options.record != nullptr) m_options.record->complete(kind);
    count(kind);
  }

  void gap(Kind kind, const Error& error) {
    const std::scoped_lock lock(m_mutex);
    m_gaps.push_back({kind, error.message, std::nullopt});
    // Not being allowed to is an answer; anything else may be a cluster that is not there.
    if (error.code == ErrorCode::forbidden) count(kind);
    if (error.code == ErrorCode::cancelled) m_stop = true;
    const bool matters = m_needed.has(kind) || error.code == ErrorCode::cancelled;
    if (matters && (!m_failure || error.code == ErrorCode::cancelled)) m_failure = error;
  }

  kube::Client& m_client;
  const LiveOptions& m_options;
  KindSet m_needed;    // by rules; what else is read decides nothing
  std::mutex m_mutex;  // guards what follows
  FactsBuilder& m_builder;
  std::vector<Gap> m_gaps;
  std::optional<Error> m_failure;
  std::optional<Error> m_unwritable;
  int m_kinds_read = 0;
  std::atomic<bool> m_stop{false};
};

}  // namespace

Seconds now_of(const Context& context) {
  return std::chrono::duration_cast<std::chrono::seconds>(context.clock().time_since_epoch())
      .count();
}

Result<Evidence> read_cluster(kube::Client& client, const Context& context,
                              std::span<const Rule* const> rules, const LiveOptions& options) {
  FactsOptions facts_options;
  facts_options.view = Facts::View::cluster;
  facts_options.only_ns = options.ns;
  facts_options.now = now_of(context);
  facts_options.target = options.target;
  facts_options.thresholds = options.thresholds;
  facts_options.profile = options.profile;
  FactsBuilder builder(std::move(facts_options));

  const auto chosen = applicable(rules, Facts::View::cluster, !options.ns.empty());
  const KindSet needed = kinds_for(chosen);
  const KindSet wanted = kinds_to_read(chosen);
  std::vector<Kind> kinds;
  for (const KindInfo& kind : all_kinds()) {
    if (wanted.has(kind.kind)) kinds.push_back(kind.kind);
  }
  Reader reader(client, options, needed, builder);
  reader.read_all(kinds);
  if (reader.unwritable()) return fail(*reader.unwritable());
  if (reader.failure() &&
      (!reader.read_something() || reader.failure()->code == ErrorCode::cancelled)) {
    return fail(*reader.failure());
  }
  KubeVersion server;
  if (const auto version = client.server_version()) server = {version->major, version->minor};
  builder.set_server(server);
  // A server that does not say which version it is gets the benefit of the doubt.
  if (!options.target.known()) builder.set_target(server.known() ? server : KubeVersion{0, 0});
  Evidence evidence;
  evidence.gaps = reader.take_gaps();
  // No rule misses what was read for the exceptions alone.
  std::erase_if(evidence.gaps, [&](const Gap& gap) { return gap.kind && !needed.has(*gap.kind); });
  if (options.record != nullptr) {
    KAI_TRY(options.record->finish({options.ns, now_of(context), server, evidence.gaps}));
  }
  evidence.facts = builder.finish();
  return evidence;
}

}  // namespace kai::audit
