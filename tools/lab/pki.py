"""Certificates for the lab by the openssl program: a certificate authority in a folder, and what it signs."""

import subprocess
from pathlib import Path

from .programs import LabError, find


def _openssl(arguments: list[str], stdin: str | None = None) -> None:
    done = subprocess.run([find("openssl"), *arguments], input=stdin, text=True, capture_output=True)
    if done.returncode != 0:
        raise LabError(f"openssl {arguments[0]}: {done.stderr.strip()}")


class Authority:
    """`folder/ca.crt` and its key; `sign` makes `folder/NAME.crt` and `.key`. What exists already is kept."""

    def __init__(self, folder: Path, name: str):
        self.folder = folder
        folder.mkdir(mode=0o700, exist_ok=True)
        self.certificate = folder / "ca.crt"
        if not self.certificate.exists():
            self._new_key("ca")
            _openssl(["req", "-x509", "-new", "-key", self._path("ca.key"), "-subj", f"/CN={name}", "-days", "365",
                      "-addext", "keyUsage=critical,keyCertSign,cRLSign,digitalSignature",
                      "-out", str(self.certificate)])

    def sign(self, name: str, subject: str, extensions: list[str]) -> Path:
        certificate = self.folder / f"{name}.crt"
        if not certificate.exists():
            self._new_key(name)
            _openssl(["req", "-new", "-key", self._path(f"{name}.key"), "-subj", subject,
                      "-out", self._path(f"{name}.csr")])
            text = "\n".join(["basicConstraints=CA:FALSE", "keyUsage=digitalSignature", *extensions]) + "\n"
            (self.folder / f"{name}.ext").write_text(text, encoding="ascii")
            _openssl(["x509", "-req", "-in", self._path(f"{name}.csr"), "-CA", str(self.certificate),
                      "-CAkey", self._path("ca.key"), "-CAcreateserial", "-days", "365",
                      "-extfile", self._path(f"{name}.ext"), "-out", str(certificate)])
        return certificate

    def signing_keys(self) -> tuple[Path, Path]:
        """An RSA pair for service account tokens."""
        private, public = self.folder / "sa.key", self.folder / "sa.pub"
        if not public.exists():
            _openssl(["genrsa", "-out", str(private), "2048"])
            _openssl(["rsa", "-in", str(private), "-pubout", "-out", str(public)])
        return private, public

    def _new_key(self, name: str) -> None:
        _openssl(["ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", self._path(f"{name}.key")])

    def _path(self, name: str) -> str:
        return str(self.folder / name)
