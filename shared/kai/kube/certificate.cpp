#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <kai/kube/certificate.hpp>

#include <ctime>
#include <memory>

namespace kai::kube {

namespace {

std::optional<std::chrono::system_clock::time_point> time_of(const ASN1_TIME* time) {
  std::tm parts{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) return std::nullopt;
  return std::chrono::system_clock::from_time_t(timegm(&parts));
}

std::string subject_of(const X509* certificate, BIO* memory) {
  X509_NAME_print_ex(memory, X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253);
  std::string text(static_cast<std::size_t>(BIO_pending(memory)), '\0');
  const int got = BIO_read(memory, text.data(), static_cast<int>(text.size()));
  text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return text;
}

}  // namespace

std::optional<CertificateInfo> inspect_certificate(const std::string& pem) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> input(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free);
  if (!input) return std::nullopt;
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(
      PEM_read_bio_X509(input.get(), nullptr, nullptr, nullptr), &X509_free);
  if (!certificate) return std::nullopt;
  const auto not_before = time_of(X509_get0_notBefore(certificate.get()));
  const auto not_after = time_of(X509_get0_notAfter(certificate.get()));
  if (!not_before || !not_after) return std::nullopt;
  const std::unique_ptr<BIO, decltype(&BIO_free)> output(BIO_new(BIO_s_mem()), &BIO_free);
  return CertificateInfo{output ? subject_of(certificate.get(), output.get()) : std::string(),
                         *not_before, *not_after};
}

}  // namespace kai::kube
