#include <dlfcn.h>
#include <fmt/format.h>
#include <kai/http/curl_library.hpp>

#include <array>
#include <string>

namespace kai::http {

namespace {

// The OpenSSL build first: it takes certificates from memory.
constexpr std::array k_names = {"libcurl.so.4", "libcurl-gnutls.so.4"};
constexpr std::string_view k_hint =
    "install the package libcurl4 (Debian, Ubuntu), libcurl (Fedora, RHEL, Alpine) or "
    "libcurl4 (SUSE)";
// curl_multi_poll came with 7.66.
constexpr unsigned k_oldest = 0x074200;

template <class Function>
bool find(void* library, const char* name, Function& function) {
  // POSIX promises that dlsym's pointer converts to a function pointer.
  function = reinterpret_cast<Function>(dlsym(library, name));
  return function != nullptr;
}

Result<CurlLibrary> load() {
  void* library = nullptr;
  std::string reasons;
  for (const char* name : k_names) {
    library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
    if (library != nullptr) break;
    if (const char* reason = dlerror(); reason != nullptr) {
      reasons += (reasons.empty() ? "" : "; ") + std::string(reason);
    }
  }
  if (library == nullptr) {
    return fail(
        Error(ErrorCode::io,
              fmt::format("libcurl, which talks to the server, cannot be loaded: {}", reasons))
            .with_hint(std::string(k_hint)));
  }

  CurlLibrary curl;
  const bool complete = find(library, "curl_global_init", curl.global_init) &&
                        find(library, "curl_version_info", curl.version_info) &&
                        find(library, "curl_easy_init", curl.easy_init) &&
                        find(library, "curl_easy_cleanup", curl.easy_cleanup) &&
                        find(library, "curl_easy_reset", curl.easy_reset) &&
                        find(library, "curl_easy_setopt", curl.easy_setopt) &&
                        find(library, "curl_easy_getinfo", curl.easy_getinfo) &&
                        find(library, "curl_easy_strerror", curl.easy_strerror) &&
                        find(library, "curl_slist_append", curl.slist_append) &&
                        find(library, "curl_slist_free_all", curl.slist_free_all) &&
                        find(library, "curl_multi_init", curl.multi_init) &&
                        find(library, "curl_multi_cleanup", curl.multi_cleanup) &&
                        find(library, "curl_multi_setopt", curl.multi_setopt) &&
                        find(library, "curl_multi_add_handle", curl.multi_add_handle) &&
                        find(library, "curl_multi_remove_handle", curl.multi_remove_handle) &&
                        find(library, "curl_multi_perform", curl.multi_perform) &&
                        find(library, "curl_multi_info_read", curl.multi_info_read) &&
                        find(library, "curl_multi_poll", curl.multi_poll);
  const curl_version_info_data* version =
      curl.version_info != nullptr ? curl.version_info(CURLVERSION_NOW) : nullptr;
  if (!complete || version == nullptr || version->version_num < k_oldest) {
    return fail(Error(ErrorCode::io,
                      fmt::format("libcurl {} is too old: 7.66 or newer is needed",
                                  version != nullptr ? version->version : "of unknown version"))
                    .with_hint(std::string(k_hint)));
  }
  if (curl.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
    return fail(ErrorCode::io, fmt::format("libcurl {} cannot be initialised", version->version));
  }
  return curl;
}

}  // namespace

Result<const CurlLibrary*> curl_library() {
  // Never destroyed: transports may outlive other statics.
  static const Result<CurlLibrary>& library = *new Result<CurlLibrary>(load());
  if (!library) return fail(library.error());
  return &*library;
}

}  // namespace kai::http
