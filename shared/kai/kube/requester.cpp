#include <kai/kube/encoding.hpp>
#include <kai/kube/requester.hpp>
#include <kai/model/json.hpp>

#include <condition_variable>
#include <utility>

#ifndef KAI_VERSION
#error "the build defines KAI_VERSION"
#endif

namespace kai::kube {

namespace {

constexpr std::string_view k_platform =
#if defined(__x86_64__)
    "linux/amd64";
#elif defined(__aarch64__)
    "linux/arm64";
#else
    "linux";
#endif

// The texts of a Warning header: 299 - "text", 299 - "text"
// https://kubernetes.io/blog/2020/09/03/warnings/
std::vector<std::string> warning_texts(std::string_view header) {
  std::vector<std::string> texts;
  while (true) {
    const auto open = header.find('"');
    if (open == std::string_view::npos) return texts;
    const bool ours = header.substr(0, open).find("299 ") != std::string_view::npos;
    std::string text;
    std::size_t at = open + 1;
    while (at < header.size() && header[at] != '"') {
      if (header[at] == '\\' && at + 1 < header.size()) ++at;
      text += header[at++];
    }
    if (ours && !text.empty()) texts.push_back(std::move(text));
    header.remove_prefix(std::min(header.size(), at + 1));
  }
}

bool same_name(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
    return std::tolower(static_cast<unsigned char>(x)) ==
           std::tolower(static_cast<unsigned char>(y));
  });
}

bool is_success(int status) {
  return status >= 200 && status < 300;
}

}  // namespace

Query& Query::add(std::string_view name, std::string_view value) {
  if (value.empty()) return *this;
  m_text += m_text.empty() ? '?' : '&';
  m_text += name;
  m_text += '=';
  m_text += escape_url(value);
  return *this;
}

Requester::Requester(const ClusterAccess& access, const Context& context, TransportFactory factory)
    : m_access(access),
      m_context(context),
      m_factory(std::move(factory)),
      m_authenticator(access, context) {}

Requester::~Requester() {
  std::vector<std::shared_ptr<http::Transport>> transports;
  {
    const std::lock_guard lock(m_mutex);
    m_closing = true;
    transports.swap(m_transports);
  }
  // Completions run here and use what is still alive.
  transports.clear();
}

Result<std::shared_ptr<http::Transport>> Requester::transport_for(const Credentials& credentials) {
  const std::lock_guard lock(m_mutex);
  if (m_closing) return fail(ErrorCode::cancelled, "the client is being closed");
  if (m_transports.empty() || m_certificate_pem != credentials.certificate_pem) {
    KAI_TRY_ASSIGN(auto transport, m_factory(credentials));
    m_certificate_pem = credentials.certificate_pem;
    m_transports.push_back(std::move(transport));
  }
  return m_transports.back();
}

http::Request Requester::make_request(const Call& call, const Credentials& credentials) const {
  http::Request request;
  request.method = call.method;
  request.url = m_access.server + call.path;
  request.headers.emplace_back("User-Agent",
                               "kubectl-ai/" KAI_VERSION " (" + std::string(k_platform) + ")");
  request.headers.emplace_back("Accept", call.accept);
  if (!call.content_type.empty()) request.headers.emplace_back("Content-Type", call.content_type);
  request.headers.insert(request.headers.end(), credentials.headers.begin(),
                         credentials.headers.end());
  request.body = call.body;
  request.idempotent = call.idempotent || call.method == http::Method::get;
  request.timeout = call.timeout.value_or(m_access.request_timeout);
  request.idle_timeout = call.idle_timeout;
  request.sink = call.sink;
  return request;
}

void Requester::note_warnings(const http::Response& response, std::vector<std::string>* collected) {
  for (const auto& [name, value] : response.headers) {
    if (!same_name(name, "Warning")) continue;
    for (std::string& text : warning_texts(value)) {
      bool first = false;
      {
        const std::lock_guard lock(m_mutex);
        first = m_warned.insert(text).second;
      }
      if (collected != nullptr) {
        collected->push_back(std::move(text));
        continue;
      }
      if (first) m_context.log.write(0, text);
    }
  }
}

void Requester::submit(http::Transport& transport, const Call& call, const Credentials& credentials,
                       http::Completion done) {
  {
    const std::lock_guard lock(m_mutex);
    ++m_started;
  }
  transport.start(
      make_request(call, credentials),
      [this, warnings = call.warnings, done = std::move(done)](Result<http::Response> result) {
        if (result) note_warnings(*result, warnings);
        done(std::move(result));
      });
}

Result<long> Requester::start(const Call& call, http::Completion done) {
  KAI_TRY_ASSIGN(const Credentials credentials, m_authenticator.credentials());
  KAI_TRY_ASSIGN(const auto transport, transport_for(credentials));
  submit(*transport, call, credentials, std::move(done));
  return credentials.generation;
}

bool Requester::start_now(const Call& call, http::Completion done) {
  const auto credentials = m_authenticator.ready();
  if (!credentials) return false;
  const auto transport = transport_for(*credentials);
  if (!transport) return false;
  submit(**transport, call, *credentials, std::move(done));
  return true;
}

Result<http::Response> Requester::send(const Operation& operation, const Call& call) {
  for (bool renewed = false;; renewed = true) {
    struct Answer {
      std::mutex mutex;
      std::condition_variable arrived;
      std::optional<Result<http::Response>> result;
    };
    const auto answer = std::make_shared<Answer>();
    const auto generation = start(call, [answer](Result<http::Response> result) {
      const std::lock_guard lock(answer->mutex);
      answer->result = std::move(result);
      answer->arrived.notify_one();
    });
    if (!generation) {
      Error error = generation.error();
      return fail(std::move(error).while_doing(operation.doing()));
    }
    std::unique_lock lock(answer->mutex);
    answer->arrived.wait(lock, [&] { return answer->result.has_value(); });
    Result<http::Response> result = *std::move(answer->result);
    if (result && result->status == 401 && !renewed && renew(*generation)) continue;
    if (auto error = to_error(result, operation)) return fail(*std::move(error));
    return result;
  }
}

Result<model::Json> Requester::send_for_json(const Operation& operation, const Call& call) {
  KAI_TRY_ASSIGN(const http::Response response, send(operation, call));
  return read_json(response, operation);
}

Result<model::Json> Requester::read_json(const http::Response& response,
                                         const Operation& operation) {
  auto body = model::parse_json(response.body);
  if (!body) {
    return fail(
        Error(ErrorCode::server, "the server's answer is not JSON: " + body.error().to_string())
            .while_doing(operation.doing()));
  }
  return body;
}

std::optional<Error> Requester::to_error(const Result<http::Response>& result,
                                         const Operation& operation) const {
  if (!result) return connection_error(result.error(), operation, m_access, m_context);
  if (is_success(result->status)) return std::nullopt;
  return response_error(*result, operation, m_access, m_context);
}

long Requester::started() const {
  const std::lock_guard lock(m_mutex);
  return m_started;
}

}  // namespace kai::kube
