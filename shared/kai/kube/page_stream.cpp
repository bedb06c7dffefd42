#include <kai/kube/client.hpp>
#include <kai/kube/client_state.hpp>
#include <kai/kube/requester.hpp>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <utility>

namespace kai::kube {

namespace {

constexpr std::string_view k_metadata_list =
    "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
// Beside the page that the caller works on: one that is ready and one on its way.
constexpr std::size_t k_max_ahead = 2;
constexpr int k_max_recoveries = 5;  // without a page in between
// A list without pages may take the server as long as it gives itself.
constexpr std::chrono::seconds k_idle_unpaged{75};

}  // namespace

// Lives until its last request has ended, which may be after the stream.
struct PageStream::State::Shared : std::enable_shared_from_this<PageStream::State::Shared> {
  Shared(Requester& with, const ResourceType& of, ListOptions list_options)
      : requester(with), type(of), options(std::move(list_options)) {
    operation.verb = "list";
    operation.type = &type;
    operation.ns = options.ns;
  }

  [[nodiscard]] Call call(const std::string& token) const {
    Call call;
    Query query;
    query.add("labelSelector", options.label_selector);
    query.add("fieldSelector", options.field_selector);
    if (options.limit > 0) query.add("limit", std::to_string(options.limit));
    query.add("continue", token);
    call.path = type.path(options.ns) + query.text();
    // The values of Secrets never leave the server for a list.
    const bool secrets = type.group.empty() && type.plural == "secrets";
    if (options.metadata_only || secrets) call.accept = k_metadata_list;
    if (options.limit == 0) call.idle_timeout = k_idle_unpaged;
    return call;
  }

  [[nodiscard]] http::Completion completion() {
    return [self = shared_from_this()](Result<http::Response> result) {
      self->arrived(std::move(result));
    };
  }

  // Takes the token of the request that may be sent now, if there is one. With the
  // lock held; the request counts as sent afterwards.
  std::optional<std::string> take_pending() {
    if (!pending || in_flight || abandoned || ready.size() >= k_max_ahead) return std::nullopt;
    in_flight = true;
    sent_token = *std::exchange(pending, std::nullopt);
    return sent_token;
  }

  // Sends what is pending, on the caller's thread: a credential plugin may run.
  void start_pending() {
    std::optional<std::string> token;
    {
      const std::lock_guard lock(mutex);
      token = take_pending();
    }
    if (!token) return;
    auto started = requester.start(call(*token), completion());
    if (!started) arrived(fail(std::move(started).error()));
  }

  // On the transport's thread: keeps the answer and asks for the page after it.
  void arrived(Result<http::Response> result) {
    std::optional<std::string> token;
    {
      const std::lock_guard lock(mutex);
      in_flight = false;
      accept(std::move(result));
      token = take_pending();
    }
    if (token && !requester.start_now(call(*token), completion())) {
      // A plugin must run first, or the client is closing: next() finds out.
      const std::lock_guard lock(mutex);
      in_flight = false;
      pending = *token;
    }
    changed.notify_all();
  }

  // With the lock held.
  void accept(Result<http::Response> result) {
    if (result && result->status == 200) {
      // A body that cannot be read fails when the caller parses it.
      const auto header = model::peek_list_header(result->body);
      if (header && !header->continue_token.empty()) pending = header->continue_token;
    }
    ready.push_back({sent_token, std::move(result)});
  }

  struct Answer {
    std::string token;  // it was asked for with
    Result<http::Response> result;
  };

  // The next answer; nullopt after the last.
  std::optional<Answer> wait_for_answer() {
    while (true) {
      start_pending();
      std::unique_lock lock(mutex);
      changed.wait(lock, [&] { return !ready.empty() || !in_flight; });
      if (!ready.empty()) {
        std::optional<Answer> answer(std::move(ready.front()));
        ready.pop_front();
        return answer;
      }
      if (!pending) return std::nullopt;
    }
  }

  // After a 410: the token to go on with. The list is then no longer one moment's, but
  // nothing comes twice, since the server goes on behind the last page's last key.
  std::optional<std::string> fresh_token(const http::Response& response) {
    if (++recoveries > k_max_recoveries) return std::nullopt;
    const auto status = model::parse_json(response.body);
    if (!status) return std::nullopt;
    std::string token(model::string_at(*status, {"metadata", "continue"}));
    return token.empty() ? std::nullopt : std::optional(std::move(token));
  }

