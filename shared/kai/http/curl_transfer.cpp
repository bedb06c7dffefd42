#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>
#include <kai/http/curl_failure.hpp>
#include <kai/http/curl_transfer.hpp>
#include <kai/http/proxy.hpp>

#include <algorithm>
#include <charconv>
#include <utility>

namespace kai::http {

namespace {

using std::chrono::milliseconds;

// Bounds that no sane answer comes near to; they keep a broken or hostile server
// from taking all memory. Bodies that go to a sink are not bounded.
constexpr std::size_t k_max_header_bytes = 256UL * 1024;
constexpr std::size_t k_max_body_bytes = 1024UL * 1024 * 1024;
constexpr std::size_t k_max_error_bytes = 1024UL * 1024;

// A dead network is noticed after this long, even by requests without a time-out.
constexpr milliseconds k_network_silence{45'000};

std::string_view reason_phrase(int status) {
  switch (status) {
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 301: return "Moved Permanently";
    case 302: return "Found";
    case 304: return "Not Modified";
    case 307: return "Temporary Redirect";
    case 308: return "Permanent Redirect";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 406: return "Not Acceptable";
    case 409: return "Conflict";
    case 410: return "Gone";
    case 413: return "Request Entity Too Large";
    case 415: return "Unsupported Media Type";
    case 422: return "Unprocessable Entity";
    case 429: return "Too Many Requests";
    case 500: return "Internal Server Error";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    default: return "";
  }
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view k_blank = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(k_blank);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(k_blank) - begin + 1);
}

bool same_name(std::string_view a, std::string_view b) {
  return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}

bool can_be_sent(const Header& header) {
  constexpr std::string_view k_forbidden("\r\n\0", 3);
  return !header.first.empty() && header.first.find_first_of(": \t\r\n") == std::string::npos &&
         header.second.find_first_of(k_forbidden) == std::string::npos;
}

curl_blob blob(const std::string& text) {
  // libcurl only reads it, though the type does not say so.
  return {const_cast<char*>(text.data()), text.size(), CURL_BLOB_NOCOPY};
}

double seconds(milliseconds duration) {
  return static_cast<double>(duration.count()) / 1000.0;
}

long elapsed_ms(SteadyTime since) {
  return std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - since).count();
}

}  // namespace

