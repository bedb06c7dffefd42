// What `policy whocan` is asked: VERB RESOURCE[.GROUP][/SUBRESOURCE] [NAME], or VERB /URL.
#pragma once

#include <kai/base/result.hpp>
#include <kai/kube/client.hpp>
#include <kai/model/rbac.hpp>

#include <string>
#include <vector>

namespace kai::policy {

struct Question {
  model::AccessRequest request;  // without a namespace, but of a Namespace its own
  bool is_namespaced = false;
  std::vector<std::string> warnings;  // what was typed and is not known
};

// Resources go by plural, singular, kind and short name, as the server knows them; without a
// client, as every server knows them. What is not known is taken as it is typed, for a resource
// of namespaces, since rules may name what is not there yet. Errors: usage; what the server
// says.
Result<Question> parse_question(const std::string& verb, const std::string& resource,
                                const std::string& name, kube::Client* client);

}  // namespace kai::policy
