// CurlTransport: Transport over libcurl's multi interface, and its only user.
//
// libcurl is opened at run time, on the first request: loading it costs more than
// a whole offline command. One thread of its own drives all transfers: keep-alive,
// HTTP/2 multiplexing with fallback to HTTP/1.1, gzip, proxies, TLS.
#pragma once

#include <kai/base/cancel.hpp>
#include <kai/base/log.hpp>
#include <kai/http/transport.hpp>

#include <memory>
#include <string>

namespace kai::http {

class CurlTransport final : public Transport {
 public:
  // Starts no thread and opens no library until the first request.
  CurlTransport(TransportOptions options, Cancel cancel, Log log);
  // Ends all transfers with ErrorCode::cancelled and joins the thread.
  ~CurlTransport() override;

  void start(Request request, Completion done) override;

 private:
  class Loop;
  std::unique_ptr<Loop> m_loop;
};

// Opens libcurl and says which one it is: "7.88.1 with HTTP/2, OpenSSL/3.0.11".
// Errors: io, naming the package to install.
Result<std::string> describe_curl();

}  // namespace kai::http