MemoryFile::MemoryFile(std::string_view text)
    : m_fd(memfd_create("kai", MFD_CLOEXEC)), m_path(fmt::format("/proc/self/fd/{}", m_fd)) {
  while (m_fd >= 0 && !text.empty()) {
    const ssize_t written = write(m_fd, text.data(), text.size());
    if (written <= 0) break;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

MemoryFile::~MemoryFile() {
  if (m_fd >= 0) close(m_fd);
}

CurlSetup::CurlSetup(const CurlLibrary& library, TransportOptions transport_options, Log to)
    : curl(library), options(std::move(transport_options)), log(std::move(to)) {
  // Only the OpenSSL build is known to take all three texts from memory, since 7.77.
  const curl_version_info_data* version = curl.version_info(CURLVERSION_NOW);
  const std::string_view backend = version->ssl_version != nullptr ? version->ssl_version : "";
  m_takes_blobs = backend.starts_with("OpenSSL") && version->version_num >= 0x074d00;
  if (m_takes_blobs) return;
  const auto file = [](const std::string& text) {
    return text.empty() ? nullptr : std::make_unique<MemoryFile>(text);
  };
  m_ca = file(options.tls.ca_pem);
  m_certificate = file(options.tls.certificate_pem);
  m_key = file(options.tls.key_pem);
}

void CurlSetup::set_tls(CURL* easy) const {
  const TlsOptions& tls = options.tls;
  const auto set_pem = [&](CURLoption from_memory, CURLoption from_file, const std::string& text,
                           const std::unique_ptr<MemoryFile>& file) {
    if (text.empty()) return;
    if (file) {
      curl.easy_setopt(easy, from_file, file->path().c_str());
    } else {
      curl_blob data = blob(text);
      curl.easy_setopt(easy, from_memory, &data);
    }
  };
  curl.easy_setopt(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  // Gathers the certificate's names for the message when they do not fit.
  curl.easy_setopt(easy, CURLOPT_CERTINFO, 1L);
  if (tls.insecure_skip_verify) {
    curl.easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
    curl.easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
    curl.easy_setopt(easy, CURLOPT_PROXY_SSL_VERIFYPEER, 0L);
    curl.easy_setopt(easy, CURLOPT_PROXY_SSL_VERIFYHOST, 0L);
  } else if (!tls.ca_pem.empty()) {
    set_pem(CURLOPT_CAINFO_BLOB, CURLOPT_CAINFO, tls.ca_pem, m_ca);
    set_pem(CURLOPT_PROXY_CAINFO_BLOB, CURLOPT_PROXY_CAINFO, tls.ca_pem, m_ca);
    // The system's directory of authorities would be trusted beside ours.
    curl.easy_setopt(easy, CURLOPT_CAPATH, nullptr);
    curl.easy_setopt(easy, CURLOPT_PROXY_CAPATH, nullptr);
  }
  if (!tls.certificate_pem.empty()) {
    curl.easy_setopt(easy, CURLOPT_SSLCERTTYPE, "PEM");
    curl.easy_setopt(easy, CURLOPT_SSLKEYTYPE, "PEM");
    set_pem(CURLOPT_SSLCERT_BLOB, CURLOPT_SSLCERT, tls.certificate_pem, m_certificate);
    set_pem(CURLOPT_SSLKEY_BLOB, CURLOPT_SSLKEY, tls.key_pem, m_key);
  }
}

CurlTransfer::CurlTransfer(const CurlSetup& setup, Request request, Completion done,
                           SteadyTime started)
    : m_setup(setup),
      m_request(std::move(request)),
      m_done(std::move(done)),
      m_started(started),
      m_last_byte(started) {}

void CurlTransfer::append(List& list, const std::string& text) {
  curl_slist* longer = m_setup.curl.slist_append(list.get(), text.c_str());
  if (longer == nullptr) return;  // out of memory; the request will fail for its want soon
  static_cast<void>(list.release());
  list = List(longer, FreeCurlList{m_setup.curl.slist_free_all});
}

Result<> CurlTransfer::prepare(CURL* easy, Connection connection) {
  const CurlLibrary& curl = m_setup.curl;
  const TransportOptions& options = m_setup.options;
  Result<Url> url = parse_url(m_request.url);
  if (!url) return fail(std::move(url).error());
  m_url = *std::move(url);
  m_easy = easy;
  m_last_byte = std::chrono::steady_clock::now();

  curl.easy_setopt(easy, CURLOPT_ERRORBUFFER, m_error_text.data());
  curl.easy_setopt(easy, CURLOPT_PRIVATE, static_cast<void*>(this));
  curl.easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  // A server may answer before it has read the whole request: an API server does so with
  // 401, 403 and 429. Over HTTP/2 libcurl often loses that answer (7.88 does, and later
  // ones in other ways), so what has a body goes over HTTP/1.1, at no loss of speed.
  curl.easy_setopt(
      easy, CURLOPT_HTTP_VERSION,
      static_cast<long>(m_request.body.empty() ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1));
  // A request waits for a connection being set up if that may turn out to be HTTP/2.
  curl.easy_setopt(easy, CURLOPT_PIPEWAIT, 1L);
  curl.easy_setopt(easy, CURLOPT_BUFFERSIZE, 64L * 1024);
  // Load balancers often drop idle connections after a minute without a word.
  curl.easy_setopt(easy, CURLOPT_MAXAGE_CONN, 45L);
  curl.easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  curl.easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, 15L);
  curl.easy_setopt(easy, CURLOPT_TCP_KEEPINTVL, 10L);
  if (!options.disable_compression) curl.easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip");

  curl.easy_setopt(easy, CURLOPT_HEADERFUNCTION, &CurlTransfer::on_header);
  curl.easy_setopt(easy, CURLOPT_HEADERDATA, static_cast<void*>(this));
  curl.easy_setopt(easy, CURLOPT_WRITEFUNCTION, &CurlTransfer::on_body);
  curl.easy_setopt(easy, CURLOPT_WRITEDATA, static_cast<void*>(this));
  curl.easy_setopt(easy, CURLOPT_RESOLVER_START_FUNCTION, &CurlTransfer::on_resolve);
  curl.easy_setopt(easy, CURLOPT_RESOLVER_START_DATA, static_cast<void*>(this));
  curl.easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, &CurlTransfer::on_socket);
  curl.easy_setopt(easy, CURLOPT_OPENSOCKETDATA, static_cast<void*>(this));
  // Since 7.80. libcurl's own connect time-out counts the time that a request waits
  // for a free connection, so it is only used where ours cannot be.
  m_tracks_connection =
      curl.easy_setopt(easy, CURLOPT_PREREQFUNCTION, &CurlTransfer::on_request) == CURLE_OK;
  curl.easy_setopt(easy, CURLOPT_PREREQDATA, static_cast<void*>(this));
  const bool fresh = connection == Connection::fresh || (!m_tracks_connection && !is_repeatable());
  curl.easy_setopt(easy, CURLOPT_FRESH_CONNECT, fresh ? 1L : 0L);
  const milliseconds connect_timeout =
      m_tracks_connection || options.connect_timeout.count() <= 0
          ? std::chrono::duration_cast<milliseconds>(std::chrono::hours(24))
          : options.connect_timeout;
  curl.easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(connect_timeout.count()));

  m_setup.set_tls(easy);  // for http:// too: the way to the proxy may be https
  set_method();
  KAI_TRY(set_proxy());
  KAI_TRY(set_headers());

  // libcurl verifies the URL's host. For another name that name stands in the URL,
  // and the connection goes to the host all the same.
  Url shown = m_url;
  if (const std::string& name = options.tls.server_name;
      !name.empty() && m_url.scheme == "https" && name != m_url.host) {
    append(m_connect_to, fmt::format("::{}", m_url.authority()));
    curl.easy_setopt(easy, CURLOPT_CONNECT_TO, m_connect_to.get());
    shown.host = name;
  }
  curl.easy_setopt(easy, CURLOPT_URL, shown.to_string().c_str());
  return {};
}

