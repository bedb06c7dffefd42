#include "fake_transport.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <nlohmann/json.hpp>
#include <utility>

namespace kai::test {

using http::Completion;
using http::Headers;
using http::Method;
using http::Request;
using http::Response;

namespace {

std::string line_of(const Request& request) {
  return fmt::format("{} {}", to_string(request.method), request.url);
}

struct UrlParts {
  std::string base;  // up to the query
  std::optional<std::vector<std::string>> parameters;
};

UrlParts split_url(std::string_view url) {
  const std::size_t query = url.find('?');
  UrlParts parts{std::string(url.substr(0, query)), std::nullopt};
  if (query == std::string_view::npos) return parts;
  parts.parameters.emplace();
  std::string_view rest = url.substr(query + 1);
  while (!rest.empty()) {
    const std::size_t end = rest.find('&');
    parts.parameters->emplace_back(rest.substr(0, end));
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  }
  std::sort(parts.parameters->begin(), parts.parameters->end());
  return parts;
}

// "https://host:port/path" -> "/path"
std::string_view path_of(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return url;
  const std::size_t path = url.find('/', scheme + 3);
  return path == std::string_view::npos ? std::string_view("/") : url.substr(path);
}

bool matches(const UrlParts& pattern, std::string_view url) {
  const UrlParts actual = split_url(pattern.base.starts_with('/') ? path_of(url) : url);
  if (pattern.base != actual.base) return false;
  return !pattern.parameters ||
         *pattern.parameters == actual.parameters.value_or(std::vector<std::string>());
}

struct Held {
  Request request;
  Response response;
  std::optional<Error> error;
  Completion done;
};

}  // namespace

struct FakeTransport::Rule::Script {
  // Guards `answers`; tests script while requests run.
  mutable std::mutex mutex;
  Method method = Method::get;
  std::string url;
  UrlParts pattern;
  std::deque<FakeAnswer> answers;

  std::optional<FakeAnswer> next() {
    const std::lock_guard lock(mutex);
    if (answers.empty()) return std::nullopt;
    if (answers.size() == 1) return answers.front();
    FakeAnswer answer = std::move(answers.front());
    answers.pop_front();
    return answer;
  }
};

struct FakeTransport::State {
  mutable std::mutex mutex;
  mutable std::condition_variable held_changed;
  std::vector<std::shared_ptr<Rule::Script>> rules;
  std::vector<Request> requests;
  std::vector<std::string> unexpected;
  std::deque<Held> held;

  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    for (Held& one : held) {
      one.done(fail(ErrorCode::cancelled, "the fake transport is gone"));
    }
  }

  std::optional<FakeAnswer> answer_for(const Request& request) {
    std::shared_ptr<Rule::Script> found;
    {
      const std::lock_guard lock(mutex);
      Request copy = request;
      copy.sink = nullptr;
      requests.push_back(std::move(copy));
      for (const auto& rule : rules) {
        if (rule->method != request.method || !matches(rule->pattern, request.url)) continue;
        if (!found || (rule->pattern.parameters && !found->pattern.parameters)) found = rule;
      }
    }
    std::optional<FakeAnswer> answer = found ? found->next() : std::nullopt;
    if (!answer) {
      const std::lock_guard lock(mutex);
      unexpected.push_back(line_of(request));
    }
    return answer;
  }
};

FakeTransport::Rule& FakeTransport::Rule::reply(int status, std::string body, Headers headers) {
  FakeAnswer answer;
  answer.status = status;
  answer.headers = std::move(headers);
  const bool typed = std::any_of(answer.headers.begin(), answer.headers.end(),
                                 [](const auto& header) { return header.first == "Content-Type"; });
  if (!typed) answer.headers.emplace_back("Content-Type", "application/json");
  if (!body.empty()) answer.pieces.push_back(std::move(body));
  return this->answer(std::move(answer));
}

FakeTransport::Rule& FakeTransport::Rule::stream(std::vector<std::string> pieces, Headers headers) {
  FakeAnswer answer;
  answer.pieces = std::move(pieces);
  answer.headers = std::move(headers);
  return this->answer(std::move(answer));
}

FakeTransport::Rule& FakeTransport::Rule::fail(Error error) {
  FakeAnswer answer;
  answer.error = std::move(error);
  return this->answer(std::move(answer));
}

FakeTransport::Rule& FakeTransport::Rule::fail(ErrorCode code, std::string message) {
  return fail(Error(code, std::move(message)));
}

FakeTransport::Rule& FakeTransport::Rule::compute(
    std::function<Result<Response>(const Request&)> answer) {
  FakeAnswer computed;
  computed.compute = std::move(answer);
  return this->answer(std::move(computed));
}

FakeTransport::Rule& FakeTransport::Rule::answer(FakeAnswer answer) {
  const std::lock_guard lock(m_script->mutex);
  m_script->answers.push_back(std::move(answer));
  return *this;
}

FakeTransport::Rule& FakeTransport::Rule::then_fail(Error error) {
  const std::lock_guard lock(m_script->mutex);
  m_script->answers.back().error = std::move(error);
  return *this;
}

