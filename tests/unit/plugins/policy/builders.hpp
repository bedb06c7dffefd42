// Objects and requests as people write them.
#pragma once

#include "request.hpp"

#include <gtest/gtest.h>
#include <kai/model/resource.hpp>
#include <kai/model/yaml.hpp>

#include <string>
#include <string_view>

namespace kai::policy::test {

inline model::Resource object(std::string_view yaml) {
  auto document = model::parse_yaml(yaml, {});
  EXPECT_TRUE(document) << document.error().message;
  return model::Resource(document ? document->value : model::Json());
}

// A profile with these namespaces, in flow style.
inline model::Profile profile_of(std::string_view namespaces) {
  const std::string text =
      "apiVersion: kubectl-ai/v1alpha1\nkind: Platform\nmetadata: {name: lab}\nspec:\n"
      "  namespaces: [" +
      std::string(namespaces) + "]\n";
  auto profile = model::parse_profile(text, "lab.yaml");
  EXPECT_TRUE(profile) << profile.error().message;
  return profile ? *std::move(profile) : model::Profile();
}

// Of the namespace `team`, with these sections of it: ", podSecurity: baseline".
inline Request request_of(std::string_view sections) {
  const model::Profile profile = profile_of("{name: team" + std::string(sections) + "}");
  auto request = make_request({}, &profile);
  EXPECT_TRUE(request) << request.error().message;
  return request ? *std::move(request) : Request();
}

}  // namespace kai::policy::test
