// HttpServer: the real servers of tests/support/httpd, started for a test.
//
// httpd/main.go says which servers there are, httpd/handlers.go what their paths do.
// They end with this object, and at the latest with the test's process.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace kai::test {

class HttpServer {
 public:
  // Ends the process with a message when the program cannot be started.
  HttpServer();
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  [[nodiscard]] int port(std::string_view server) const;
  // "https://127.0.0.1:PORT" + path; http:// for the servers without TLS.
  [[nodiscard]] std::string url(std::string_view server, std::string_view path) const;
  // A PEM text: "ca", "other-ca", "client", "client-key", …
  [[nodiscard]] const std::string& pem(std::string_view name) const;

 private:
  int m_stdin = -1;
  int m_pid = -1;
  std::map<std::string, int, std::less<>> m_ports;
  std::map<std::string, std::string, std::less<>> m_pem;
};

}  // namespace kai::test
