// kai_yaml_to_json: what the YAML codec makes of files, for codec_oracle_test.py.
//
//   kai_yaml_to_json [--to-yaml] FILE…
//
// Prints one line of JSON per file: {"file", "documents": […]}. Where a document cannot be
// read, "error" says why, and "documents" has those before it. With --to-yaml, "yaml" is
// what the codec writes for each of them.
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
  Json documents = Json::array();
  Json texts = Json::array();
  const auto read = kai::model::parse_yaml_stream(
      read_file(path), options,
      [&](kai::Result<kai::model::YamlDocument>&& document) -> kai::Result<> {
        if (!document) return kai::fail(std::move(document).error());
        if (to_yaml) texts.push_back(kai::model::to_yaml(document->value));
        documents.push_back(std::move(document->value));
        return {};
      });
  Json line = {{"file", path}, {"documents", std::move(documents)}};
  if (to_yaml) line["yaml"] = std::move(texts);
  if (!read) line["error"] = read.error().to_string();
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
    } else {
      std::cout << kai::model::to_json(convert(std::string(argument), options, to_yaml)) << '\n';
    }
  }
}
