#include "question.hpp"

#include <kai/kube/builtin_resources.hpp>
#include <kai/model/names.hpp>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

namespace kai::policy {

namespace {

struct Virtual {
  std::string_view name;
  std::string_view group;
};

// Resources that only RBAC knows; none is of a namespace.
constexpr std::array k_virtual = {
    Virtual{"users", ""},
    Virtual{"groups", ""},
    Virtual{"uids", "authentication.k8s.io"},
    Virtual{"userextras", "authentication.k8s.io"},
    Virtual{"signers", "certificates.k8s.io"},
};

// https://kubernetes.io/docs/reference/access-authn-authz/authorization/#determine-the-request-verb
const std::vector<std::string>& known_verbs(bool is_url) {
  static const std::vector<std::string> k_resource_verbs = {
      "get", "list", "watch",    "create",      "update",  "patch", "delete", "deletecollection",
      "use", "bind", "escalate", "impersonate", "approve", "sign",  "attest", "*"};
  static const std::vector<std::string> k_url_verbs = {"get",    "post", "put",     "patch",
                                                       "delete", "head", "options", "*"};
  return is_url ? k_url_verbs : k_resource_verbs;
}

void check_verb(const std::string& verb, bool is_url, std::vector<std::string>& warnings) {
  const std::vector<std::string>& known = known_verbs(is_url);
  if (std::find(known.begin(), known.end(), verb) != known.end()) return;
  std::string warning = "no request has the verb \"" + verb + "\"";
  if (is_url) warning += " for a URL";
  if (const auto nearest = model::nearest_name(verb, known)) {
    warning += ": did you mean \"" + *nearest + "\"?";
  }
  warnings.push_back(std::move(warning));
}

// "deployments.apps" by its dot.
void take_as_typed(const std::string& word, Question& question) {
  const std::size_t dot = std::min(word.find('.'), word.size());
  question.request.resource = word.substr(0, dot);
  question.request.group = word.substr(std::min(dot + 1, word.size()));
  question.is_namespaced = true;
}

void take(const kube::ResourceType& type, Question& question) {
  question.request.resource = type.plural;
  question.request.group = type.group;
  question.is_namespaced = type.namespaced;
}

Result<> find_resource(const std::string& word, kube::Client* client, Question& question) {
  const bool is_all = word == "*";
  if (is_all || word.starts_with("*.")) {
    take_as_typed(is_all ? "*.*" : word, question);
    return {};
  }
  for (const Virtual& known : k_virtual) {
    if (word != known.name && word != std::string(known.name).append(".").append(known.group)) {
      continue;
    }
    question.request.resource = known.name;
    question.request.group = known.group;
    return {};
  }
  if (client == nullptr) {
    const kube::ResourceType* const type = kube::find_builtin(word);
    if (type != nullptr) {
      take(*type, question);
    } else {
      take_as_typed(word, question);
    }
    return {};
  }
  const auto type = client->find_resource(word);
  if (type) {
    take(*type, question);
    return {};
  }
  if (type.error().code != ErrorCode::not_found) return fail(type.error());
  take_as_typed(word, question);
  question.warnings.push_back("the server has no resource \"" + word +
                              "\", so it is taken as it is typed" +
                              (type.error().hint.empty() ? "" : ": " + type.error().hint));
  return {};
}

}  // namespace

Result<Question> parse_question(const std::string& verb, const std::string& resource,
                                const std::string& name, kube::Client* client) {
  Question question;
  question.request.verb = verb;
  const bool is_url = resource.starts_with('/');
  check_verb(verb, is_url, question.warnings);
  if (is_url) {
    if (!name.empty()) {
      return fail(ErrorCode::usage, "a URL has no name: \"" + name + "\" is one too many");
    }
    question.request.url = resource;
    return question;
  }
  const std::size_t slash = resource.find('/');
  if (slash != std::string::npos) {
    question.request.subresource = resource.substr(slash + 1);
    if (question.request.subresource.empty()) {
      return fail(Error(ErrorCode::usage, "\"" + resource + "\" lacks a subresource")
                      .with_hint("say pods/exec, or leave the slash out"));
    }
  }
  const std::string word = resource.substr(0, slash);
  if (word.empty() || verb.empty()) {
    return fail(Error(ErrorCode::usage, "a verb and a resource are needed")
                    .with_hint("as in: kubectl ai policy whocan get secrets"));
  }
  KAI_TRY(find_resource(word, client, question));
  question.request.name = name;
  // The API server takes a Namespace for one of the objects in it.
  if (question.request.group.empty() && question.request.resource == "namespaces") {
    question.request.ns = name;
  }
  return question;
}

}  // namespace kai::policy
