// gzip (RFC 1952), a piece at a time. The one user of zlib. Values that are moved; not
// synchronised.
#pragma once

#include <kai/base/result.hpp>

#include <functional>
#include <memory>
#include <string_view>

namespace kai::model {

// Takes bytes as they come out; valid during the call.
using ByteSink = std::function<Result<>(std::string_view bytes)>;

class GzipWriter {
 public:
  explicit GzipWriter(ByteSink sink);
  ~GzipWriter();
  GzipWriter(GzipWriter&&) noexcept;
  GzipWriter& operator=(GzipWriter&&) noexcept;

  // Errors: those of the sink.
  Result<> write(std::string_view bytes);
  // Nothing can be written behind it.
  Result<> finish();

 private:
  struct State;
  std::unique_ptr<State> m_state;
};

class GzipReader {
 public:
  explicit GzipReader(ByteSink sink);
  ~GzipReader();
  GzipReader(GzipReader&&) noexcept;
  GzipReader& operator=(GzipReader&&) noexcept;

  // Errors: invalid_input for what is no gzip or is damaged; those of the sink.
  Result<> write(std::string_view bytes);
  // Errors: invalid_input if the data ended early.
  Result<> finish();

 private:
  struct State;
  std::unique_ptr<State> m_state;
};

}  // namespace kai::model
