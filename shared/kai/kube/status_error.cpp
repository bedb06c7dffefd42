#include <kai/kube/certificate.hpp>
#include <kai/kube/encoding.hpp>
#include <kai/kube/status_error.hpp>

#include <algorithm>
#include <utility>

namespace kai::kube {

namespace {

using model::Json;
using model::string_at;

struct VerbWords {
  std::string_view verb;
  std::string_view doing;
  std::string_view can_i;  // the verb that authorisation knows
};

constexpr VerbWords k_verbs[] = {
    {"get", "getting", "get"},        {"list", "listing", "list"},
    {"watch", "watching", "watch"},   {"create", "creating", "create"},
    {"apply", "applying", "patch"},   {"patch", "changing", "patch"},
    {"delete", "deleting", "delete"}, {"log", "reading the log of", "get"},
};

const VerbWords* words_of(std::string_view verb) {
  const auto* found = std::find_if(std::begin(k_verbs), std::end(k_verbs),
                                   [&](const VerbWords& words) { return words.verb == verb; });
  return found == std::end(k_verbs) ? nullptr : found;
}

ErrorCode code_of(int status, std::string_view reason) {
  if (reason == "AlreadyExists") return ErrorCode::already_exists;
  switch (status) {
    case 401: return ErrorCode::unauthorized;
    case 403: return ErrorCode::forbidden;
    case 404: return ErrorCode::not_found;
    case 409: return ErrorCode::conflict;
    case 410: return ErrorCode::gone;
    case 429: return ErrorCode::throttled;
    default: break;
  }
  return status >= 400 && status < 500 ? ErrorCode::invalid_object : ErrorCode::server;
}

// "pods/log" or "deployments.apps", as `kubectl auth can-i` takes it.
std::string resource_word(const Operation& operation) {
  std::string word = operation.type->qualified();
  if (!operation.subresource.empty()) word += " --subresource=" + operation.subresource;
  return word;
}

std::string can_i_hint(const Operation& operation) {
  const VerbWords* words = words_of(operation.verb);
  if (words == nullptr || operation.type == nullptr) return "";
  std::string hint = "check with `kubectl auth can-i " + std::string(words->can_i) + " " +
                     resource_word(operation);
  if (!operation.ns.empty()) {
    hint += " -n " + operation.ns;
  } else if (operation.type->namespaced) {
    hint += " -A";
  }
  return hint + "`, and ask an administrator for the permission";
}

std::string hint_for(ErrorCode code, const std::vector<Cause>& causes, const Operation& operation) {
  if (code == ErrorCode::forbidden) return can_i_hint(operation);
  if (code == ErrorCode::throttled) return "the server is overloaded: try again later";
  if (code == ErrorCode::conflict) {
    const bool fields = std::any_of(causes.begin(), causes.end(), [](const Cause& cause) {
      return cause.reason == "FieldManagerConflict";
    });
    return fields ? "leave these fields to their manager, or take them over with "
                    "--force-conflicts"
                  : "somebody else changed it in the meantime: try again";
  }
  return "";
}

// An answer that is no Status comes from something between us and the API server.
std::string foreign_answer(const http::Response& response) {
  std::string message = "the answer is HTTP " + std::to_string(response.status) +
                        " and not from a Kubernetes API server";
  constexpr std::size_t k_max = 200;
  std::string_view body = response.body;
  body = body.substr(0, body.find_first_of("\r\n"));
  if (!body.empty()) {
    message += ": " + std::string(body.substr(0, k_max)) + (body.size() > k_max ? "…" : "");
  }
  return message;
}

std::string not_served(const ResourceType& type) {
  return "the server does not serve " + type.qualified() + " in " + type.api_version();
}

std::string cluster_words(const ClusterAccess& access) {
  std::string text = access.server;
  if (!access.context.empty()) text += " (context \"" + access.context + "\")";
  return text;
}

// Whether the client certificate explains why the server turned us away.
std::string certificate_problem(const ClusterAccess& access, const Context& context) {
  if (access.certificate_pem.empty()) return "";
  const auto info = inspect_certificate(access.certificate_pem);
  const auto now = context.clock();
  if (info && now > info->not_after) {
    return "the client certificate of user \"" + access.user + "\" expired on " +
           format_timestamp(info->not_after);
  }
  if (info && now < info->not_before) {
    return "the client certificate of user \"" + access.user + "\" is not valid before " +
           format_timestamp(info->not_before) + "; this computer's clock says " +
           format_timestamp(now);
  }
  return "";
}

std::string unauthorized_hint(const ClusterAccess& access) {
  if (access.token_from_flag) return "get a new token for --token";
  if (access.exec) return "sign in again; the credentials come from " + access.exec->command;
  if (!access.token.empty() || !access.token_file.empty()) {
    return "the token may have expired: get a new one" +
           (access.token_file.empty() ? std::string() : " into " + access.token_file);
  }
  if (access.certificate_pem.empty() && access.username.empty()) {
    return "the kubeconfig gives no credentials for this user";
  }
  return "get new credentials for this cluster";
}

}  // namespace

std::string Operation::doing() const {
  if (!what.empty()) return what;
  const VerbWords* words = words_of(verb);
  std::string text = words == nullptr ? std::string(verb) : std::string(words->doing);
  if (type == nullptr) return text;
  if (name.empty()) {
    text += " " + type->qualified();
    if (!ns.empty()) text += " in namespace " + ns;
    return text;
  }
  return text + " " + type->kind + " " + (ns.empty() ? "" : ns + "/") + name;
}

Error status_error(int http_status, const Json& status, const Operation& operation) {
  const std::string reason(string_at(status, {"reason"}));
  ErrorCode code = code_of(http_status, reason);
  std::string message(string_at(status, {"message"}));
  // Server-side apply answers 500 to an object that does not fit its schema, although
  // no repetition will help: "failed to create typed patch object (NS/NAME; …): .spec.x:
  // field not declared in schema".
  constexpr std::string_view k_untyped = "failed to create typed patch object (";
  if (http_status == 500 && reason.empty() && message.starts_with(k_untyped)) {
    code = ErrorCode::invalid_object;
    const auto detail = message.find("): ");
    if (detail != std::string::npos) {
      message = "the object does not fit its kind: " + message.substr(detail + 3);
    }
  }
  if (message.empty()) {
    message = "the server answered with " + (reason.empty() ? "HTTP " : reason + ", HTTP ") +
              std::to_string(http_status);
  }
  // The server says no more than "could not find the requested resource" for a kind
  // that it does not serve.
  if (code == ErrorCode::not_found && operation.type != nullptr &&
      string_at(status, {"details", "name"}).empty() &&
      message.find("the requested resource") != std::string::npos) {
    message = not_served(*operation.type);
  }
  Error error(code, std::move(message));
  error.reason = reason;
  error.http_status = http_status;
  if (const Json* causes = model::find_path(status, {"details", "causes"});
      causes != nullptr && causes->is_array()) {
    for (const Json& cause : *causes) {
      error.causes.push_back({std::string(string_at(cause, {"reason"})),
                              std::string(string_at(cause, {"field"})),
                              std::string(string_at(cause, {"message"}))});
    }
  }
  error.hint = hint_for(code, error.causes, operation);
  return std::move(error).while_doing(operation.doing());
}

Error response_error(const http::Response& response, const Operation& operation,
                     const ClusterAccess& access, const Context& context) {
  const auto body = model::parse_json(response.body);
  const bool is_status = body && string_at(*body, {"kind"}) == "Status";
  Error error = status_error(response.status, is_status ? *body : Json::object(), operation);
  const bool unserved_path = response.status == 404 && operation.type != nullptr &&
                             response.body.starts_with("404 page not found");
  if (unserved_path) {
    error.message = not_served(*operation.type);
  } else if (!is_status) {
    error.message = foreign_answer(response);
    if (response.status >= 300 && response.status < 400) {
      error.message += ": it redirects to " + std::string(response.header("Location"));
    }
    if (error.hint.empty()) {
      error.hint = "check that " + cluster_words(access) + " is the API server";
    }
  }
  if (response.status == 401) {
    error.message =
        access.token_from_flag
            ? "the server did not accept the token of --token"
            : "the server did not accept the credentials of user \"" + access.user + "\"";
    if (!access.context.empty()) error.message += " (context \"" + access.context + "\")";
    error.hint = unauthorized_hint(access);
    if (const std::string problem = certificate_problem(access, context); !problem.empty()) {
      error.message += ": " + problem;
      error.hint =
          "renew the certificate, for example with `kubeadm certs renew`, or get a new "
          "kubeconfig";
    }
  }
  return error;
}

Error connection_error(Error error, const Operation& operation, const ClusterAccess& access,
                       const Context& context) {
  if (error.code == ErrorCode::cancelled) return std::move(error).while_doing(operation.doing());
  const bool about_connection = error.code == ErrorCode::unreachable ||
                                error.code == ErrorCode::disconnected ||
                                error.code == ErrorCode::untrusted;
  if (about_connection) {
    if (error.message.find(access.server) == std::string::npos) {
      error.message = cluster_words(access) + ": " + error.message;
    } else if (!access.context.empty()) {
      error.message += " (context \"" + access.context + "\")";
    }
    if (const std::string problem = certificate_problem(access, context); !problem.empty()) {
      error.message += "; " + problem;
      error.hint = "renew the certificate or get a new kubeconfig";
    } else if (error.hint.empty()) {
      error.hint = error.code == ErrorCode::untrusted
                       ? "check certificate-authority of cluster \"" + access.cluster + "\""
                       : "check the address, the network and that the API server runs";
    }
  }
  return std::move(error).while_doing(operation.doing());
}

}  // namespace kai::kube
