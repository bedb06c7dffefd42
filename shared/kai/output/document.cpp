#include <kai/model/yaml.hpp>
#include <kai/output/document.hpp>
#include <kai/output/utf8.hpp>

#include <utility>

#include <cstdio>

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
    const Decoded next = decode_utf8(std::string_view(text).substr(at));
    if (is_control(next.code) || is_deceptive(next.code)) {
      safe.append(text, kept, at - kept);
      char escape[16];
      if (next.code < 0x10000) {
        std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned>(next.code));
      } else {
        const unsigned code = static_cast<unsigned>(next.code) - 0x10000;
        std::snprintf(escape, sizeof escape, "\\u%04x\\u%04x", 0xD800 + (code >> 10),
                      0xDC00 + (code & 0x3FF));
      }
      safe += escape;
      kept = at + next.bytes;
    }
    at += next.bytes;
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

std::string render_document(DocumentFormat format, std::string_view kind, model::Json body) {
  body["apiVersion"] = k_api_version;
  body["kind"] = kind;
  return render_object(format, body);
}

}  // namespace kai::output