  Requester& requester;
  const ResourceType type;
  const ListOptions options;
  Operation operation;
  int recoveries = 0;  // since the last page; used by the caller's thread alone

  std::mutex mutex;  // guards all of the below
  std::condition_variable changed;
  std::deque<Answer> ready;
  std::optional<std::string> pending;  // the token of the next request, not sent yet
  std::string sent_token;
  bool in_flight = false;
  bool abandoned = false;
  bool inconsistent = false;
};

PageStream::State::State(Requester& requester, const ResourceType& type, const ListOptions& options)
    : shared(std::make_shared<Shared>(requester, type, options)) {
  shared->pending = "";
  shared->start_pending();
}

PageStream::State::~State() {
  const std::lock_guard lock(shared->mutex);
  shared->abandoned = true;
  shared->pending.reset();
}

PageStream::PageStream(std::unique_ptr<State> state) : m_state(std::move(state)) {}
PageStream::~PageStream() = default;
PageStream::PageStream(PageStream&&) noexcept = default;
PageStream& PageStream::operator=(PageStream&&) noexcept = default;

bool PageStream::inconsistent() const {
  const std::lock_guard lock(m_state->shared->mutex);
  return m_state->shared->inconsistent;
}

Result<std::optional<Page>> PageStream::next() {
  State::Shared& shared = *m_state->shared;
  while (std::optional<State::Shared::Answer> answer = shared.wait_for_answer()) {
    Result<http::Response>& result = answer->result;
    if (result && result->status == 401) {
      // send() renews the credentials.
      result = shared.requester.send(shared.operation, shared.call(answer->token));
      if (!result) return fail(std::move(result).error());
      const std::lock_guard lock(shared.mutex);
      shared.accept(std::move(result));
      continue;
    }
    if (result && result->status == 410) {
      if (auto token = shared.fresh_token(*result)) {
        const std::lock_guard lock(shared.mutex);
        shared.inconsistent = true;
        shared.pending = std::move(token);
        continue;
      }
    }
    if (auto error = shared.requester.to_error(result, shared.operation)) {
      if (error->code == ErrorCode::gone) {
        error->hint = "the list was read too slowly for the server: try again";
      }
      return fail(*std::move(error));
    }
    shared.recoveries = 0;
    shared.start_pending();
    return Page{std::move(result->body), shared.type, shared.options.managed_fields};
  }
  return std::optional<Page>();
}

Result<model::ListHeader> Page::each(const model::ItemSink& sink) const {
  const std::string api_version = type.api_version();
  const auto take = [&](model::Json&& item) -> Result<> {
    // A list of metadata alone calls its items PartialObjectMetadata.
    if (item.is_object()) {
      item["apiVersion"] = api_version;
      item["kind"] = type.kind;
    }
    return sink(std::move(item));
  };
  return model::parse_list(body, take, managed_fields);
}

PageStream Client::list_pages(const ResourceType& type, const ListOptions& options) {
  return PageStream(std::make_unique<PageStream::State>(m_state->requester, type, options));
}

Result<> Client::list(const ResourceType& type, const ListOptions& options,
                      const std::function<Result<>(model::Resource&&)>& each) {
  PageStream pages = list_pages(type, options);
  while (true) {
    KAI_TRY_ASSIGN(const std::optional<Page> page, pages.next());
    if (!page) return {};
    KAI_TRY(page->each([&](model::Json&& item) { return each(model::Resource(std::move(item))); }));
  }
}

Result<std::vector<model::Resource>> Client::list_all(const ResourceType& type,
                                                      const ListOptions& options) {
  ListOptions attempt = options;
  while (true) {
    std::vector<model::Resource> all;
    const auto listed = list(type, attempt, [&](model::Resource&& object) -> Result<> {
      all.push_back(std::move(object));
      return {};
    });
    if (listed) return all;
    if (listed.error().code != ErrorCode::gone || attempt.limit == 0) return fail(listed.error());
    // All at once, then: nothing can expire in between.
    attempt.limit = 0;
  }
}

}  // namespace kai::kube
