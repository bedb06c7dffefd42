#include <kai/http/curl_library.hpp>
#include <kai/http/curl_transport.hpp>

namespace kai::http {

Result<std::string> describe_curl() {
  KAI_TRY_ASSIGN(const CurlLibrary* curl, curl_library());
  const curl_version_info_data* info = curl->version_info(CURLVERSION_NOW);
  std::string text = info->version;
  text += (info->features & CURL_VERSION_HTTP2) != 0 ? " with HTTP/2" : " without HTTP/2";
  if (info->ssl_version != nullptr) text += std::string(", ") + info->ssl_version;
  return text;
}

}  // namespace kai::http
