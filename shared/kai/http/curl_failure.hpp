// What libcurl reports, turned into an Error a person can act on. Private to kai/http.
#pragma once

#include <curl/curl.h>
#include <kai/base/result.hpp>

#include <chrono>
#include <string>

namespace kai::http {

struct CurlFailure {
  CURLcode code = CURLE_OK;
  std::string detail;      // libcurl's error text; may be empty
  long verify_result = 0;  // of the server's certificate, as OpenSSL numbers it; 0: no finding
  long proxy_status = 0;   // of an HTTP proxy's answer to CONNECT
  int system_error = 0;    // errno of connect(2)
  bool sent = false;       // the request began to leave
  std::string peer;        // "host:port" as the user wrote it
  std::string proxy;       // "host:port", when there is one
  std::string name;        // which the server's certificate must carry
  std::string certificate_names;  // which it does carry, "a, b"; empty when unknown
  bool has_client_certificate = false;
};

Error to_error(const CurlFailure& failure);

// No answer to the attempt to connect.
Error connect_timeout_error(const std::string& peer, std::chrono::milliseconds waited);

}  // namespace kai::http
