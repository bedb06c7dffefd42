// What the tests of CurlTransport share: the servers, and transports that trust them.
#pragma once

#include "support/http_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <kai/http/curl_transport.hpp>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace kai::http {

class CurlTransportTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { s_server = std::make_unique<test::HttpServer>(); }
  static void TearDownTestSuite() { s_server.reset(); }

  static test::HttpServer& server() { return *s_server; }
  static std::string url(std::string_view name, std::string_view path) {
    return s_server->url(name, path);
  }

  // Trusting the servers' authority, with an empty environment.
  static TransportOptions trusting() {
    TransportOptions options;
    options.tls.ca_pem = s_server->pem("ca");
    options.env = [](std::string_view) { return std::nullopt; };
    return options;
  }

  static std::unique_ptr<CurlTransport> make(TransportOptions options = trusting(),
                                             Cancel cancel = {}, Log log = {}) {
    return std::make_unique<CurlTransport>(std::move(options), std::move(cancel), std::move(log));
  }

  static Request get(std::string_view name, std::string_view path) {
    Request request;
    request.url = s_server->url(name, path);
    return request;
  }

  static Request request_of(Method method, std::string_view name, std::string_view path,
                            std::string body = {}) {
    Request request = get(name, path);
    request.method = method;
    request.body = std::move(body);
    return request;
  }

  // The answer of /echo.
  static nlohmann::json echo_of(const Result<Response>& result) {
    if (!result) return {{"error", result.error().to_string()}};
    return nlohmann::json::parse(result->body, nullptr, false);
  }

  // A key that no other test counts under.
  static std::string fresh_key() {
    static int last = 0;
    return "key" + std::to_string(++last);
  }

 private:
  inline static std::unique_ptr<test::HttpServer> s_server;
};

// Collects results, and waits for them. Declared before the transport, which may call it
// until the transport is gone.
class Results {
 public:
  Completion completion() {
    return [this](Result<Response> result) {
      const std::lock_guard lock(m_mutex);
      m_results.push_back(std::move(result));
      m_changed.notify_all();
    };
  }
  std::vector<Result<Response>> wait_for(std::size_t count) {
    std::unique_lock lock(m_mutex);
    m_changed.wait(lock, [&] { return m_results.size() >= count; });
    return m_results;
  }

 private:
  std::mutex m_mutex;
  std::condition_variable m_changed;
  std::vector<Result<Response>> m_results;
};

// A sink that keeps what it gets, and lets a test wait for it. Declared before the transport
// too.
class Pieces {
 public:
  BodySink sink() {
    return [this](std::string_view piece) {
      const std::lock_guard lock(m_mutex);
      m_text += piece;
      m_changed.notify_all();
      return true;
    };
  }
  void wait_for(std::string_view text) {
    std::unique_lock lock(m_mutex);
    m_changed.wait(lock, [&] { return m_text == text; });
  }

 private:
  std::mutex m_mutex;
  std::condition_variable m_changed;
  std::string m_text;
};

}  // namespace kai::http
