#include <yaml-cpp/anchor.h>
#include <yaml-cpp/emitterstyle.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>
#include <kai/model/yaml_builder.hpp>
#include <kai/model/yaml_source.hpp>

#include <optional>
#include <sstream>

namespace kai::model {
namespace {

// yaml-cpp has no way to stop it: after a refusal the remaining events are ignored.
class Handler : public YAML::EventHandler {
 public:
  Handler(const YamlOptions& options, int lines_before)
      : m_options(options), m_lines(lines_before) {}

  void OnDocumentStart(const YAML::Mark&) override {
    m_builder.emplace(m_options);
    m_refused = false;
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    give([&] { return m_builder->scalar("", YamlStyle::plain, "", name(anchor), at(mark)); });
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    give([&] { return m_builder->alias(name(anchor), at(mark)); });
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    // "?" marks plain scalars without a tag, "!" the others.
    const auto style = tag == "?" ? YamlStyle::plain : YamlStyle::quoted;
    const std::string_view explicit_tag = tag == "?" || tag == "!" ? std::string_view() : tag;
    give([&] { return m_builder->scalar(value, style, explicit_tag, name(anchor), at(mark)); });
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    give([&] { return m_builder->sequence_start(name(anchor), at(mark)); });
  }
  void OnSequenceEnd() override {
    give([&] { return m_builder->sequence_end(); });
  }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    give([&] { return m_builder->map_start(name(anchor), at(mark)); });
  }
  void OnMapEnd() override {
    give([&] { return m_builder->map_end(); });
  }

  Result<YamlDocument> take() {
    if (m_refused) return fail(m_builder->error());
    return m_builder->take();
  }

 private:
  template <class Event>
  void give(const Event& event) {
    if (!m_refused) m_refused = !event();
  }
  static std::string name(YAML::anchor_t anchor) {
    return anchor == YAML::NullAnchor ? std::string() : std::to_string(anchor);
  }
  [[nodiscard]] YamlMark at(const YAML::Mark& mark) const {
    return {mark.line + 1 + m_lines, mark.column + 1};
  }

  const YamlOptions& m_options;
  int m_lines;
  std::optional<YamlBuilder> m_builder;
  bool m_refused = false;
};

// yaml-cpp takes some broken text for whole (a quote that nothing closes), so what it
// accepts is believed only when libyaml accepts it, too.
std::optional<Error> libyaml_objection(std::string_view text, int lines_before,
                                       const YamlOptions& options) {
  std::optional<Error> objection;
  const auto read = read_chunk_with_libyaml(text, lines_before, options,
                                            [](Result<YamlDocument>&& document) -> Result<> {
                                              if (!document)
                                                return fail(std::move(document).error());
                                              return {};
                                            });
  if (!read) objection = read.error();
  return objection;
}

}  // namespace

Result<> read_chunk_with_yaml_cpp(std::string_view text, int lines_before,
                                  const YamlOptions& options, const DocumentSink& sink) {
  std::string lines(text);
  if (!lines.empty() && lines.back() != '\n') lines += '\n';
  std::istringstream stream(lines);
  Handler handler(options, lines_before);
  const auto objection = libyaml_objection(text, lines_before, options);
  std::optional<Error> error;
  try {
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(handler)) {
      auto document = handler.take();
      if (document && objection) document = fail(*objection);
      const bool broken = !document;
      KAI_TRY(sink(std::move(document)));
      if (broken) return {};
    }
    return {};
  } catch (const YAML::Exception& exception) {
    error = Error(ErrorCode::invalid_input, "malformed YAML: " + exception.msg);
    if (!exception.mark.is_null()) {
      error->location = {options.file, exception.mark.line + 1 + lines_before,
                         exception.mark.column + 1};
    }
  }
  return sink(fail(*std::move(error)));
}

}  // namespace kai::model
