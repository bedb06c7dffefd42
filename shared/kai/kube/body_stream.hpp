// BodyStream: an answer that is read line by line while it is still arriving, on the
// caller's thread. For watches and logs. Not thread-safe. Internal to kai/kube.
#pragma once

#include <kai/base/result.hpp>
#include <kai/http/transport.hpp>
#include <kai/kube/requester.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

namespace kai::kube {

class BodyStream {
 public:
  using Deadline = std::optional<std::chrono::steady_clock::time_point>;

  // Sends the request, and again once after a 401 with renewed credentials. `operation`
  // and `requester` must outlive the stream.
  BodyStream(Requester& requester, const Operation& operation, Call call);
  // A request that still runs ends with the next piece that arrives.
  ~BodyStream();
  BodyStream(const BodyStream&) = delete;
  BodyStream& operator=(const BodyStream&) = delete;

  enum class Got { line, end, deadline };
  // Waits for the next line; without its line break. What stands behind the last line
  // break is rest(). Data that arrived before a failure comes before the end.
  Got next(std::string& line, const Deadline& deadline = std::nullopt);

  // After the end: why it ended, nullopt when the server just closed the stream.
  [[nodiscard]] std::optional<Error> error() const;
  [[nodiscard]] const std::string& rest() const { return m_text; }

 private:
  struct Shared;
  void send();

  Requester& m_requester;
  const Operation& m_operation;
  Call m_call;
  std::shared_ptr<Shared> m_shared;
  std::optional<Result<http::Response>> m_outcome;
  std::string m_text;  // taken from the transport, not handed over yet
  std::size_t m_searched = 0;
  long m_generation = 0;
  bool m_renewed = false;
};

}  // namespace kai::kube
