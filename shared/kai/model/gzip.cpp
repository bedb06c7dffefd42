#include <kai/model/gzip.hpp>

#define ZLIB_CONST  // input is const
#include <zlib.h>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

namespace kai::model {
namespace {

constexpr int k_gzip = 16 + MAX_WBITS;  // zlib's way to say gzip rather than zlib
constexpr std::size_t k_buffer = std::size_t{32} << 10U;

// Gives zlib all of `bytes`, and `sink` all that comes out, until `step` wants no more.
template <class Step>
Result<> pump(z_stream& stream, std::string_view bytes, const ByteSink& sink, const Step& step) {
  std::array<char, k_buffer> buffer;
  do {
    constexpr std::size_t k_most = std::numeric_limits<uInt>::max();
    const std::size_t size = std::min(bytes.size(), k_most);
    stream.next_in = reinterpret_cast<const Bytef*>(bytes.data());
    stream.avail_in = static_cast<uInt>(size);
    bytes.remove_prefix(size);
    do {
      stream.next_out = reinterpret_cast<Bytef*>(buffer.data());
      stream.avail_out = static_cast<uInt>(buffer.size());
      KAI_TRY(step());
      const std::size_t made = buffer.size() - stream.avail_out;
      if (made > 0) KAI_TRY(sink({buffer.data(), made}));
    } while (stream.avail_out == 0);
  } while (!bytes.empty());
  return {};
}

}  // namespace

struct GzipWriter::State {
  ByteSink sink;
  z_stream stream{};
  bool usable = false;

  explicit State(ByteSink to) : sink(std::move(to)) {
    // A fast level: snapshots shrink to about a tenth at it, and a slower one gains little.
    constexpr int k_level = 3;
    constexpr int k_memory = 8;
    usable =
        deflateInit2(&stream, k_level, Z_DEFLATED, k_gzip, k_memory, Z_DEFAULT_STRATEGY) == Z_OK;
  }
  ~State() {
    if (usable) deflateEnd(&stream);
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  Result<> run(std::string_view bytes, int flush) {
    if (!usable) return fail(ErrorCode::internal, "zlib did not start");
    return pump(stream, bytes, sink, [&]() -> Result<> {
      // It can only fail when it is used wrongly; Z_BUF_ERROR says that there is no more.
      if (deflate(&stream, flush) == Z_STREAM_ERROR) {
        return fail(ErrorCode::internal, "zlib does not compress");
      }
      return {};
    });
  }
};

GzipWriter::GzipWriter(ByteSink sink) : m_state(std::make_unique<State>(std::move(sink))) {}
GzipWriter::~GzipWriter() = default;
GzipWriter::GzipWriter(GzipWriter&&) noexcept = default;
GzipWriter& GzipWriter::operator=(GzipWriter&&) noexcept = default;

Result<> GzipWriter::write(std::string_view bytes) {
  return m_state->run(bytes, Z_NO_FLUSH);
}
Result<> GzipWriter::finish() {
  return m_state->run({}, Z_FINISH);
}

struct GzipReader::State {
  ByteSink sink;
  z_stream stream{};
  bool usable = false;
  bool ended = false;

  explicit State(ByteSink to) : sink(std::move(to)) {
    usable = inflateInit2(&stream, k_gzip) == Z_OK;
  }
  ~State() {
    if (usable) inflateEnd(&stream);
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
};

GzipReader::GzipReader(ByteSink sink) : m_state(std::make_unique<State>(std::move(sink))) {}
GzipReader::~GzipReader() = default;
GzipReader::GzipReader(GzipReader&&) noexcept = default;
GzipReader& GzipReader::operator=(GzipReader&&) noexcept = default;

Result<> GzipReader::write(std::string_view bytes) {
  State& state = *m_state;
  if (!state.usable) return fail(ErrorCode::internal, "zlib did not start");
  if (bytes.empty()) return {};
  return pump(state.stream, bytes, state.sink, [&]() -> Result<> {
    if (state.ended) {
      if (state.stream.avail_in == 0) return {};
      return fail(ErrorCode::invalid_input, "something stands behind the end of the gzip data");
    }
    const int code = inflate(&state.stream, Z_NO_FLUSH);
    if (code == Z_STREAM_END) state.ended = true;
    if (code == Z_OK || code == Z_STREAM_END || code == Z_BUF_ERROR) {
      if (state.ended && state.stream.avail_in > 0) {
        return fail(ErrorCode::invalid_input, "something stands behind the end of the gzip data");
      }
      return {};
    }
    return fail(ErrorCode::invalid_input, state.stream.total_in < 10 ? "it is not in gzip's format"
                                                                     : "its gzip data is damaged");
  });
}

Result<> GzipReader::finish() {
  if (m_state->ended) return {};
  return fail(ErrorCode::invalid_input, "its gzip data ends too early");
}

}  // namespace kai::model
