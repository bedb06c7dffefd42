#include <fmt/format.h>
#include <malloc.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <kai/http/curl_transfer.hpp>
#include <kai/http/curl_transport.hpp>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace kai::http {

namespace {

using std::chrono::milliseconds;

// Cancellation and new requests wake the loop, so this only bounds an overflow.
constexpr milliseconds k_longest_wait{60'000};

}  // namespace

// The thread and what it owns. start() is the only entry for other threads; all
// they share with it is the inbox.
class CurlTransport::Loop {
 public:
  Loop(TransportOptions options, Cancel cancel, Log log);
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  void start(Request request, Completion done);
  // Requests that come from now on end at once.
  void close();
  // After close(): ends all transfers and the thread.
  void join();

 private:
  struct Arrival {
    Request request;
    Completion done;
    SteadyTime at;
  };
  using TransferPtr = std::unique_ptr<CurlTransfer>;

  void start_thread();
  void run();
  Result<> open();
  void wake() const;
  // False when the loop is to end; nothing is left then.
  bool take_arrivals();
  void refuse(Arrival arrival, Error error);
  void begin_due(SteadyTime now);
  void begin(TransferPtr transfer);
  void perform();
  void end_overdue(SteadyTime now);
  void end_all();
  void wait(SteadyTime now);
  // Takes the transfer out of the multi handle and of the list.
  TransferPtr detach(std::size_t index);
  void release_handle(CURL* easy);
  void allow_connections();
  void note_silence(const CurlTransfer& transfer, SteadyTime now);
  void note_bytes();

  TransportOptions m_options;
  const Cancel m_cancel;
  const Log m_log;
  const int m_wake;  // eventfd

  std::mutex m_mutex;  // guards the next three
  std::vector<Arrival> m_inbox;
  bool m_closed = false;
  std::thread m_thread;

