// Facts from YAML, for the tests of the audit.
#pragma once

#include <kai/audit/facts/builder.hpp>
#include <kai/model/yaml.hpp>

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kai::audit::test {

inline std::vector<model::Json> documents(std::string_view yaml) {
  std::vector<model::Json> list;
  const auto read =
      model::parse_yaml_stream(yaml, {}, [&](Result<model::YamlDocument>&& document) -> Result<> {
        if (!document) return fail(document.error());
        list.push_back(std::move(document->value));
        return {};
      });
  if (!read) throw std::invalid_argument(read.error().to_string());
  return list;
}

inline Facts facts_of(std::string_view yaml, FactsOptions options = {}) {
  const bool cluster = options.view == Facts::View::cluster;
  FactsBuilder builder(std::move(options));
  for (const model::Json& document : documents(yaml)) builder.add(document);
  if (cluster) {
    for (const KindInfo& kind : all_kinds()) builder.set_complete(kind.kind);
  }
  return builder.finish();
}

// The facts of a whole cluster.
inline Facts cluster_of(std::string_view yaml) {
  FactsOptions options;
  options.view = Facts::View::cluster;
  return facts_of(yaml, std::move(options));
}

}  // namespace kai::audit::test
