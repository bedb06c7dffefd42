#include <kai/http/transport.hpp>

#include <strings.h>

#include <future>
#include <memory>

namespace kai::http {

std::string_view to_string(Method method) {
  switch (method) {
    case Method::get: return "GET";
    case Method::head: return "HEAD";
    case Method::post: return "POST";
    case Method::put: return "PUT";
    case Method::patch: return "PATCH";
    case Method::del: return "DELETE";
  }
  return "";
}

std::string_view Response::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key.size() == name.size() && strncasecmp(key.data(), name.data(), name.size()) == 0) {
      return value;
    }
  }
  return {};
}

Result<Response> send(Transport& transport, Request request) {
  // Shared, because a Completion must be copyable.
  const auto answer = std::make_shared<std::promise<Result<Response>>>();
  transport.start(std::move(request),
                  [answer](Result<Response> result) { answer->set_value(std::move(result)); });
  return answer->get_future().get();
}

}  // namespace kai::http