void CurlTransfer::set_method() {
  const CurlLibrary& curl = m_setup.curl;
  const Method method = m_request.method;
  if (method == Method::get && m_request.body.empty()) return;
  if (method == Method::head) {
    curl.easy_setopt(m_easy, CURLOPT_NOBODY, 1L);
    return;
  }
  curl.easy_setopt(m_easy, CURLOPT_CUSTOMREQUEST, std::string(to_string(method)).c_str());
  if (method == Method::del && m_request.body.empty()) return;
  curl.easy_setopt(m_easy, CURLOPT_POST, 1L);
  curl.easy_setopt(m_easy, CURLOPT_POSTFIELDSIZE_LARGE,
                   static_cast<curl_off_t>(m_request.body.size()));
  curl.easy_setopt(m_easy, CURLOPT_POSTFIELDS, m_request.body.c_str());
}

bool CurlTransfer::is_repeatable() const {
  return m_request.idempotent || m_request.method == Method::get ||
         m_request.method == Method::head;
}

Result<> CurlTransfer::set_headers() {
  bool has_type = false;
  bool has_host = false;
  for (const Header& header : m_request.headers) {
    if (!can_be_sent(header)) {
      return fail(
          ErrorCode::invalid_input,
          fmt::format("a value of the header \"{}\" cannot be sent: it contains a line break",
                      header.first));
    }
    has_type = has_type || same_name(header.first, "Content-Type");
    has_host = has_host || same_name(header.first, "Host");
    // "Name;" is how libcurl is asked for a header without a value.
    append(m_headers, header.second.empty() ? header.first + ";"
                                            : fmt::format("{}: {}", header.first, header.second));
  }
  append(m_headers, "Expect:");  // never wait for "100 Continue"
  if (!has_type) append(m_headers, "Content-Type:");
  if (!has_host && !m_setup.options.tls.server_name.empty()) {
    append(m_headers, fmt::format("Host: {}", m_url.authority()));
  }
  m_setup.curl.easy_setopt(m_easy, CURLOPT_HTTPHEADER, m_headers.get());
  if (m_setup.log.enabled(8)) {
    for (const auto& [name, value] : m_request.headers) {
      m_setup.log.write(8, fmt::format("  > {}: {}", name, redact_header(name, value)));
    }
  }
  return {};
}

