// EncryptionConfigurations that encrypt nothing, or badly.
#include <kai/audit/facts/operations.hpp>
#include <kai/audit/rule.hpp>

#include <algorithm>

namespace kai::audit {
namespace {

using Entry = EncryptionConfiguration::Entry;
using Key = EncryptionConfiguration::Key;
using Provider = EncryptionConfiguration::Provider;

class Checker {
 public:
  Checker(const EncryptionConfiguration& config, Findings& findings)
      : m_config(config), m_findings(findings) {}

  void run() {
    bool secrets_seen = false;
    for (const Entry& entry : m_config.entries) {
      if (!entry.providers.empty()) {
        // Of several entries the first counts.
        check_writer(entry, entry.covers_secrets() && !secrets_seen);
      }
      secrets_seen = secrets_seen || entry.covers_secrets();
      for (const Provider& provider : entry.providers) {
        for (const Key& key : provider.keys) check_key(provider, key);
      }
    }
  }

 private:
  void check_writer(const Entry& entry, bool decides_secrets) {
    const Provider& writer = entry.providers.front();
    if (writer.type == "identity") {
      // "events: identity" before "*.*" leaves something out on purpose; with another
      // provider behind it, or for Secrets, encryption was meant.
      if (!decides_secrets && entry.providers.size() == 1) return;
      Finding finding = make(writer.path.parent());
      finding.subject = "identity " + names(entry);
      finding.observed = "identity first";
      finding.expected = "kms or secretbox first";
      finding.message = "identity comes first, so " + names(entry) + " are written as they are";
      finding.fix =
          "Move the encrypting provider before identity, restart every kube-apiserver, and write "
          "the objects again: kubectl get secrets -A -o json | kubectl replace -f -";
      m_findings.add(std::move(finding));
    } else if (writer.type == "aescbc") {
      Finding finding = make(writer.path);
      finding.subject = "aescbc " + names(entry);
      finding.observed = "aescbc";
      finding.expected = "kms or secretbox";
      finding.message = "aescbc writes " + names(entry) +
                        ": it is open to padding-oracle attacks, and secretbox is not";
      finding.fix =
          "Put a secretbox provider with a new key first and leave aescbc behind it until all "
          "objects have been written again";
      m_findings.add(std::move(finding));
    }
  }

  void check_key(const Provider& provider, const Key& key) {
    Finding finding = make(key.path);
    finding.subject = "key " + provider.type + " " + key.name;
    finding.expected = provider.type == "secretbox" ? "32 random bytes in base64"
                                                    : "16, 24 or 32 random bytes in base64";
    finding.fix = "head -c 32 /dev/urandom | base64 makes a key";
    const std::string what = "key " + key.name + " of " + provider.type;
    // The key itself is never shown.
    if (key.placeholder) {
      finding.observed = "a placeholder or the sample of a guide";
      finding.message = what + " is a placeholder or the sample of a guide";
    } else if (key.bytes < 0) {
      finding.observed = "no base64";
      finding.message = what + " is no base64: kube-apiserver will not start";
    } else if (const bool fits = key.bytes == 32 || (provider.type != "secretbox" &&
                                                     (key.bytes == 16 || key.bytes == 24));
               !fits) {
      finding.observed = std::to_string(key.bytes) + " bytes";
      finding.message = what + " has " + std::to_string(key.bytes) +
                        (key.bytes == 1 ? " byte" : " bytes") + ": kube-apiserver will not start";
    } else {
      return;
    }
    m_findings.add(std::move(finding));
  }

  static std::string names(const Entry& entry) {
    std::string text;
    for (const std::string& resource : entry.resources) {
      text += (text.empty() ? "" : ", ") + resource;
    }
    return text.empty() ? "its resources" : text;
  }

  [[nodiscard]] Finding make(FieldPath path) const {
    Finding finding;
    finding.object = m_config.head.ref();
    finding.origin = m_config.head.origin;
    finding.path = std::move(path);
    return finding;
  }

  const EncryptionConfiguration& m_config;
  Findings& m_findings;
};

void check(const Facts& facts, Findings& findings) {
  for (const EncryptionConfiguration& config : facts.operations->encryption) {
    Checker(config, findings).run();
  }
}

}  // namespace

extern const Rule k_encryption_weak;
constinit const Rule k_encryption_weak = {
    .id = "encryption-weak",
    .severity = Severity::warning,
    .category = Category::control_plane,
    .where = Where::files,
    .about = About::cluster,
    .title = "An EncryptionConfiguration encrypts nothing, or weakly",
    .why =
        "The first provider writes. With identity there, or a key that the whole world knows, "
        "everybody believes that Secrets are encrypted in etcd, and they are not.",
    .fix =
        "Put kms or secretbox first, with a key of 32 random bytes, and identity last, only as "
        "long as old objects must still be read.",
    .reference = "https://kubernetes.io/docs/tasks/administer-cluster/encrypt-data/#providers",
    .needs = {},
    .reads = {},
    .check = &check,
};

}  // namespace kai::audit
