#include <kai/model/utf8.hpp>
#include <kai/model/yaml.hpp>
#include <kai/output/document.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <utility>

namespace kai::output {

namespace {

// Valid JSON in, the same JSON out. What JSON leaves unescaped but a terminal may act
// on can only stand inside strings, so it may be escaped wherever it is.
std::string escape_unsafe(std::string text) {
  std::string safe;
  std::size_t kept = 0;
  for (std::size_t at = 0; at < text.size();) {
    if (static_cast<unsigned char>(text[at]) < 0x7F) {
      ++at;
      continue;
    }
    const std::string_view rest = std::string_view(text).substr(at);
    const std::size_t size = std::max<std::size_t>(model::utf8_size(rest), 1);
    const std::uint32_t c = model::utf8_code(rest, size);
    if (model::is_control(c) || model::is_deceptive(c)) {
      safe.append(text, kept, at - kept);
      char escape[16];
      if (c < 0x10000) {
        std::snprintf(escape, sizeof escape, "\\u%04x", c);
      } else {
        const std::uint32_t half = c - 0x10000;
        std::snprintf(escape, sizeof escape, "\\u%04x\\u%04x", 0xD800 + (half >> 10),
                      0xDC00 + (half & 0x3FF));
      }
      safe += escape;
      kept = at + size;
    }
    at += size;
  }
  if (kept == 0) return text;
  safe.append(text, kept);
  return safe;
}

}  // namespace

std::string render_object(DocumentFormat format, const model::Json& object) {
  if (format == DocumentFormat::yaml) return model::to_yaml(object);
  return escape_unsafe(object.dump(2, ' ', false, model::Json::error_handler_t::replace)) + "\n";
}

std::string compact_json(const model::Json& json) {
  return escape_unsafe(json.dump(-1, ' ', false, model::Json::error_handler_t::replace));
}

std::string render_document(DocumentFormat format, std::string_view kind, model::Json body) {
  body["apiVersion"] = k_api_version;
  body["kind"] = kind;
  return render_object(format, body);
}

}  // namespace kai::output