  // From here on only the thread itself.
  const CurlLibrary* m_curl = nullptr;
  CURLM* m_multi = nullptr;
  std::unique_ptr<CurlSetup> m_setup;
  std::optional<Error> m_broken;  // libcurl could not be loaded
  std::vector<CURL*> m_idle_handles;
  std::vector<TransferPtr> m_delayed;
  std::vector<TransferPtr> m_active;
  SteadyTime m_next_check = SteadyTime::max();
  long m_allowed_connections = 0;
  bool m_cancelled = false;
  // Connections on which a request ran into its idle time-out, by local port, and when.
  // While they are in use and nothing arrives, new requests avoid them.
  std::map<long, SteadyTime> m_silent;
};

CurlTransport::Loop::Loop(TransportOptions options, Cancel cancel, Log log)
    : m_options(std::move(options)),
      m_cancel(std::move(cancel)),
      m_log(std::move(log)),
      m_wake(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

CurlTransport::Loop::~Loop() {
  close();
  join();
  if (m_wake >= 0) ::close(m_wake);
}

void CurlTransport::Loop::close() {
  const std::lock_guard lock(m_mutex);
  m_closed = true;
}

void CurlTransport::Loop::join() {
  wake();
  if (m_thread.joinable()) m_thread.join();
}

void CurlTransport::Loop::wake() const {
  const std::uint64_t one = 1;
  // A full counter means that the loop is going to wake anyhow.
  [[maybe_unused]] const auto written = write(m_wake, &one, sizeof one);
}

void CurlTransport::Loop::start(Request request, Completion done) {
  {
    const std::lock_guard lock(m_mutex);
    if (!m_closed) {
      m_inbox.push_back({std::move(request), std::move(done), std::chrono::steady_clock::now()});
      if (!m_thread.joinable()) start_thread();
      wake();
      return;
    }
  }
  done(fail(ErrorCode::cancelled, "the request was cancelled"));
}

void CurlTransport::Loop::start_thread() {
  // Signals are for the command's own threads: the new thread inherits this mask.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  m_thread = std::thread([this] { run(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void CurlTransport::Loop::run() {
  pthread_setname_np(pthread_self(), "kai-http");
  if (Result<> opened = open(); !opened) m_broken = std::move(opened).error();
  while (take_arrivals()) {
    begin_due(std::chrono::steady_clock::now());
    if (m_multi != nullptr) perform();
    const SteadyTime now = std::chrono::steady_clock::now();
    if (now >= m_next_check) end_overdue(now);
    wait(now);
  }
  for (CURL* easy : m_idle_handles) m_curl->easy_cleanup(easy);
  if (m_multi != nullptr) m_curl->multi_cleanup(m_multi);
}

Result<> CurlTransport::Loop::open() {
  KAI_TRY_ASSIGN(m_curl, curl_library());
  m_multi = m_curl->multi_init();
  if (m_multi == nullptr) return fail(ErrorCode::io, "libcurl cannot be initialised");
  m_curl->multi_setopt(m_multi, CURLMOPT_PIPELINING, static_cast<long>(CURLPIPE_MULTIPLEX));
  m_setup = std::make_unique<CurlSetup>(*m_curl, std::move(m_options), m_log);
  allow_connections();
  m_log.write(8, fmt::format("libcurl {}", m_curl->version_info(CURLVERSION_NOW)->version));
  return {};
}

// Streams may last for hours; over HTTP/1.1 they must not keep the others waiting.
void CurlTransport::Loop::allow_connections() {
  const auto streams = std::count_if(m_active.begin(), m_active.end(),
                                     [](const TransferPtr& active) { return active->has_sink(); });
  const long allowed = std::max(1, m_setup->options.max_connections) + static_cast<long>(streams);
  if (allowed == m_allowed_connections) return;
  m_allowed_connections = allowed;
  m_curl->multi_setopt(m_multi, CURLMOPT_MAX_HOST_CONNECTIONS, allowed);
}

bool CurlTransport::Loop::take_arrivals() {
  std::vector<Arrival> arrivals;
  bool closed = false;
  {
    const std::lock_guard lock(m_mutex);
    closed = m_closed;
    arrivals.swap(m_inbox);
  }
  m_cancelled = m_cancel.requested();
  const bool ending = closed || m_cancelled;
  if (ending) end_all();
  for (Arrival& arrival : arrivals) {
    if (m_broken) {
      refuse(std::move(arrival), *m_broken);
    } else if (ending) {
      refuse(std::move(arrival), Error(ErrorCode::cancelled, "the request was cancelled"));
    } else {
      m_delayed.push_back(std::make_unique<CurlTransfer>(*m_setup, std::move(arrival.request),
                                                         std::move(arrival.done), arrival.at));
      m_next_check = std::min(m_next_check, m_delayed.back()->next_check(arrival.at));
    }
  }
  return !closed;
}

void CurlTransport::Loop::refuse(Arrival arrival, Error error) {
  arrival.done(fail(std::move(error)));
}

void CurlTransport::Loop::begin_due(SteadyTime now) {
  // In the order of arrival.
  std::vector<TransferPtr> due;
  for (TransferPtr& transfer : m_delayed) {
    if (transfer->send_at() <= now) due.push_back(std::move(transfer));
  }
  if (due.empty()) return;
  m_delayed.erase(std::remove(m_delayed.begin(), m_delayed.end(), nullptr), m_delayed.end());
  for (TransferPtr& transfer : due) begin(std::move(transfer));
  allow_connections();
}

void CurlTransport::Loop::begin(TransferPtr transfer) {
  CURL* easy = nullptr;
  if (m_idle_handles.empty()) {
    easy = m_curl->easy_init();
  } else {
    easy = m_idle_handles.back();
    m_idle_handles.pop_back();
  }
  if (easy == nullptr) {
    transfer->finish(Error(ErrorCode::io, "not enough memory for another request"));
    return;
  }
  const auto connection =
      m_silent.empty() ? CurlTransfer::Connection::any : CurlTransfer::Connection::fresh;
  Result<> prepared = transfer->prepare(easy, connection);
  if (!prepared || m_curl->multi_add_handle(m_multi, easy) != CURLM_OK) {
    Error error = prepared ? Error(ErrorCode::internal, "libcurl did not accept a request")
                           : std::move(prepared).error();
    transfer->finish(std::move(error));
    release_handle(easy);
    return;
  }
  m_active.push_back(std::move(transfer));
  m_next_check =
      std::min(m_next_check, m_active.back()->next_check(std::chrono::steady_clock::now()));
}

void CurlTransport::Loop::perform() {
  int running = 0;
  m_curl->multi_perform(m_multi, &running);
  if (!m_silent.empty()) note_bytes();
  int left = 0;
  while (const CURLMsg* message = m_curl->multi_info_read(m_multi, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    CURL* const easy = message->easy_handle;
    const CURLcode code = message->data.result;  // gone once the handle is removed
    const auto found =
        std::find_if(m_active.begin(), m_active.end(),
                     [&](const TransferPtr& active) { return active->easy() == easy; });
    const TransferPtr transfer = detach(static_cast<std::size_t>(found - m_active.begin()));
    transfer->finish(code);
    release_handle(easy);
  }
}

CurlTransport::Loop::TransferPtr CurlTransport::Loop::detach(std::size_t index) {
  TransferPtr transfer = std::move(m_active[index]);
  m_active.erase(m_active.begin() + static_cast<std::ptrdiff_t>(index));
  if (m_silent.contains(transfer->port())) {
    m_curl->easy_setopt(transfer->easy(), CURLOPT_FORBID_REUSE, 1L);
    const bool in_use = std::any_of(m_active.begin(), m_active.end(), [&](const auto& active) {
      return active->port() == transfer->port();
    });
    if (!in_use) m_silent.erase(transfer->port());
  }
  m_curl->multi_remove_handle(m_multi, transfer->easy());
  return transfer;
}

void CurlTransport::Loop::release_handle(CURL* easy) {
  constexpr std::size_t k_enough = 64;
  if (m_idle_handles.size() >= k_enough) {
    m_curl->easy_cleanup(easy);
    return;
  }
  m_curl->easy_reset(easy);
  m_idle_handles.push_back(easy);
}

// An HTTP/2 connection on which one request stalled may be dead for all of them.
// Requests on it go on, but no new one joins them before a byte arrives, and it is
// closed when the last of them ends.
void CurlTransport::Loop::note_silence(const CurlTransfer& transfer, SteadyTime now) {
  if (transfer.port() != 0) m_silent.emplace(transfer.port(), now);
}

void CurlTransport::Loop::note_bytes() {
  for (const TransferPtr& active : m_active) {
    const auto silent = m_silent.find(active->port());
    if (silent != m_silent.end() && active->last_byte() > silent->second) m_silent.erase(silent);
  }
}

void CurlTransport::Loop::end_overdue(SteadyTime now) {
  using Overdue = CurlTransfer::Overdue;
  m_next_check = SteadyTime::max();
  for (std::size_t i = 0; i < m_active.size();) {
    const Overdue kind = m_active[i]->overdue(now);
    if (kind == Overdue::no) {
      m_next_check = std::min(m_next_check, m_active[i]->next_check(now));
      ++i;
      continue;
    }
    if (kind == Overdue::idle) note_silence(*m_active[i], now);
    m_curl->easy_setopt(m_active[i]->easy(), CURLOPT_QUICK_EXIT, 1L);
    const TransferPtr transfer = detach(i);
    transfer->finish(transfer->overdue_error(kind, now));
    release_handle(transfer->easy());
  }
  for (std::size_t i = 0; i < m_delayed.size();) {
    if (m_delayed[i]->overdue(now) == Overdue::no) {
      m_next_check = std::min(m_next_check, m_delayed[i]->next_check(now));
      ++i;
      continue;
    }
    const TransferPtr transfer = std::move(m_delayed[i]);
    m_delayed.erase(m_delayed.begin() + static_cast<std::ptrdiff_t>(i));
    transfer->finish(transfer->overdue_error(Overdue::deadline, now));
  }
}

void CurlTransport::Loop::end_all() {
  while (!m_active.empty()) {
    // Not waiting for a name server that does not answer.
    m_curl->easy_setopt(m_active.back()->easy(), CURLOPT_QUICK_EXIT, 1L);
    const TransferPtr transfer = detach(m_active.size() - 1);
    transfer->finish(transfer->cancelled_error());
    release_handle(transfer->easy());
  }
  while (!m_delayed.empty()) {
    const TransferPtr transfer = std::move(m_delayed.back());
    m_delayed.pop_back();
    transfer->finish(transfer->cancelled_error());
  }
}

void CurlTransport::Loop::wait(SteadyTime now) {
  SteadyTime until = std::min(now + k_longest_wait, m_next_check);
  for (const TransferPtr& transfer : m_delayed) until = std::min(until, transfer->send_at());
  const auto timeout = static_cast<int>(
      std::max<std::int64_t>(0, std::chrono::ceil<milliseconds>(until - now).count()));
  // Once cancelled, its descriptor stays readable: only requests wake the loop then. What
  // counts is what take_arrivals() saw; a cancel since then must wake the loop.
  const unsigned count = m_cancelled ? 1 : 2;
  if (m_multi != nullptr) {
    std::array<curl_waitfd, 2> events{curl_waitfd{m_wake, CURL_WAIT_POLLIN, 0},
                                      curl_waitfd{m_cancel.fd(), CURL_WAIT_POLLIN, 0}};
    m_curl->multi_poll(m_multi, events.data(), count, timeout, nullptr);
  } else {
    std::array<pollfd, 2> events{pollfd{m_wake, POLLIN, 0}, pollfd{m_cancel.fd(), POLLIN, 0}};
    poll(events.data(), count, timeout);
  }
  std::uint64_t drained = 0;
  [[maybe_unused]] const auto bytes = read(m_wake, &drained, sizeof drained);
}

namespace {

// Bodies of answers are mapped each on its own and go back to the system when they are done
// with. Left to itself, glibc moves what is freed into its heap, where the pages of a list,
// each in a place of its own, add up to tens of megabytes.
void keep_bodies_out_of_the_heap() {
#ifdef __GLIBC__
  constexpr int k_from_bytes = 512 * 1024;
  mallopt(M_MMAP_THRESHOLD, k_from_bytes);
#endif
}

}  // namespace

CurlTransport::CurlTransport(TransportOptions options, Cancel cancel, Log log)
    : m_reads(std::make_unique<Loop>(options, cancel, log)),
      m_writes(std::make_unique<Loop>(std::move(options), std::move(cancel), std::move(log))) {
  keep_bodies_out_of_the_heap();
}

// A completion on one may start a request on the other, which must neither be sent any
// more nor find its loop gone.
CurlTransport::~CurlTransport() {
  m_reads->close();
  m_writes->close();
  m_reads->join();
  m_writes->join();
}

void CurlTransport::start(Request request, Completion done) {
  Loop& loop = request.body.empty() ? *m_reads : *m_writes;
  loop.start(std::move(request), std::move(done));
}

}  // namespace kai::http
