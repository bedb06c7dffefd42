// CurlTransport: Transport over libcurl's multi interface, and its only user.
//
// libcurl is opened at run time, on the first request: loading it costs more than
// a whole offline command. A thread of its own drives all reads: keep-alive, HTTP/2
// multiplexing with fallback to HTTP/1.1, gzip, proxies, TLS. A second one drives what
// has a body, always over HTTP/1.1 (curl_transfer.cpp says why), since libcurl stops
// multiplexing to a host once it has HTTP/1.1 connections to it in the same loop.
#pragma once

#include <kai/base/cancel.hpp>
#include <kai/base/log.hpp>
#include <kai/http/transport.hpp>

#include <memory>
#include <string>

namespace kai::http {

class CurlTransport final : public Transport {
 public:
  // Starts no thread and opens no library until a request needs it.
  CurlTransport(TransportOptions options, Cancel cancel, Log log);
  // Ends all transfers with ErrorCode::cancelled and joins the threads.
  ~CurlTransport() override;

  void start(Request request, Completion done) override;

 private:
  class Loop;
  std::unique_ptr<Loop> m_reads;
  std::unique_ptr<Loop> m_writes;
};

// Opens libcurl and says which one it is: "7.88.1 with HTTP/2, OpenSSL/3.0.11".
// Errors: io, naming the package to install.
Result<std::string> describe_curl();

}  // namespace kai::http