Result<> CurlTransfer::set_proxy() {
  m_proxy = m_setup.options.proxy;
  if (m_proxy.empty()) {
    KAI_TRY_ASSIGN(m_proxy, proxy_from_environment(m_url, m_setup.options.env));
  }
  const CurlLibrary& curl = m_setup.curl;
  std::string proxy;
  if (!m_proxy.empty()) {
    KAI_TRY_ASSIGN(const Url parsed, parse_proxy_url(m_proxy));
    // The proxy resolves the name, as Go has it.
    const std::string scheme = parsed.scheme == "socks5" ? "socks5h" : parsed.scheme;
    proxy = fmt::format("{}://{}{}{}", scheme, parsed.user, parsed.user.empty() ? "" : "@",
                        parsed.authority());
    m_proxy = parsed.authority();
    curl.easy_setopt(m_easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  }
  // Empty texts keep libcurl from reading the environment on its own.
  curl.easy_setopt(m_easy, CURLOPT_PROXY, proxy.c_str());
  curl.easy_setopt(m_easy, CURLOPT_NOPROXY, "");
  return {};
}

// ---- libcurl's callbacks

std::size_t CurlTransfer::on_header(char* data, std::size_t size, std::size_t count, void* self) {
  auto& transfer = *static_cast<CurlTransfer*>(self);
  const std::size_t bytes = size * count;
  transfer.m_last_byte = std::chrono::steady_clock::now();
  transfer.m_sent = true;
  transfer.m_header_bytes += bytes;
  if (transfer.m_header_bytes > k_max_header_bytes) {
    transfer.m_refused =
        Error(ErrorCode::server,
              fmt::format("the headers of {}'s answer to {} exceed {} KiB",
                          transfer.m_url.authority(), transfer.line(), k_max_header_bytes / 1024));
    return 0;
  }
  transfer.take_header_line(std::string_view(data, bytes));
  return bytes;
}

void CurlTransfer::take_header_line(std::string_view text) {
  const std::string_view line = trim(text);
  if (line.starts_with("HTTP/")) {
    // A further status line follows an informational answer ("100 Continue").
    m_response.headers.clear();
    m_response.status = 0;
    const std::size_t space = line.find(' ');
    if (space != std::string_view::npos) {
      std::from_chars(line.data() + space + 1, line.data() + line.size(), m_response.status);
    }
    return;
  }
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return;
  m_response.headers.emplace_back(trim(line.substr(0, colon)), trim(line.substr(colon + 1)));
}

std::size_t CurlTransfer::on_body(char* data, std::size_t size, std::size_t count, void* self) {
  auto& transfer = *static_cast<CurlTransfer*>(self);
  transfer.m_last_byte = std::chrono::steady_clock::now();
  const std::size_t bytes = size * count;
  return transfer.take_body(std::string_view(data, bytes)) ? bytes : 0;
}

// What nothing is written to costs no memory, while growing means copying all that is there.
std::size_t CurlTransfer::expected_bytes() const {
  constexpr std::size_t most = 64UL * 1024 * 1024;
  // API servers compress what is large and send it as they go: a page of a list, mostly.
  constexpr std::size_t compressed = 8UL * 1024 * 1024;
  if (!m_response.header("Content-Encoding").empty()) return compressed;
  curl_off_t length = -1;
  m_setup.curl.easy_getinfo(m_easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
  return length > 0 ? std::min(static_cast<std::size_t>(length), most) : 0;
}

bool CurlTransfer::take_body(std::string_view piece) {
  if (piece.empty()) return true;
  const bool success = m_response.status >= 200 && m_response.status < 300;
  if (success && m_request.sink) {
    if (m_request.sink(piece)) return true;
    m_refused = Error(ErrorCode::cancelled, fmt::format("{} was ended by its receiver", line()));
    return false;
  }
  if (success) {
    if (m_response.body.size() + piece.size() > k_max_body_bytes) {
      m_refused = Error(ErrorCode::server,
                        fmt::format("the answer of {} to {} exceeds {} MiB", m_url.authority(),
                                    line(), k_max_body_bytes / 1024 / 1024));
      return false;
    }
    if (m_response.body.empty()) m_response.body.reserve(expected_bytes());
    m_response.body += piece;
    return true;
  }
  // Of an error's body the beginning is enough; the rest is read and dropped.
  const std::size_t room = k_max_error_bytes - std::min(k_max_error_bytes, m_response.body.size());
  m_response.body += piece.substr(0, room);
  return true;
}

void CurlTransfer::connecting() {
  if (!m_connecting) m_connecting = std::chrono::steady_clock::now();
}

int CurlTransfer::on_resolve(void* /*state*/, void* /*reserved*/, void* self) {
  static_cast<CurlTransfer*>(self)->connecting();
  return 0;
}

curl_socket_t CurlTransfer::on_socket(void* self, curlsocktype /*purpose*/,
                                      curl_sockaddr* address) {
  static_cast<CurlTransfer*>(self)->connecting();
  // Close-on-exec: credential plugins must not inherit our connections.
  const int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  if (fd < 0) return CURL_SOCKET_BAD;
  const auto silence = static_cast<unsigned>(k_network_silence.count());
  setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &silence, sizeof silence);
  return fd;
}

// libcurl has a connection and is about to send. When a kept-alive connection breaks
// under a request, it tries again on a new one, which not every request may be.
int CurlTransfer::on_request(void* self, char* /*peer*/, char* /*local*/, int /*peer_port*/,
                             int local_port) {
  auto& transfer = *static_cast<CurlTransfer*>(self);
  if (transfer.m_sent && !transfer.is_repeatable()) {
    CurlFailure broken;
    broken.code = CURLE_SEND_ERROR;
    broken.sent = true;
    broken.peer = transfer.m_url.authority();
    transfer.m_refused = to_error(broken);
    return CURL_PREREQFUNC_ABORT;
  }
  transfer.m_sent = true;
  transfer.m_port = local_port;
  transfer.m_last_byte = std::chrono::steady_clock::now();
  return CURL_PREREQFUNC_OK;
}

// ---- time-outs

CurlTransfer::Overdue CurlTransfer::overdue(SteadyTime now) {
  if (m_request.timeout.count() > 0 && now >= m_started + m_request.timeout) {
    return Overdue::deadline;
  }
  if (m_easy == nullptr) return Overdue::no;
  const milliseconds connect_timeout = m_setup.options.connect_timeout;
  if (m_tracks_connection && !m_sent) {
    return m_connecting && connect_timeout.count() > 0 && now >= *m_connecting + connect_timeout
               ? Overdue::connecting
               : Overdue::no;
  }
  if (m_request.idle_timeout.count() <= 0 || now < m_last_byte + m_request.idle_timeout) {
    return Overdue::no;
  }
  // A body still on its way up is no idleness. A small one is up at once: that it has gone
  // since the last look says nothing.
  constexpr std::size_t k_small = 64UL * 1024;
  curl_off_t uploaded = 0;
  m_setup.curl.easy_getinfo(m_easy, CURLINFO_SIZE_UPLOAD_T, &uploaded);
  const bool all = std::cmp_equal(uploaded, m_request.body.size());
  if (uploaded == m_uploaded || (all && uploaded <= curl_off_t{k_small})) return Overdue::idle;
  m_uploaded = uploaded;
  m_last_byte = now;
  return Overdue::no;
}

SteadyTime CurlTransfer::next_check(SteadyTime now) const {
  const milliseconds idle = m_request.idle_timeout;
  const milliseconds connect = m_setup.options.connect_timeout;
  SteadyTime next = SteadyTime::max();
  if (m_request.timeout.count() > 0) next = m_started + m_request.timeout;
  if (m_easy == nullptr) return next;
  if (m_tracks_connection && !m_sent) {
    // Callbacks may begin these clocks at any time, so look again before they can run out.
    if (connect.count() > 0) next = std::min(next, m_connecting.value_or(now) + connect);
    if (idle.count() > 0) next = std::min(next, now + idle);
  } else if (idle.count() > 0) {
    next = std::min(next, m_last_byte + idle);
  }
  return next;
}

Error CurlTransfer::overdue_error(Overdue kind, SteadyTime now) const {
  const std::string peer = m_url.host.empty() ? std::string("the server") : m_url.authority();
  switch (kind) {
    case Overdue::connecting:
      return connect_timeout_error(m_proxy.empty() ? peer : fmt::format("the proxy {}", m_proxy),
                                   m_setup.options.connect_timeout);
    case Overdue::idle:
      return Error(ErrorCode::timed_out, fmt::format("{} sent nothing for {} s in answer to {}",
                                                     peer, seconds(m_request.idle_timeout), line()))
          .with_hint("the server may be overloaded, or the network between here and there broken");
    case Overdue::deadline:
    case Overdue::no: break;
  }
  const auto waited = std::chrono::duration_cast<milliseconds>(now - m_started);
  const std::string_view state = m_response.status != 0 ? "the answer is not complete"
                                 : m_sent               ? "no answer came"
                                 : m_connecting         ? "there is no connection yet"
                                                        : "the request was not sent yet";
  return Error(ErrorCode::timed_out,
               fmt::format("{} timed out after {:.1f} s: {}", line(),
                           std::max(seconds(waited), seconds(m_request.timeout)), state))
      .with_hint("allow more time, or find out why the server is slow");
}

Error CurlTransfer::cancelled_error() const {
  return Error(ErrorCode::cancelled, fmt::format("{} was cancelled", line()));
}

// ---- the end

std::string CurlTransfer::line() const {
  return fmt::format("{} {}", to_string(m_request.method),
                     m_url.host.empty() ? m_request.url : m_url.to_string());
}

std::string CurlTransfer::certificate_names() const {
  const curl_certinfo* info = nullptr;
  m_setup.curl.easy_getinfo(m_easy, CURLINFO_CERTINFO, &info);
  if (info == nullptr || info->num_of_certs < 1) return {};
  constexpr std::string_view k_key = "X509v3 Subject Alternative Name:";
  for (const curl_slist* entry = info->certinfo[0]; entry != nullptr; entry = entry->next) {
    std::string_view text = entry->data;
    if (!text.starts_with(k_key)) continue;
    text.remove_prefix(k_key.size());
    std::string names;
    while (!text.empty()) {
      const std::size_t comma = text.find(',');
      std::string_view name = trim(text.substr(0, comma));
      text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
      if (const std::size_t colon = name.find(':'); colon != std::string_view::npos) {
        name.remove_prefix(colon + 1);
      }
      names += (names.empty() ? "" : ", ") + std::string(name);
    }
    return names;
  }
  return {};
}

Error CurlTransfer::failure(CURLcode code) const {
  const CurlLibrary& curl = m_setup.curl;
  CurlFailure failure;
  failure.code = code;
  failure.detail = trim(m_error_text.data());
  if (failure.detail.empty()) failure.detail = curl.easy_strerror(code);
  curl.easy_getinfo(m_easy, CURLINFO_SSL_VERIFYRESULT, &failure.verify_result);
  curl.easy_getinfo(m_easy, CURLINFO_HTTP_CONNECTCODE, &failure.proxy_status);
  long system_error = 0;
  curl.easy_getinfo(m_easy, CURLINFO_OS_ERRNO, &system_error);
  failure.system_error = static_cast<int>(system_error);
  failure.sent = m_sent;
  failure.peer = m_url.authority();
  failure.proxy = m_proxy;
  const std::string& name = m_setup.options.tls.server_name;
  failure.name = name.empty() ? m_url.host : name;
  failure.certificate_names = certificate_names();
  failure.has_client_certificate = !m_setup.options.tls.certificate_pem.empty();
  return to_error(failure);
}

void CurlTransfer::finish(CURLcode code) {
  if (m_refused) {
    finish(*std::move(m_refused));
  } else if (code != CURLE_OK) {
    finish(failure(code));
  } else if (m_response.status == 0) {
    finish(Error(ErrorCode::server,
                 fmt::format("{} answered {} without a status", m_url.authority(), line())));
  } else {
    complete(std::move(m_response));
  }
}

void CurlTransfer::finish(Error error) {
  complete(fail(std::move(error)));
}

void CurlTransfer::complete(Result<Response> result) {
  const Log& log = m_setup.log;
  if (log.enabled(6)) {
    const long took = elapsed_ms(send_at());
    if (result) {
      const std::string_view phrase = reason_phrase(result->status);
      log.write(6, fmt::format("{} {}{}{} in {} ms", line(), result->status,
                               phrase.empty() ? "" : " ", phrase, took));
    } else {
      log.write(6,
                fmt::format("{} failed after {} ms: {}", line(), took, result.error().to_string()));
    }
  }
  if (result && log.enabled(8)) {
    for (const auto& [name, value] : result->headers) {
      log.write(8, fmt::format("  < {}: {}", name, redact_header(name, value)));
    }
  }
  const Completion done = std::move(m_done);
  done(std::move(result));
}

}  // namespace kai::http
