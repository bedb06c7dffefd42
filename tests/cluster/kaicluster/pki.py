"""The cluster's own certificate authority, by the openssl command.

The authority's key stays in the state directory for as long as the cluster runs, so
that tests can sign certificates of their own, expired ones too.
"""

import subprocess
from datetime import datetime, timedelta, timezone
from pathlib import Path

from . import ClusterError

# openssl ca, not openssl x509: only it takes explicit start and end dates.
_CONFIG = """\
[req]
prompt = no
distinguished_name = subject
string_mask = utf8only
[subject]
CN = kubectl-ai-test-ca
[authority]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign,digitalSignature
subjectKeyIdentifier = hash
[ca]
default_ca = default
[default]
database = {dir}/index.txt
new_certs_dir = {dir}/issued
certificate = {dir}/ca.crt
private_key = {dir}/ca.key
rand_serial = yes
default_md = sha256
unique_subject = no
policy = anything
[anything]
commonName = supplied
organizationName = optional
"""


def _openssl(*arguments):
    done = subprocess.run(["openssl", *map(str, arguments)], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        raise ClusterError(f"openssl {arguments[0]} failed:\n{done.stdout}")


class Authority:
    """A certificate authority in a directory. Made once, then only used."""

    def __init__(self, directory):
        self.dir = Path(directory)
        self.config = self.dir / "openssl.cnf"
        self.cert = self.dir / "ca.crt"
        self.key = self.dir / "ca.key"

    def create(self):
        (self.dir / "issued").mkdir(parents=True)
        (self.dir / "index.txt").touch()
        self.config.write_text(_CONFIG.format(dir=self.dir))
        _openssl("req", "-x509", "-config", self.config, "-extensions", "authority", "-newkey", "ec",
                 "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "3650",
                 "-keyout", self.key, "-out", self.cert)
        return self

    def issue(self, path, name, groups=(), addresses=(), not_before=None, not_after=None):
        """Writes path.crt and path.key. A client certificate, or with addresses
        ("DNS:…", "IP:…") one for servers too."""
        now = datetime.now(timezone.utc)
        start = not_before or now - timedelta(minutes=5)
        end = not_after or now + timedelta(days=365)
        usage = "clientAuth,serverAuth" if addresses else "clientAuth"
        extensions = ("basicConstraints = CA:FALSE\nkeyUsage = critical,digitalSignature\n"
                      f"extendedKeyUsage = {usage}\n")
        if addresses:
            extensions += f"subjectAltName = {','.join(addresses)}\n"
        path = Path(path)
        extension_file, request = path.with_suffix(".ext"), path.with_suffix(".csr")
        extension_file.write_text(extensions)
        subject = "".join(f"/O={group}" for group in groups) + f"/CN={name}"
        _openssl("req", "-config", self.config, "-new", "-newkey", "ec", "-pkeyopt",
                 "ec_paramgen_curve:prime256v1", "-nodes", "-subj", subject,
                 "-keyout", path.with_suffix(".key"), "-out", request)
        _openssl("ca", "-config", self.config, "-batch", "-notext", "-preserveDN",
                 "-extfile", extension_file, "-startdate", f"{start:%Y%m%d%H%M%SZ}",
                 "-enddate", f"{end:%Y%m%d%H%M%SZ}", "-in", request, "-out", path.with_suffix(".crt"))
        extension_file.unlink()
        request.unlink()
        return path.with_suffix(".crt"), path.with_suffix(".key")


def create_signing_key(path):
    """The key pair that signs service account tokens."""
    private, public = Path(f"{path}.key"), Path(f"{path}.pub")
    _openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-out", private)
    _openssl("pkey", "-in", private, "-pubout", "-out", public)
    return private, public
