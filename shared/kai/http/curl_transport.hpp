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

}  // namespace kai::http
