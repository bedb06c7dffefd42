// Catalog: reading it from the server's discovery documents, keeping it on disk, and
// finding things in it.
//
// Internal to kai/kube. Functions without a path are pure; all are thread-safe.
// Documents: apidiscovery.k8s.io/v2 and v2beta1, and the older APIGroupList and
// APIResourceList of meta/v1.
#pragma once

#include <kai/base/result.hpp>
#include <kai/kube/discovery.hpp>
#include <kai/model/json.hpp>

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace kai::kube {

// What to send as Accept to get aggregated discovery from every server that has it.
extern const std::string_view k_aggregated_discovery;

// An APIGroupDiscoveryList.
bool is_aggregated(const model::Json& document);
void add_aggregated(const model::Json& document, Catalog& catalog);

// The group-versions that /api (an APIVersions) or /apis (an APIGroupList) names, each
// group's preferred version first.
std::vector<StaleGroupVersion> group_versions(const model::Json& document);
// An APIResourceList of one group-version.
void add_resource_list(const model::Json& document, const StaleGroupVersion& where,
                       Catalog& catalog);

const ResourceType* find_kind(std::span<const ResourceType> resources, std::string_view api_version,
                              std::string_view kind);
// By plural, singular, kind or short name, optionally with ".GROUP" or
// ".VERSION.GROUP"; upper and lower case are alike.
const ResourceType* find_word(std::span<const ResourceType> resources, std::string_view word);

// Where the catalog of `server` is kept: one file per server.
std::string catalog_path(const std::string& cache_dir, const std::string& server);
// nullopt when there is none, it is older than `max_age`, or it cannot be used.
std::optional<Catalog> load_catalog(const std::string& path, const std::string& server,
                                    std::chrono::system_clock::time_point now,
                                    std::chrono::seconds max_age);
// Readers see the old file or the new one, never a part. Errors: io.
Result<> save_catalog(const std::string& path, const std::string& server, const Catalog& catalog);

}  // namespace kai::kube
