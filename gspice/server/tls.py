"""TLS of the server: the operator's files become an SSL context, or an error that names the wrong one."""

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gspice.errors import ConfigError

# Imported by those who have TLS: it takes as long as a tenth of a host's start.
if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

MAX_PEM_SIZE = 1 << 20
"""A larger file is no certificate or key but a mistake, and is not read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsConfig:
    """The files and options of TLS."""

    cert: Path
    """The server's certificate, and any between it and the CA's (PEM)."""
    key: Path
    """The certificate's private key (PEM)."""
    ca: Path | None = None
    """The certificates that clients trust (PEM); sent along where they complete the server's chain."""
    key_password: str | None = None
    ciphers: str | None = None
    """Ciphers of TLS 1.2 in OpenSSL's notation; None: OpenSSL's own choice. Those of TLS 1.3 are fixed."""
    dh_file: Path | None = None
    """Parameters for finite-field Diffie-Hellman (PEM); elliptic curves need none."""

    def context(self) -> ssl.SSLContext:
        """A server context of these settings; ConfigError names the file or option that is wrong."""
        certificate = _certificate(self.cert, "server certificate")
        _check_key(self.key, self.key_password, certificate, self.cert)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        # Renegotiation lets a client spend the server's CPU at will, and compression leaks what is encrypted.
        # Tickets would save little, for each channel links once, and their key would outlive every session.
        context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION | ssl.OP_NO_TICKET
        context.num_tickets = 0
        password = self.key_password or ""
        _load(self.cert, "server certificate", lambda: context.load_cert_chain(self.cert, self.key, password))
        if self.ca is not None:
            _certificate(self.ca, "CA certificate")
            _load(self.ca, "CA certificate", lambda: context.load_verify_locations(self.ca))
        if self.dh_file is not None:
            _read(self.dh_file, "Diffie-Hellman parameters")
            path = str(self.dh_file)
            _load(self.dh_file, "Diffie-Hellman parameters", lambda: context.load_dh_params(path))
        if self.ciphers is not None:
            try:
                context.set_ciphers(self.ciphers)
            except ssl.SSLError as error:
                raise ConfigError(
                    f"OpenSSL knows no cipher in {self.ciphers!r}; see `openssl ciphers`"
                ) from error
        return context


def directory(path: Path) -> TlsConfig:
    """The configuration in a directory laid out as QEMU's x509-dir; ConfigError names a missing file.

    It holds ca-cert.pem, server-cert.pem and server-key.pem.
    """
    if not path.is_dir():
        raise ConfigError(f"TLS directory {path} is not a directory")
    files = {name: path / name for name in ("ca-cert.pem", "server-cert.pem", "server-key.pem")}
    missing = [name for name, file in files.items() if not file.is_file()]
    if missing:
        raise ConfigError(f"TLS directory {path} lacks {', '.join(missing)}")
    return TlsConfig(cert=files["server-cert.pem"], key=files["server-key.pem"], ca=files["ca-cert.pem"])


def _read(path: Path, what: str) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_PEM_SIZE + 1)
    except OSError as error:
        raise ConfigError(f"{what} {path} cannot be read: {error.strerror or error}") from error
    if len(data) > MAX_PEM_SIZE:
        raise ConfigError(f"{what} {path} is larger than {MAX_PEM_SIZE} bytes: it is no PEM file")
    if b"-----BEGIN " not in data:
        raise ConfigError(f"{what} {path} is not in PEM form (no BEGIN line)")
    return data


def _certificate(path: Path, what: str) -> "x509.Certificate":
    """The first certificate of a PEM file, after all of them have been looked at."""
    from cryptography import x509  # noqa: PLC0415

    data = _read(path, what)
    try:
        return x509.load_pem_x509_certificates(data)[0]
    except ValueError as error:
        raise ConfigError(f"{what} {path} holds no certificate that can be read: {error}") from error


def _check_key(
    path: Path, password: str | None, certificate: "x509.Certificate", certificate_path: Path
) -> None:
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415

    data = _read(path, "server key")
    try:
        key: PrivateKeyTypes = serialization.load_pem_private_key(
            data, password.encode() if password else None
        )
    except TypeError as error:
        # What `cryptography` raises when a password is wanted and not given, or given and not wanted.
        hint = "is encrypted, and no key password was given" if not password else "takes no password"
        raise ConfigError(f"server key {path} {hint}") from error
    except ValueError as error:
        raise ConfigError(f"server key {path} cannot be read (wrong password or damaged): {error}") from error
    spki = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    if key.public_key().public_bytes(*spki) != certificate.public_key().public_bytes(*spki):
        raise ConfigError(f"server key {path} does not belong to the certificate in {certificate_path}")


def _load(path: Path, what: str, load: Callable[[], None]) -> None:
    try:
        load()
    except (OSError, ValueError) as error:
        raise ConfigError(f"OpenSSL refuses {what} {path}: {error}") from error
