"""A private certificate authority with a server's and clients' certificates, by openssl(1)."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from support.requirements import require_tool


@dataclass(frozen=True)
class Certificates:
    directory: Path

    def cert(self, name: str) -> str:
        return str(self.directory / f"{name}.pem")

    def key(self, name: str) -> str:
        return str(self.directory / f"{name}-key.pem")


def issue(directory: Path) -> Certificates:
    """``ca``, ``server`` (localhost), ``client``; and ``stranger``, which the CA did not sign."""
    require_tool("openssl")
    for name in ("ca", "stranger"):
        _openssl(
            directory, "req", "-x509", "-subj", f"/CN={name}", "-days", "2",
            "-addext", "keyUsage=critical,keyCertSign", *_new_key(name), "-out", f"{name}.pem",
        )  # fmt: skip
    for name in ("server", "client"):
        extension = directory / f"{name}.ext"
        extension.write_text(
            "subjectAltName=DNS:localhost,IP:127.0.0.1\nauthorityKeyIdentifier=keyid\n"
        )
        _openssl(directory, "req", "-subj", f"/CN={name}", *_new_key(name), "-out", f"{name}.csr")
        _openssl(
            directory, "x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey",
            "ca-key.pem", "-CAcreateserial", "-days", "2", "-extfile", extension.name,
            "-out", f"{name}.pem",
        )  # fmt: skip
    return Certificates(directory)


def _new_key(name: str) -> tuple[str, ...]:
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1")
    return (*curve, "-nodes", "-keyout", f"{name}-key.pem")


def _openssl(directory: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=directory, check=True, capture_output=True)
