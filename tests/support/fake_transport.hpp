// FakeTransport: a Transport that answers from a script, without a network.
//
//   FakeTransport fake;
//   fake.on(Method::get, "/api/v1/nodes").reply(429).reply(200, R"({"items": []})");
//   kube::Client client(access, context, fake.handle());
//   …
//   EXPECT_EQ(fake.requests().size(), 2U);
//
// Answers come inside start(), on the caller's thread; held ones when the test
// releases them. A request that no rule expects fails with ErrorCode::internal and
// is listed by unexpected(). Thread-safe.
#pragma once

#include <kai/http/transport.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kai::test {

// One answer: the status, then the body piece by piece, then the end or `error`.
struct FakeAnswer {
  int status = 200;
  http::Headers headers;
  std::vector<std::string> pieces;
  std::optional<Error> error;  // instead of an answer; with pieces: after them
  bool held = false;           // the end waits for release()
  // When set, computes the answer from the request and replaces all of the above but `held`.
  std::function<Result<http::Response>(const http::Request&)> compute;
};

class FakeTransport final : public http::Transport {
 public:
  // What one kind of request gets: the answers in turn, the last one again and again.
  class Rule {
   public:
    // JSON, unless `headers` has another Content-Type.
    Rule& reply(int status, std::string body = {}, http::Headers headers = {});
    // A body in pieces; each is one call of the sink.
    Rule& stream(std::vector<std::string> pieces, http::Headers headers = {});
    Rule& fail(Error error);
    Rule& fail(ErrorCode code, std::string message = "scripted failure");
    // Computed by the test, outside of any lock.
    Rule& compute(std::function<Result<http::Response>(const http::Request&)> answer);
    Rule& answer(FakeAnswer answer);
    // The last answer breaks off with `error` after its pieces.
    Rule& then_fail(Error error);
    // The last answer does not end before release(). Pieces come before that.
    Rule& hold();
    // Forgets all answers, to script a new phase of the test.
    Rule& clear();

   private:
    friend class FakeTransport;
    struct Script;
    explicit Rule(std::shared_ptr<Script> script) : m_script(std::move(script)) {}
    std::shared_ptr<Script> m_script;
  };

  FakeTransport();
  // Held requests end with ErrorCode::cancelled, once the last handle is gone too.
  ~FakeTransport() override;

  // The rule for a method and a URL. `url` is absolute, or begins with "/" for any
  // host. Without a query it stands for every query; with one, the parameters must
  // be the same in any order. Rules with a query are asked before those without.
  Rule on(http::Method method, std::string url);

  // Another transport with the same script, for what wants to own its transport.
  [[nodiscard]] std::unique_ptr<http::Transport> handle() const;

  // Every request so far, in order; sinks are left out.
  [[nodiscard]] std::vector<http::Request> requests() const;
  // "GET URL" of every request so far.
  [[nodiscard]] std::vector<std::string> request_lines() const;
  // "GET URL" of the requests that no rule expected.
  [[nodiscard]] std::vector<std::string> unexpected() const;

  // Waits until `count` requests are held.
  void wait_for_held(std::size_t count) const;
  [[nodiscard]] std::size_t held() const;
  // Ends the oldest `count` held requests on this thread, in order; returns how many.
  std::size_t release(std::size_t count = static_cast<std::size_t>(-1));
  // Gives one more piece to the sinks of all held requests. A sink that wants no
  // more ends its request.
  void feed(std::string_view piece);

  void start(http::Request request, http::Completion done) override;

 private:
  struct State;
  explicit FakeTransport(std::shared_ptr<State> state);
  std::shared_ptr<State> m_state;
};

// A Kubernetes Status body, as the API server sends with an error.
std::string status_body(int code, std::string_view reason, std::string_view message);

}  // namespace kai::test
