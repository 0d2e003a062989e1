"""How far a server's certificate is checked, and whether its subject is the one that the user expects."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gspice.errors import ConfigError

_SHORT_NAMES = {
    "countryName": "C",
    "stateOrProvinceName": "ST",
    "localityName": "L",
    "organizationName": "O",
    "organizationalUnitName": "OU",
    "commonName": "CN",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsOptions:
    """What a TLS connection asks of the server's certificate, beside that it is signed by the CA."""

    ca_file: Path | None = None
    """Certificates that are trusted; None: those that the machine trusts."""
    subject: str | None = None
    """Subject that it must have, as in "C=DE,O=Example,CN=host"; then the host name is not looked at."""
    verify_host: bool = True
    """It must be for the host that the URI names."""

    @property
    def checks_host(self) -> bool:
        return self.verify_host and self.subject is None


def parse_subject(text: str) -> list[tuple[str, str]]:
    """The parts of a subject, in order; a comma within one is written with a backslash before it.

    ConfigError where it is none.
    """
    pieces = [""]
    escaped = False
    for character in text:
        if escaped or character not in "\\,":
            pieces[-1] += character
            escaped = False
        elif character == "\\":
            escaped = True
        else:
            pieces.append("")
    parts = []
    for piece in pieces:
        key, equals, value = piece.strip().partition("=")
        if not (key and equals and value):
            raise ConfigError(f"the TLS subject {text!r} has the part {piece!r}, which is not NAME=VALUE")
        parts.append((_SHORT_NAMES.get(key, key), value))
    return parts


def subject_of(certificate: Any) -> list[tuple[str, str]]:
    """The subject of a certificate as Python's ssl module decodes it."""
    return [
        (_SHORT_NAMES.get(key, key), value)
        for relative_name in certificate.get("subject", ())
        for key, value in relative_name
    ]


def subject_text(parts: list[tuple[str, str]]) -> str:
    """A subject as the user writes it."""
    return ",".join(f"{key}={value.replace(',', chr(92) + ',')}" for key, value in parts)
