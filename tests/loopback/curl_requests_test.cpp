// CurlTransport: what is sent and what comes back.
#include "curl_fixture.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <kai/http/retry_transport.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <set>
#include <thread>

namespace kai::http {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::Eq;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

class CurlRequests : public CurlTransportTest {};

std::string digits(std::size_t count) {
  std::string text;
  text.reserve(count);
  for (std::size_t i = 0; i < count; ++i) text += static_cast<char>('0' + i % 10);
  return text;
}

TEST_F(CurlRequests, EveryMethodArrivesAsItIs) {
  const auto transport = make();
  for (const char* name : {"plain", "h1", "h2"}) {
    for (const Method method :
         {Method::get, Method::post, Method::put, Method::patch, Method::del}) {
      for (const bool idempotent : {false, true}) {
        for (const std::string body : {"", R"({"kind":"Pod"})"}) {
          if (method == Method::get && !body.empty()) continue;
          SCOPED_TRACE(fmt::format("{} {} {} \"{}\"", name, to_string(method), idempotent, body));
          Request request = request_of(method, name, "/echo?a=b%20c&d", body);
          request.idempotent = idempotent;
          request.headers = {{"X-One", "1"}, {"X-Empty", ""}, {"Accept", "application/json"}};
          if (!body.empty()) request.headers.emplace_back("Content-Type", "application/yaml");
          const auto seen = echo_of(send(*transport, request));
          EXPECT_EQ(seen.value("method", ""), to_string(method)) << seen;
          EXPECT_EQ(seen.value("uri", ""), "/echo?a=b%20c&d");
          EXPECT_EQ(seen.value("body", "?"), body);
          EXPECT_EQ(seen.value("host", ""), fmt::format("127.0.0.1:{}", server().port(name)));
          const auto& headers = seen.at("headers");
          EXPECT_THAT(headers.at("X-One"), ElementsAre("1"));
          EXPECT_THAT(headers.at("X-Empty"), ElementsAre(""));
          EXPECT_THAT(headers.at("Accept"), ElementsAre("application/json"));
          EXPECT_EQ(headers.contains("Content-Type"), !body.empty()) << seen;
          EXPECT_FALSE(headers.contains("Expect")) << seen;
        }
      }
    }
  }
}

TEST_F(CurlRequests, HeadHasHeadersAndNoBody) {
  const auto transport = make();
  const auto answer = send(*transport, request_of(Method::head, "h2", "/status?code=404"));
  EXPECT_EQ(answer->status, 404);
  EXPECT_EQ(answer->body, "");
  EXPECT_EQ(answer->header("x-proto"), "HTTP/2.0");
}

TEST_F(CurlRequests, LargeBodiesGoBothWays) {
  const auto transport = make();
  const std::string body = digits(5'000'003);
  for (const char* name : {"plain", "h1", "h2"}) {
    SCOPED_TRACE(name);
    EXPECT_TRUE(send(*transport, get(name, "/bytes?n=5000003"))->body == body);
    for (const bool idempotent : {false, true}) {
      Request request = request_of(Method::patch, name, "/echo", body);
      request.idempotent = idempotent;
      const auto answer = send(*transport, request);
      EXPECT_NE(answer->body.find("\"" + body + "\""), std::string::npos);
    }
  }
}

TEST_F(CurlRequests, GzipIsAskedForUnlessDisabled) {
  const std::string body = digits(1'000'000);
  const auto zipped = send(*make(), get("h2", "/bytes?n=1000000"));
  EXPECT_EQ(zipped->header("Content-Encoding"), "gzip");
  EXPECT_TRUE(zipped->body == body);

  TransportOptions options = trusting();
  options.disable_compression = true;
  const auto plain = send(*make(options), get("h2", "/bytes?n=1000000"));
  EXPECT_EQ(plain->header("Content-Encoding"), "");
  EXPECT_TRUE(plain->body == body);
}

TEST_F(CurlRequests, ConnectionsAreKeptAlive) {
  const auto transport = make();
  for (const char* name : {"plain", "h1", "h2"}) {
    SCOPED_TRACE(name);
    std::set<std::string, std::less<>> connections;
    for (int i = 0; i < 5; ++i) {
      const auto answer = send(*transport, get(name, "/echo"));
      ASSERT_TRUE(answer) << answer.error().to_string();
      connections.emplace(answer->header("X-Connection"));
    }
    EXPECT_THAT(connections, SizeIs(1));
  }
}

// The server answers only when all twenty are there. Writes have connections of their own.
TEST_F(CurlRequests, Http2SharesOneConnection) {
  Results results;
  const auto transport = make();
  for (int i = 0; i < 3; ++i) {
    const auto write = send(*transport, request_of(Method::post, "h2", "/echo", "body"));
    EXPECT_EQ(write->header("X-Proto"), "HTTP/1.1");
  }
  const std::string path = "/together?n=20&key=" + fresh_key();
  for (int i = 0; i < 20; ++i) transport->start(get("h2", path), results.completion());
  std::set<std::string, std::less<>> connections;
  for (const auto& result : results.wait_for(20)) {
    ASSERT_TRUE(result) << result.error().to_string();
    EXPECT_EQ(result->header("X-Proto"), "HTTP/2.0");
    connections.emplace(result->header("X-Connection"));
  }
  EXPECT_THAT(connections, SizeIs(1));
}

TEST_F(CurlRequests, Http1UsesConnectionsSideBySide) {
  Results results;
  const auto transport = make();
  const std::string path = "/together?n=8&key=" + fresh_key();
  for (int i = 0; i < 8; ++i) transport->start(get("h1", path), results.completion());
  std::set<std::string, std::less<>> connections;
  for (const auto& result : results.wait_for(8)) {
    ASSERT_TRUE(result) << result.error().to_string();
    EXPECT_EQ(result->header("X-Proto"), "HTTP/1.1");
    connections.emplace(result->header("X-Connection"));
  }
  EXPECT_THAT(connections, SizeIs(8));
}

TEST_F(CurlRequests, Http1ConnectionsAreBounded) {
  TransportOptions options = trusting();
  options.max_connections = 3;
  Results results;
  const auto transport = make(options);
  for (int i = 0; i < 60; ++i) transport->start(get("h1", "/echo"), results.completion());
  std::set<std::string, std::less<>> connections;
  for (const auto& result : results.wait_for(60)) {
    ASSERT_TRUE(result) << result.error().to_string();
    connections.emplace(result->header("X-Connection"));
  }
  EXPECT_LE(connections.size(), 3U);
}

TEST_F(CurlRequests, StreamsDoNotKeepOthersWaitingOverHttp1) {
  TransportOptions options = trusting();
  options.max_connections = 1;
  Results streams;
  std::array<Pieces, 3> pieces;
  const auto transport = make(options);
  for (Pieces& one : pieces) {
    Request stream = get("h1", "/stall");
    stream.sink = one.sink();
    transport->start(stream, streams.completion());
    one.wait_for("begin");
  }
  EXPECT_EQ(send(*transport, get("h1", "/echo"))->status, 200);
}

TEST_F(CurlRequests, BlockingCallsFromManyThreads) {
  for (const char* name : {"h1", "h2"}) {
    SCOPED_TRACE(name);
    const auto transport = make();
    std::atomic<int> right{0};
    std::atomic<int> next{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 32; ++t) {
      threads.emplace_back([&] {
        for (int i = next++; i < 200; i = next++) {
          const auto answer = send(*transport, get(name, fmt::format("/bytes?n={}", i * 100)));
          if (answer && answer->body == digits(static_cast<std::size_t>(i) * 100)) ++right;
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(right, 200);
  }
}

TEST_F(CurlRequests, ASinkGetsEachPieceAsItComes) {
  const auto transport = make();
  for (const char* name : {"plain", "h1", "h2"}) {
    SCOPED_TRACE(name);
    const std::string key = fresh_key();
    Pieces pieces;
    Results results;
    Request request = get(name, "/pieces?key=" + key);
    request.sink = pieces.sink();
    transport->start(request, results.completion());
    pieces.wait_for("one");
    ASSERT_TRUE(send(*transport, request_of(Method::post, name, "/count?key=" + key)));
    pieces.wait_for("onetwo");
    ASSERT_TRUE(send(*transport, request_of(Method::post, name, "/count?key=" + key)));
    pieces.wait_for("onetwothree");
    const auto result = results.wait_for(1).front();
    EXPECT_EQ(result->status, 200);
    EXPECT_EQ(result->body, "");
  }
}

TEST_F(CurlRequests, ASinkGetsNoErrorBodies) {
  const auto transport = make();
  Request request = get("h2", "/status?code=403&n=4");
  request.sink = [](std::string_view) -> bool { throw std::logic_error("not meant for the sink"); };
  const auto answer = send(*transport, request);
  EXPECT_EQ(answer->status, 403);
  EXPECT_EQ(answer->body, "eeee");
}

TEST_F(CurlRequests, ASinkThatHasEnoughEndsItsRequestOnly) {
  const auto transport = make();
  for (const char* name : {"h1", "h2"}) {
    Request request = get(name, "/stall");
    request.sink = [](std::string_view) { return false; };
    EXPECT_EQ(send(*transport, request).error().code, ErrorCode::cancelled);
    EXPECT_EQ(send(*transport, get(name, "/echo"))->status, 200);
  }
}

TEST_F(CurlRequests, RedirectsAreNotFollowed) {
  const auto answer = send(*make(), get("h2", "/redirect"));
  EXPECT_EQ(answer->status, 302);
  EXPECT_EQ(answer->header("Location"), "/echo");
}

TEST_F(CurlRequests, HeadersCannotBeSmuggledIn) {
  const auto transport = make();
  for (const Header& header : {Header{"X-A", "1\r\nX-B: 2"}, Header{"X-A: 1\r\nX-B", "2"},
                               Header{"", "1"}, Header{"X-A", std::string("1\0", 2)}}) {
    Request request = get("h1", "/echo");
    request.headers = {header};
    EXPECT_EQ(send(*transport, request).error().code, ErrorCode::invalid_input);
  }
}

TEST_F(CurlRequests, AnswersBeyondAllBoundsAreRefused) {
  const auto transport = make();
  const auto headers = send(*transport, get("h1", "/long-headers?n=300000"));
  EXPECT_EQ(headers.error().code, ErrorCode::server);
  const auto gzip = send(*transport, get("h2", "/damaged-gzip"));
  EXPECT_EQ(gzip.error().code, ErrorCode::server);
  // Of an error's body the first MiB is kept.
  const auto error = send(*transport, get("h2", "/status?code=500&n=3000000"));
  EXPECT_EQ(error->status, 500);
  EXPECT_EQ(error->body.size(), 1024U * 1024);
}

// Servers may answer without reading the request, as an API server does with 403 and
// 429. Why they reject it is in the body, which must not get lost.
TEST_F(CurlRequests, EarlyAnswersArriveWhole) {
  constexpr std::array k_sizes = {10U, 50'000U, 100'000U, 1'000'000U};
  for (const char* name : {"plain", "h1", "h2"}) {
    SCOPED_TRACE(name);
    Results results;
    const auto transport = make();
    for (std::size_t i = 0; i < 96; ++i) {
      Request request = request_of(Method::patch, name, "/status?code=403&n=300",
                                   std::string(k_sizes.at(i % k_sizes.size()), 'x'));
      request.idempotent = i % 8 < 4;
      transport->start(request, results.completion());
    }
    for (const auto& result : results.wait_for(96)) {
      ASSERT_TRUE(result) << result.error().to_string();
      EXPECT_EQ(result->status, 403);
      EXPECT_THAT(result->body, SizeIs(300));
    }
  }
}

// As kube-apiserver's --goaway-chance makes it: connections end under full load.
TEST_F(CurlRequests, GoawayLosesAndRepeatsNothing) {
  RetryOptions options;
  options.first_delay = std::chrono::milliseconds(1);
  Results results;
  RetryTransport transport(make(), options, {});
  const std::string key = fresh_key();
  for (int i = 0; i < 300; ++i) {
    transport.start(get("h2", i % 10 == 3 ? "/goaway" : "/bytes?n=20000"), results.completion());
    transport.start(request_of(Method::post, "h2", "/count?key=" + key, "body"),
                    results.completion());
  }
  for (const auto& result : results.wait_for(600)) {
    EXPECT_TRUE(result) << result.error().to_string();
  }
  EXPECT_EQ(send(transport, get("h2", "/count?key=" + key))->body, "300");
}

TEST_F(CurlRequests, LogsRequestsAndHeadersButNoSecrets) {
  std::mutex mutex;
  std::vector<std::string> lines;
  const Log log(8, [&](int level, std::string_view line) {
    const std::lock_guard lock(mutex);
    lines.push_back(fmt::format("{} {}", level, line));
  });
  {
    const auto transport = make(trusting(), {}, log);
    Request request = request_of(Method::post, "h2", "/echo?a=b", "a secret body");
    request.headers = {{"Authorization", "Bearer secret"}, {"Accept", "text/plain"}};
    ASSERT_TRUE(send(*transport, request));
    ASSERT_TRUE(send(*transport, get("h2", "/status?code=204")));
    ASSERT_FALSE(send(*transport, get("refused", "/")));
  }
  EXPECT_THAT(lines, Contains(AllOf(StartsWith("6 POST " + url("h2", "/echo?a=b") + " 200 OK in "),
                                    testing::EndsWith(" ms"))));
  EXPECT_THAT(lines, Contains(HasSubstr("/status?code=204 204 No Content in ")));
  EXPECT_THAT(lines, Contains(AllOf(StartsWith("6 GET "), HasSubstr(" failed after "),
                                    HasSubstr("connection refused"))));
  EXPECT_THAT(lines, Contains("8   > Authorization: <redacted>"));
  EXPECT_THAT(lines, Contains("8   > Accept: text/plain"));
  EXPECT_THAT(lines, Contains(HasSubstr("8   < x-proto: HTTP/2.0")));
  for (const std::string& line : lines) EXPECT_THAT(line, Not(HasSubstr("secret")));
}

// Credential plugins are started while connections are open.
TEST_F(CurlRequests, ChildrenInheritNoConnection) {
  const auto transport = make();
  ASSERT_TRUE(send(*transport, get("h2", "/echo")));
  ASSERT_TRUE(send(*transport, get("plain", "/echo")));
  int sockets = 0;
  DIR* directory = opendir("/proc/self/fd");
  ASSERT_NE(directory, nullptr);
  while (const dirent* entry = readdir(directory)) {
    struct stat info {};
    const int fd = std::atoi(entry->d_name);
    if (entry->d_name[0] == '.' || fstat(fd, &info) != 0 || !S_ISSOCK(info.st_mode)) continue;
    int type = 0;
    socklen_t size = sizeof type;
    if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &type, &size) != 0 || type != AF_INET) continue;
    ++sockets;
    EXPECT_NE(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0) << "descriptor " << fd;
  }
  closedir(directory);
  EXPECT_GE(sockets, 2);
}

}  // namespace
}  // namespace kai::http
