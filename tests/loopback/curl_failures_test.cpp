// CurlTransport: failures, time-outs, cancellation, and retries on top of them.
#include "curl_fixture.hpp"

#include <fmt/format.h>
#include <kai/http/retry_transport.hpp>

#include <array>
#include <thread>

namespace kai::http {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using testing::AllOf;
using testing::HasSubstr;

class CurlFailures : public CurlTransportTest {
 protected:
  static std::string peer(std::string_view name) {
    return fmt::format("127.0.0.1:{}", server().port(name));
  }
  static RetryOptions quick() {
    RetryOptions options;
    options.first_delay = milliseconds(1);
    options.first_idle_timeout = milliseconds(100);
    return options;
  }
};

TEST_F(CurlFailures, NamesTheServerThatRefuses) {
  const auto transport = make();
  const auto result = send(*transport, get("refused", "/"));
  EXPECT_EQ(result.error().code, ErrorCode::unreachable);
  EXPECT_EQ(result.error().message,
            fmt::format("cannot connect to {}: connection refused", peer("refused")));
  EXPECT_THAT(result.error().hint, HasSubstr("check that the server is running"));

  Request ipv6;
  ipv6.url = "https://[::1]:1/";
  const auto other = send(*transport, ipv6);
  EXPECT_EQ(other.error().code, ErrorCode::unreachable);
  EXPECT_THAT(other.error().message, HasSubstr("cannot connect to [::1]:1: "));
}

TEST_F(CurlFailures, RejectsUrlsItCannotSend) {
  const auto transport = make();
  Request request;
  for (const char* text : {"", "host", "ftp://127.0.0.1/", "file:///etc/passwd"}) {
    request.url = text;
    EXPECT_EQ(send(*transport, request).error().code, ErrorCode::invalid_input) << text;
  }
}

TEST_F(CurlFailures, RecognisesServersOfAnotherKind) {
  const auto transport = make();
  Request tls = get("plain", "/");
  tls.url.replace(0, 4, "https");
  const auto no_tls = send(*transport, tls);
  EXPECT_EQ(no_tls.error().code, ErrorCode::server);
  EXPECT_EQ(no_tls.error().message, peer("plain") + " does not speak TLS");

  const auto no_http = send(*transport, get("ssh", "/"));
  EXPECT_EQ(no_http.error().code, ErrorCode::server);
  EXPECT_THAT(no_http.error().message, HasSubstr(peer("ssh") + " does not answer in HTTP"));
}

TEST_F(CurlFailures, GivesUpOnConnectionsThatAreNeverMade) {
  TransportOptions options = trusting();
  options.connect_timeout = milliseconds(100);
  const auto transport = make(options);
  const auto result = send(*transport, get("silent", "/"));
  EXPECT_EQ(result.error().code, ErrorCode::unreachable);
  EXPECT_EQ(result.error().message,
            fmt::format("no connection to {} within 0.1 s", peer("silent")));
}

TEST_F(CurlFailures, EndsRequestsAtTheirTimeout) {
  const auto transport = make();
  for (const char* name : {"plain", "h1", "h2"}) {
    // With a connection at hand, all of the time is spent waiting for the answer.
    ASSERT_TRUE(send(*transport, get(name, "/echo")));
    Request request = get(name, "/hang");
    request.timeout = milliseconds(200);
    const auto result = send(*transport, request);
    EXPECT_EQ(result.error().code, ErrorCode::timed_out);
    EXPECT_THAT(result.error().message,
                AllOf(HasSubstr("GET " + url(name, "/hang") + " timed out after "),
                      HasSubstr("no answer came")));
  }
  Request delayed = get("h2", "/echo");
  delayed.delay = hours(1);
  delayed.timeout = milliseconds(20);
  EXPECT_THAT(send(*transport, delayed).error().message, HasSubstr("was not sent yet"));

  Request connecting = get("silent", "/");
  connecting.timeout = milliseconds(50);
  EXPECT_THAT(send(*transport, connecting).error().message, HasSubstr("no connection yet"));
}

TEST_F(CurlFailures, EndsRequestsThatStall) {
  const auto transport = make();
  for (const char* name : {"plain", "h1", "h2"}) {
    for (const char* path : {"/hang", "/stall"}) {
      Request request = get(name, path);
      request.idle_timeout = milliseconds(100);
      const auto result = send(*transport, request);
      EXPECT_EQ(result.error().code, ErrorCode::timed_out);
      EXPECT_THAT(result.error().message, HasSubstr(peer(name) + " sent nothing for 0.1 s"));
      EXPECT_EQ(send(*transport, get(name, "/echo"))->status, 200) << "the next one is fine";
    }
  }
}

// A watch keeps the connection open on which another request stalled.
TEST_F(CurlFailures, NewRequestsAvoidAConnectionThatWentSilent) {
  Pieces pieces;
  Results results;
  const auto transport = make();
  Request watch = get("h2", "/stall");
  watch.sink = pieces.sink();
  transport->start(watch, results.completion());
  pieces.wait_for("begin");
  const auto before = send(*transport, get("h2", "/echo"));

  Request stalling = get("h2", "/hang");
  stalling.idle_timeout = milliseconds(100);
  ASSERT_EQ(send(*transport, stalling).error().code, ErrorCode::timed_out);
  const auto after = send(*transport, get("h2", "/echo"));
  EXPECT_NE(before->header("X-Connection"), after->header("X-Connection"));
}

TEST_F(CurlFailures, CancelEndsEverything) {
  const Cancel cancel;
  Results results;
  Pieces pieces;
  const auto transport = make(trusting(), cancel);
  Request stream = get("h2", "/stall");
  stream.sink = pieces.sink();
  transport->start(stream, results.completion());
  transport->start(get("h2", "/hang"), results.completion());
  transport->start(get("h1", "/hang"), results.completion());
  transport->start(get("silent", "/"), results.completion());
  Request delayed = get("h2", "/echo");
  delayed.delay = hours(1);
  transport->start(delayed, results.completion());
  pieces.wait_for("begin");
  cancel.request(2);
  for (const auto& result : results.wait_for(5)) {
    EXPECT_EQ(result.error().code, ErrorCode::cancelled);
  }
  EXPECT_EQ(send(*transport, get("h2", "/echo")).error().code, ErrorCode::cancelled);
}

TEST_F(CurlFailures, GoingAwayEndsEverything) {
  Results results;
  {
    Pieces pieces;
    const auto transport = make();
    Request stream = get("h1", "/stall");
    stream.sink = pieces.sink();
    transport->start(stream, results.completion());
    transport->start(get("h2", "/hang"), results.completion());
    Request delayed = get("h2", "/echo");
    delayed.delay = hours(1);
    transport->start(delayed, results.completion());
    // A completion that asks for more must not keep the transport alive.
    for (const char* body : {"", "body"}) {
      transport->start(request_of(Method::patch, "h2", "/hang", body),
                       [&, raw = transport.get()](const Result<Response>&) {
                         for (const char* next : {"", "body"}) {
                           raw->start(request_of(Method::patch, "h2", "/echo", next),
                                      results.completion());
                         }
                       });
    }
    pieces.wait_for("begin");
  }
  for (const auto& result : results.wait_for(7)) {
    EXPECT_EQ(result.error().code, ErrorCode::cancelled);
  }
  // One that was never used has nothing to end.
  make();
}

TEST_F(CurlFailures, SaysWhenAConnectionBreaks) {
  const auto transport = make();
  for (const char* name : {"plain", "h1", "h2"}) {
    for (const char* path : {"/truncate", "/kill"}) {
      SCOPED_TRACE(fmt::format("{} {}", name, path));
      const auto result = send(*transport, get(name, path));
      EXPECT_EQ(result.error().code, ErrorCode::disconnected) << result.error().message;
      EXPECT_THAT(result.error().message, HasSubstr("the connection to " + peer(name) + " broke"));
    }
  }
}

// libcurl sends a request again when a kept-alive connection breaks under it. What
// must not be repeated may not be.
TEST_F(CurlFailures, WritesAreNeverRepeatedBehindOurBack) {
  for (const char* name : {"plain", "h1", "h2"}) {
    SCOPED_TRACE(name);
    const auto transport = make();
    ASSERT_TRUE(send(*transport, request_of(Method::post, name, "/echo", "body")));
    const std::string key = fresh_key();
    const auto result =
        send(*transport, request_of(Method::post, name, "/kill?key=" + key, "body"));
    EXPECT_EQ(result.error().code, ErrorCode::disconnected);
    EXPECT_EQ(send(*transport, get(name, "/count?key=" + key))->body, "1");
  }
}

TEST_F(CurlFailures, RetriesGetThrough) {
  for (const char* name : {"plain", "h1", "h2"}) {
    for (const char* path : {"/truncate", "/kill", "/hang", "/stall"}) {
      SCOPED_TRACE(fmt::format("{} {}", name, path));
      RetryTransport transport(make(), quick(), {});
      ASSERT_TRUE(send(transport, get(name, "/echo")));
      const auto result =
          send(transport, get(name, fmt::format("{}?times=2&key={}", path, fresh_key())));
      ASSERT_TRUE(result) << result.error().to_string();
      EXPECT_EQ(result->body, "well");
    }
  }
}

TEST_F(CurlFailures, RetriesEndWithTheTimeoutOrACancel) {
  {
    RetryTransport transport(make(), quick(), {});
    Request request = get("h2", "/hang");
    request.timeout = milliseconds(500);
    EXPECT_EQ(send(transport, request).error().code, ErrorCode::timed_out);
  }
  const Cancel cancel;
  RetryOptions slow = quick();
  slow.first_delay = hours(1);
  slow.max_delay = hours(1);
  Results results;
  RetryTransport transport(make(trusting(), cancel), slow, {});
  transport.start(get("h2", "/kill"), results.completion());
  transport.start(get("h2", "/hang"), results.completion());
  cancel.request(2);
  for (const auto& result : results.wait_for(2)) {
    EXPECT_EQ(result.error().code, ErrorCode::cancelled);
  }
}

class CurlProxies : public CurlTransportTest {
 protected:
  // A name that only the proxies can resolve.
  static Request behind(std::string_view name) {
    Request request;
    request.url = fmt::format("{}://only.kai.test:{}/echo", name == "plain" ? "http" : "https",
                              server().port(name));
    return request;
  }
  static TransportOptions through(const std::string& proxy) {
    TransportOptions options = trusting();
    options.proxy = proxy;
    return options;
  }
  static std::string place(std::string_view name) {
    return fmt::format("127.0.0.1:{}", server().port(name));
  }
};

TEST_F(CurlProxies, CarryRequests) {
  for (const std::string& proxy :
       {"http://" + place("proxy"), "https://" + place("tls-proxy"), "socks5://" + place("socks"),
        "http://me:secret@" + place("proxy-with-password")}) {
    SCOPED_TRACE(proxy);
    const auto transport = make(through(proxy));
    for (const char* name : {"h1", "h2", "plain"}) {
      const auto result = send(*transport, behind(name));
      ASSERT_TRUE(result) << result.error().to_string();
      EXPECT_EQ(result->status, 200);
      EXPECT_EQ(echo_of(result).value("host", ""),
                fmt::format("only.kai.test:{}", server().port(name)));
    }
    EXPECT_EQ(send(*transport, behind("h2"))->header("X-Proto"), "HTTP/2.0");
  }
}

TEST_F(CurlProxies, WorkWithAServerName) {
  TransportOptions options = through("http://" + place("proxy"));
  options.tls.server_name = "other.test";
  const auto seen = echo_of(send(*make(options), behind("other-name")));
  EXPECT_EQ(seen.value("serverName", ""), "other.test") << seen;
  EXPECT_EQ(seen.value("host", ""), fmt::format("only.kai.test:{}", server().port("other-name")));
}

TEST_F(CurlProxies, ComeFromTheEnvironment) {
  TransportOptions options = trusting();
  options.env = [](std::string_view name) -> std::optional<std::string> {
    if (name == "HTTPS_PROXY") return "http://" + place("proxy");
    return std::nullopt;
  };
  EXPECT_EQ(send(*make(options), behind("h2"))->status, 200);

  // An explicit one wins, and knows no NO_PROXY.
  options.env = [](std::string_view name) -> std::optional<std::string> {
    if (name == "HTTPS_PROXY") return "http://" + place("refused");
    return "*";
  };
  options.proxy = "http://" + place("proxy");
  EXPECT_EQ(send(*make(options), behind("h2"))->status, 200);
}

TEST_F(CurlProxies, AreNamedWhenTheyAreInTheWay) {
  const auto error_of = [&](const std::string& proxy) {
    const auto result = send(*make(through(proxy)), behind("h2"));
    return result ? Error(ErrorCode::internal, "it worked") : result.error();
  };
  const Error refused = error_of("http://" + place("refused"));
  EXPECT_EQ(refused.code, ErrorCode::unreachable);
  EXPECT_EQ(refused.message,
            fmt::format("cannot connect to the proxy {}: connection refused", place("refused")));
  const std::string target = fmt::format("only.kai.test:{}", server().port("h2"));
  const Error forbidden = error_of("http://" + place("forbidding-proxy"));
  EXPECT_EQ(forbidden.code, ErrorCode::unreachable);
  EXPECT_EQ(forbidden.message, fmt::format("the proxy {} did not connect us to {}: it answered 403",
                                           place("forbidding-proxy"), target));
  const Error password = error_of("http://me:wrong@" + place("proxy-with-password"));
  EXPECT_EQ(password.code, ErrorCode::unreachable);
  EXPECT_THAT(password.message,
              AllOf(HasSubstr("it answered 407"), testing::Not(HasSubstr("wrong"))));
  EXPECT_THAT(password.hint, HasSubstr("password"));
  const Error nonsense = error_of("gopher://" + place("proxy"));
  EXPECT_EQ(nonsense.code, ErrorCode::invalid_input);
}

}  // namespace
}  // namespace kai::http