FakeTransport::Rule& FakeTransport::Rule::hold() {
  const std::lock_guard lock(m_script->mutex);
  m_script->answers.back().held = true;
  return *this;
}

FakeTransport::Rule& FakeTransport::Rule::clear() {
  const std::lock_guard lock(m_script->mutex);
  m_script->answers.clear();
  return *this;
}

FakeTransport::FakeTransport() : m_state(std::make_shared<State>()) {}
FakeTransport::FakeTransport(std::shared_ptr<State> state) : m_state(std::move(state)) {}
FakeTransport::~FakeTransport() = default;

FakeTransport::Rule FakeTransport::on(Method method, std::string url) {
  const std::lock_guard lock(m_state->mutex);
  for (const auto& rule : m_state->rules) {
    if (rule->method == method && rule->url == url) return Rule(rule);
  }
  auto script = std::make_shared<Rule::Script>();
  script->method = method;
  script->pattern = split_url(url);
  script->url = std::move(url);
  m_state->rules.push_back(script);
  return Rule(std::move(script));
}

std::unique_ptr<http::Transport> FakeTransport::handle() const {
  return std::unique_ptr<http::Transport>(new FakeTransport(m_state));
}

std::vector<Request> FakeTransport::requests() const {
  const std::lock_guard lock(m_state->mutex);
  return m_state->requests;
}

std::vector<std::string> FakeTransport::request_lines() const {
  std::vector<std::string> lines;
  for (const Request& request : requests()) lines.push_back(line_of(request));
  return lines;
}

std::vector<std::string> FakeTransport::unexpected() const {
  const std::lock_guard lock(m_state->mutex);
  return m_state->unexpected;
}

void FakeTransport::wait_for_held(std::size_t count) const {
  std::unique_lock lock(m_state->mutex);
  m_state->held_changed.wait(lock, [&] { return m_state->held.size() >= count; });
}

std::size_t FakeTransport::held() const {
  const std::lock_guard lock(m_state->mutex);
  return m_state->held.size();
}

std::size_t FakeTransport::release(std::size_t count) {
  std::deque<Held> released;
  {
    const std::lock_guard lock(m_state->mutex);
    while (released.size() < count && !m_state->held.empty()) {
      released.push_back(std::move(m_state->held.front()));
      m_state->held.pop_front();
    }
  }
  for (Held& one : released) {
    if (one.error) {
      one.done(kai::fail(std::move(*one.error)));
    } else {
      one.done(std::move(one.response));
    }
  }
  return released.size();
}

void FakeTransport::feed(std::string_view piece) {
  // Out of the list while their sinks run, so that a sink may use this transport.
  std::deque<Held> taken;
  {
    const std::lock_guard lock(m_state->mutex);
    taken.swap(m_state->held);
  }
  std::deque<Held> kept;
  for (Held& one : taken) {
    if (one.request.sink && !one.request.sink(piece)) {
      one.done(kai::fail(ErrorCode::cancelled, "the receiver wanted no more"));
      continue;
    }
    if (!one.request.sink) one.response.body += piece;
    kept.push_back(std::move(one));
  }
  const std::lock_guard lock(m_state->mutex);
  std::move(m_state->held.begin(), m_state->held.end(), std::back_inserter(kept));
  m_state->held = std::move(kept);
  m_state->held_changed.notify_all();
}

void FakeTransport::start(Request request, Completion done) {
  std::optional<FakeAnswer> answer = m_state->answer_for(request);
  if (!answer) {
    done(fail(ErrorCode::internal, "FakeTransport: unexpected " + line_of(request)));
    return;
  }
  Response response;
  if (answer->compute) {
    Result<Response> computed = answer->compute(request);
    if (computed) {
      response = *std::move(computed);
      if (!response.body.empty()) answer->pieces = {std::exchange(response.body, {})};
    } else {
      answer->error = std::move(computed).error();
    }
  } else {
    response.status = answer->status;
    response.headers = std::move(answer->headers);
  }
  const bool streamed = request.sink && response.status >= 200 && response.status < 300;
  for (const std::string& piece : answer->pieces) {
    if (!streamed) {
      response.body += piece;
    } else if (!request.sink(piece)) {
      done(fail(ErrorCode::cancelled, "the receiver wanted no more"));
      return;
    }
  }
  if (answer->held) {
    const std::lock_guard lock(m_state->mutex);
    m_state->held.push_back(
        {std::move(request), std::move(response), std::move(answer->error), std::move(done)});
    m_state->held_changed.notify_all();
    return;
  }
  if (answer->error) {
    done(fail(std::move(*answer->error)));
  } else {
    done(std::move(response));
  }
}

std::string status_body(int code, std::string_view reason, std::string_view message) {
  return nlohmann::json{{"kind", "Status"},    {"apiVersion", "v1"}, {"metadata", {}},
                        {"status", "Failure"}, {"message", message}, {"reason", reason},
                        {"code", code}}
      .dump();
}

}  // namespace kai::test
