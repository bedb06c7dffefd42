// One request on its way through libcurl. Private to kai/http.
//
// Sets an easy handle up, takes in the answer and makes the Result. Belongs to the
// transport's thread; knows nothing of the multi handle it runs in.
#pragma once

#include <kai/base/log.hpp>
#include <kai/http/curl_library.hpp>
#include <kai/http/transport.hpp>
#include <kai/http/url.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace kai::http {

using SteadyTime = std::chrono::steady_clock::time_point;

// A text as a file without a place on disk, for libcurl builds that take
// certificates only from files.
class MemoryFile {
 public:
  explicit MemoryFile(std::string_view text);
  ~MemoryFile();
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  // Valid as long as this object.
  [[nodiscard]] const std::string& path() const { return m_path; }

 private:
  int m_fd;
  std::string m_path;
};

// What all transfers of one transport share. Must outlive them.
class CurlSetup {
 public:
  CurlSetup(const CurlLibrary& curl, TransportOptions options, Log log);

  const CurlLibrary& curl;
  const TransportOptions options;
  const Log log;

  // Options of an easy handle for TLS and its certificates.
  void set_tls(CURL* easy) const;

 private:
  bool m_takes_blobs;
  std::unique_ptr<MemoryFile> m_ca;
  std::unique_ptr<MemoryFile> m_certificate;
  std::unique_ptr<MemoryFile> m_key;
};

struct FreeCurlList {
  decltype(&curl_slist_free_all) free = nullptr;
  void operator()(curl_slist* list) const { free(list); }
};

class CurlTransfer {
 public:
  CurlTransfer(const CurlSetup& setup, Request request, Completion done, SteadyTime started);
  CurlTransfer(const CurlTransfer&) = delete;
  CurlTransfer& operator=(const CurlTransfer&) = delete;
  ~CurlTransfer() = default;

  enum class Connection { any, fresh };

  // Sets up `easy`, a fresh or reset handle that must stay valid until finish().
  // Errors: invalid_input.
  Result<> prepare(CURL* easy, Connection connection);

  // The end as libcurl reports it: calls the completion. Only once; this may be the
  // last thing that happens to the transport's owner, so nothing of it is used after.
  void finish(CURLcode code);
  void finish(Error error);

  [[nodiscard]] CURL* easy() const { return m_easy; }
  [[nodiscard]] bool has_sink() const { return static_cast<bool>(m_request.sink); }
  [[nodiscard]] SteadyTime send_at() const { return m_started + m_request.delay; }
  // The local port names the connection; 0 when there is none yet.
  [[nodiscard]] long port() const { return m_port; }
  [[nodiscard]] SteadyTime last_byte() const { return m_last_byte; }

  enum class Overdue { no, deadline, connecting, idle };
  // Which time-out has passed at `now`.
  [[nodiscard]] Overdue overdue(SteadyTime now);
  // When overdue() is worth asking next; SteadyTime::max() when never.
  [[nodiscard]] SteadyTime next_check(SteadyTime now) const;
  [[nodiscard]] Error overdue_error(Overdue kind, SteadyTime now) const;
  [[nodiscard]] Error cancelled_error() const;

 private:
  using List = std::unique_ptr<curl_slist, FreeCurlList>;

  static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self);
  static int on_resolve(void* state, void* reserved, void* self);
  static curl_socket_t on_socket(void* self, curlsocktype purpose, curl_sockaddr* address);
  static int on_request(void* self, char* peer, char* local, int peer_port, int local_port);

  Result<> set_headers();
  Result<> set_proxy();
  void set_method();
  void append(List& list, const std::string& text);
  void take_header_line(std::string_view line);
  [[nodiscard]] std::size_t expected_bytes() const;
  bool take_body(std::string_view piece);
  void connecting();
  [[nodiscard]] bool is_repeatable() const;
  [[nodiscard]] Error failure(CURLcode code) const;
  [[nodiscard]] std::string certificate_names() const;
  void complete(Result<Response> result);
  [[nodiscard]] std::string line() const;  // "GET URL"

  const CurlSetup& m_setup;
  Request m_request;
  Completion m_done;
  SteadyTime m_started;
  Url m_url;
  std::string m_proxy;  // URL; empty: none
  CURL* m_easy = nullptr;
  List m_headers;
  List m_connect_to;
  std::array<char, CURL_ERROR_SIZE> m_error_text{};

  Response m_response;
  std::size_t m_header_bytes = 0;
  std::optional<Error> m_refused;  // why a callback ended the transfer

  bool m_tracks_connection = false;  // libcurl says when the request leaves
  bool m_sent = false;
  std::optional<SteadyTime> m_connecting;
  SteadyTime m_last_byte;
  curl_off_t m_uploaded = 0;
  long m_port = 0;
};

}  // namespace kai::http
