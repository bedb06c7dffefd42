#include "certificates.hpp"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <memory>
#include <stdexcept>

namespace kai::test {

namespace {

template <class T, void (*Free)(T*)>
struct Freer {
  void operator()(T* object) const { Free(object); }
};
struct BioFreer {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
using KeyPtr = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY, EVP_PKEY_free>>;
using CertificatePtr = std::unique_ptr<X509, Freer<X509, X509_free>>;
using BioPtr = std::unique_ptr<BIO, BioFreer>;

template <class T>
T* need(T* object) {
  if (object == nullptr) throw std::runtime_error("libcrypto refused");
  return object;
}

std::string text_of(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

BioPtr reader(const std::string& pem) {
  return BioPtr(need(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))));
}

}  // namespace

Certificate make_certificate(const std::string& common_name,
                             std::chrono::system_clock::time_point not_before,
                             std::chrono::system_clock::time_point not_after,
                             const Certificate& issuer) {
  const KeyPtr key(need(EVP_EC_gen("P-256")));
  const CertificatePtr certificate(need(X509_new()));
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 7);
  ASN1_TIME_set(X509_getm_notBefore(certificate.get()),
                std::chrono::system_clock::to_time_t(not_before));
  ASN1_TIME_set(X509_getm_notAfter(certificate.get()),
                std::chrono::system_clock::to_time_t(not_after));
  X509_set_pubkey(certificate.get(), key.get());
  X509_NAME* subject = X509_get_subject_name(certificate.get());
  std::string name = common_name;
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(name.data()),
                             static_cast<int>(name.size()), -1, 0);
  if (issuer.certificate_pem.empty()) {
    X509_set_issuer_name(certificate.get(), subject);
    X509_sign(certificate.get(), key.get(), EVP_sha256());
  } else {
    const CertificatePtr parent(
        need(PEM_read_bio_X509(reader(issuer.certificate_pem).get(), nullptr, nullptr, nullptr)));
    const KeyPtr parent_key(
        need(PEM_read_bio_PrivateKey(reader(issuer.key_pem).get(), nullptr, nullptr, nullptr)));
    X509_set_issuer_name(certificate.get(), X509_get_subject_name(parent.get()));
    X509_sign(certificate.get(), parent_key.get(), EVP_sha256());
  }

  const BioPtr certificate_text(need(BIO_new(BIO_s_mem())));
  const BioPtr key_text(need(BIO_new(BIO_s_mem())));
  PEM_write_bio_X509(certificate_text.get(), certificate.get());
  PEM_write_bio_PrivateKey(key_text.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  return {text_of(certificate_text.get()), text_of(key_text.get())};
}

}  // namespace kai::test
