#include <kai/http/retry_after.hpp>
#include <kai/kube/client.hpp>
#include <kai/kube/client_state.hpp>
#include <kai/model/json.hpp>

#include <cctype>
#include <utility>

namespace kai::kube {

namespace {

using model::Json;
using model::Resource;

constexpr std::string_view k_strict = "Strict";  // unknown and duplicate fields are errors

std::string_view dry_run_value(DryRun dry_run) {
  return dry_run == DryRun::server ? "All" : std::string_view();
}

std::string serialized(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// Cluster-scoped kinds have no namespace, whatever an object says.
std::string namespace_for(const ResourceType& type, std::string_view ns) {
  return type.namespaced ? std::string(ns) : std::string();
}

Operation operation_on(std::string_view verb, const ResourceType& type, std::string_view ns,
                       std::string_view name) {
  Operation operation;
  operation.verb = verb;
  operation.type = &type;
  operation.ns = namespace_for(type, ns);
  operation.name = name;
  return operation;
}

Error nameless(const Operation& operation) {
  return {ErrorCode::internal, operation.doing() + " without a name"};
}

// Writing one of these changes what the server serves.
bool changes_discovery(const ResourceType& type) {
  return type.kind == "CustomResourceDefinition" || type.kind == "APIService";
}

int leading_number(std::string_view text) {
  int number = 0;
  for (const char c : text) {
    if (std::isdigit(static_cast<unsigned char>(c)) == 0) break;
    number = number * 10 + (c - '0');
  }
  return number;
}

}  // namespace

Client::Client(std::unique_ptr<State> state) : m_state(std::move(state)) {}

Client::Client(ClusterAccess access, const Context& context,
               std::unique_ptr<http::Transport> transport)
    : m_state(std::make_unique<State>(
          std::move(access), context,
          // The test's transport is the only one there is, whatever the certificate.
          [only = std::shared_ptr<http::Transport>(std::move(transport))](
              const Credentials&) -> Result<std::shared_ptr<http::Transport>> { return only; })) {}

Client::~Client() = default;

const ClusterAccess& Client::access() const {
  return m_state->access;
}

Result<ServerVersion> Client::server_version() {
  Operation operation;
  operation.what = "reading the server's version";
  Call call;
  call.path = "/version";
  KAI_TRY_ASSIGN(const http::Response response, m_state->requester.send(operation, call));
  KAI_TRY_ASSIGN(const Json body, Requester::read_json(response, operation));
  ServerVersion version;
  version.time = http::parse_http_date(response.header("Date"));
  version.git_version = model::string_at(body, {"gitVersion"});
  version.major = leading_number(model::string_at(body, {"major"}));
  version.minor = leading_number(model::string_at(body, {"minor"}));  // "27+" on some clouds
  if (version.git_version.empty()) {
    return fail(Error(ErrorCode::server, "the answer of /version names no version")
                    .while_doing(operation.doing()));
  }
  return version;
}

Result<ResourceType> Client::resource_type(std::string_view api_version, std::string_view kind) {
  return m_state->discovery.resource_type(api_version, kind);
}

Result<ResourceType> Client::find_resource(std::string_view word) {
  return m_state->discovery.find_resource(word);
}

Result<std::vector<ResourceType>> Client::all_resources() {
  KAI_TRY_ASSIGN(Catalog all, m_state->discovery.catalog());
  return std::move(all.resources);
}

Result<Catalog> Client::catalog() {
  return m_state->discovery.catalog();
}

void Client::forget_discovery() {
  m_state->discovery.forget();
}

Result<Resource> Client::get(const ResourceType& type, std::string_view ns, std::string_view name) {
  const Operation operation = operation_on("get", type, ns, name);
  if (name.empty()) return fail(nameless(operation));
  Call call;
  call.path = type.path(ns, name);
  KAI_TRY_ASSIGN(Json body, m_state->requester.send_for_json(operation, call));
  return Resource(std::move(body));
}

Result<std::optional<Resource>> Client::get_if_exists(const ResourceType& type, std::string_view ns,
                                                      std::string_view name) {
  auto object = get(type, ns, name);
  if (object) return std::optional(*std::move(object));
  // Only a Status has a reason: a path that nobody serves has none.
  if (object.error().code == ErrorCode::not_found && object.error().reason == "NotFound") {
    return std::optional<Resource>();
  }
  return fail(std::move(object).error());
}

Result<Resource> Client::create(const Resource& object, DryRun dry_run, Repeat repeat) {
  KAI_TRY_ASSIGN(const ResourceType type, resource_type(object.api_version(), object.kind()));
  const std::string ns =
      namespace_for(type, object.ns().empty() ? m_state->access.ns : object.ns());
  const Operation operation = operation_on("create", type, ns, object.name());
  Call call;
  call.method = http::Method::post;
  call.path = type.path(ns) + Query()
                                  .add("fieldManager", k_field_manager)
                                  .add("fieldValidation", k_strict)
                                  .add("dryRun", dry_run_value(dry_run))
                                  .text();
  call.content_type = "application/json";
  call.idempotent = repeat == Repeat::yes;
  call.body = serialized(object.json());
  KAI_TRY_ASSIGN(Json body, m_state->requester.send_for_json(operation, call));
  if (changes_discovery(type) && dry_run == DryRun::none) forget_discovery();
  return Resource(std::move(body));
}

Result<Resource> Client::apply(const Resource& object, const ApplyOptions& options) {
  KAI_TRY_ASSIGN(const ResourceType type, resource_type(object.api_version(), object.kind()));
  const std::string ns =
      namespace_for(type, object.ns().empty() ? m_state->access.ns : object.ns());
  const Operation operation = operation_on("apply", type, ns, object.name());
  if (object.name().empty()) return fail(nameless(operation));
  Call call;
  call.method = http::Method::patch;
  call.path = type.path(ns, object.name()) +
              Query()
                  .add("fieldManager", options.field_manager)
                  .add("fieldValidation", k_strict)
                  .add("force", options.force == Force::yes ? "true" : "false")
                  .add("dryRun", dry_run_value(options.dry_run))
                  .text();
  call.content_type = "application/apply-patch+yaml";
  // The server refuses an applied object that carries managedFields.
  const Json* managed = model::find_path(object.json(), {"metadata", "managedFields"});
  if (managed == nullptr) {
    call.body = serialized(object.json());
  } else {
    Json stripped = object.json();
    stripped["metadata"].erase("managedFields");
    call.body = serialized(stripped);
  }
  // The same manager may apply the same object again; with a resourceVersion the second
  // time would conflict with the first.
  call.idempotent = object.resource_version().empty();
  call.warnings = options.warnings;
  KAI_TRY_ASSIGN(Json body, m_state->requester.send_for_json(operation, call));
  if (changes_discovery(type) && options.dry_run == DryRun::none) forget_discovery();
  return Resource(std::move(body));
}

Result<Resource> Client::patch(const ResourceType& type, std::string_view ns, std::string_view name,
                               PatchType patch_type, const Json& patch,
                               const PatchOptions& options) {
  Operation operation = operation_on("patch", type, ns, name);
  operation.subresource = options.subresource;
  if (name.empty()) return fail(nameless(operation));
  Call call;
  call.method = http::Method::patch;
  call.path = type.path(ns, name);
  if (!options.subresource.empty()) call.path += "/" + options.subresource;
  call.path += Query()
                   .add("fieldManager", options.field_manager)
                   .add("fieldValidation", k_strict)
                   .add("dryRun", dry_run_value(options.dry_run))
                   .text();
  switch (patch_type) {
    case PatchType::json: call.content_type = "application/json-patch+json"; break;
    case PatchType::merge: call.content_type = "application/merge-patch+json"; break;
    case PatchType::apply:
      call.content_type = "application/apply-patch+yaml";
      call.idempotent = model::string_at(patch, {"metadata", "resourceVersion"}).empty();
      break;
  }
  call.idempotent = call.idempotent || options.repeat == Repeat::yes;
  call.body = serialized(patch);
  call.warnings = options.warnings;
  KAI_TRY_ASSIGN(Json body, m_state->requester.send_for_json(operation, call));
  if (changes_discovery(type) && options.dry_run == DryRun::none) forget_discovery();
  return Resource(std::move(body));
}

Result<bool> Client::remove(const ResourceType& type, std::string_view ns, std::string_view name,
                            const DeleteOptions& options) {
  const Operation operation = operation_on("delete", type, ns, name);
  if (name.empty()) return fail(nameless(operation));
  Json body{{"apiVersion", "v1"}, {"kind", "DeleteOptions"}};
  switch (options.propagation) {
    case Propagation::background: body["propagationPolicy"] = "Background"; break;
    case Propagation::foreground: body["propagationPolicy"] = "Foreground"; break;
    case Propagation::orphan: body["propagationPolicy"] = "Orphan"; break;
  }
  if (!options.uid.empty()) body["preconditions"] = {{"uid", options.uid}};
  if (options.dry_run == DryRun::server) body["dryRun"] = {"All"};
  if (options.grace_period_seconds) body["gracePeriodSeconds"] = *options.grace_period_seconds;

  Call call;
  call.method = http::Method::del;
  call.path = type.path(ns, name);
  call.content_type = "application/json";
  call.body = serialized(body);
  // By name alone a second try could hit a successor of the same name.
  call.idempotent = !options.uid.empty();
  const auto response = m_state->requester.send(operation, call);
  if (!response) {
    if (response.error().code == ErrorCode::not_found && response.error().reason == "NotFound") {
      return false;
    }
    return fail(response.error());
  }
  if (changes_discovery(type) && options.dry_run == DryRun::none) forget_discovery();
  return true;
}

long Client::requests_sent() const {
  return m_state->sent ? m_state->sent() : m_state->requester.started();
}

}  // namespace kai::kube
