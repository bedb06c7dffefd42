// kai_yaml_to_json: what the YAML codec makes of files, for codec_oracle.py.
//
//   kai_yaml_to_json [--reader bulk|config] [--to-yaml] FILE…
//
// Prints one line of JSON per file: {"file", "documents": […]}, or {"file", "error"}
// when any document of it cannot be read. With --to-yaml, "yaml" is what the codec
// writes for the first document.
#include <kai/model/json.hpp>
#include <kai/model/yaml.hpp>

#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <string_view>

namespace {

using kai::model::Json;

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

Json convert(const std::string& path, const kai::model::YamlOptions& options, bool to_yaml) {
  Json line = {{"file", path}};
  Json documents = Json::array();
  const auto read = kai::model::parse_yaml_stream(
      read_file(path), options,
      [&](kai::Result<kai::model::YamlDocument>&& document) -> kai::Result<> {
        if (!document) return kai::fail(std::move(document).error());
        documents.push_back(std::move(document->value));
        return {};
      });
  if (!read) {
    line["error"] = read.error().to_string();
    return line;
  }
  if (to_yaml && !documents.empty()) line["yaml"] = kai::model::to_yaml(documents.front());
  line["documents"] = std::move(documents);
  return line;
}

}  // namespace

int main(int argc, char** argv) {
  kai::model::YamlOptions options;
  bool to_yaml = false;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--to-yaml") {
      to_yaml = true;
    } else if (argument == "--reader" && i + 1 < argc) {
      options.reader = std::string_view(argv[++i]) == "config" ? kai::model::YamlReader::config
                                                               : kai::model::YamlReader::bulk;
    } else {
      std::cout << kai::model::to_json(convert(std::string(argument), options, to_yaml)) << '\n';
    }
  }
}
