"""TLS configuration: good files make a context, bad ones an error that names them."""

import ssl
from pathlib import Path

import pytest

from gspice.errors import ConfigError
from gspice.server.tls import TlsConfig, directory
from tests.server.net import write_certificates

GROUP_14 = """-----BEGIN X9.42 DH PARAMETERS-----
MIICDAKCAQEA///////////JD9qiIWjCNMTGYouA3BzRKQJOCIpnzHQCC76mOxOb
IlFKCHmONATd75UZs806QxswKwpt8l8UN0/hNW1tUcJF5IW1dmJefsb0TELppjft
awv/XLb0Brft7jhr+1qJn6WunyQRfEsf5kkoZlHs5Fs9wgB8uKFjvwWY2kg2HFXT
mmkWP6j9JM9fg2VdI9yjrZYcYvNWIIVSu57VKQdwlpZtZww1Tkq8mATxdGwIyhgh
fDKQXkYuNs474553LBgOhgObJ4Oi7Aeij7XFXfBvTFLJ3ivL9pVYFxg5lUl86pVq
5RXSJhiY+gUQFXKOWoqsqmj//////////wIBAgKCAQB//////////+SH7VEQtGEa
YmMxRcBuDmiUgScERTPmOgEF31Mdic2RKKUEPMcaAm73yozZ5p0hjZgVhTb5L4ob
p/Catrao4SLyQtq7MS8/Y3omIXTTG/a1hf+uW3oDW/b3HDX9rUTP0tdPkgi+JY/z
JJQzKPZyLZ7hAD5cULHfgsxtJBsOKunNNIsf1H6SZ6/Bsq6R7lHWyw4xeasQQqld
z2qUg7hLSzazhhqnJV5MAni6NgRlDBC+GUgvIxcbZx3xzzuWDAdDAc2TwdF2A9FH
2uKu+DemKWTvFeX7SqwLjBzKpL51SrVyiukTDEx9AogKuUctRVZVNH//////////
-----END X9.42 DH PARAMETERS-----
"""
"""The 2048-bit Diffie-Hellman group 14 of RFC 3526."""


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pki")
    write_certificates(path)
    return path


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("other")
    write_certificates(path, key_password=b"sesame")
    return path


def config(path: Path, **changes: object) -> TlsConfig:
    settings: dict[str, object] = {
        "cert": path / "server-cert.pem",
        "key": path / "server-key.pem",
        "ca": path / "ca-cert.pem",
    }
    return TlsConfig(**(settings | changes))  # type: ignore[arg-type]


def test_a_context_is_modern(pki: Path) -> None:
    context = directory(pki).context()
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert context.options & ssl.OP_NO_RENEGOTIATION
    assert context.options & ssl.OP_NO_COMPRESSION
    assert context.options & ssl.OP_NO_TICKET
    assert context.verify_mode == ssl.CERT_NONE, "clients show no certificates"


def test_the_ca_may_be_left_out(pki: Path) -> None:
    config(pki, ca=None).context()


@pytest.mark.parametrize("name", ["ca-cert.pem", "server-cert.pem", "server-key.pem"])
def test_a_directory_that_lacks_a_file(pki: Path, tmp_path: Path, name: str) -> None:
    for file in pki.iterdir():
        if file.name != name:
            (tmp_path / file.name).write_bytes(file.read_bytes())
    with pytest.raises(ConfigError, match=f"lacks {name}"):
        directory(tmp_path)


def test_a_directory_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="not a directory"):
        directory(tmp_path / "nowhere")


@pytest.mark.parametrize("field", ["cert", "key", "ca", "dh_file"])
@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (None, "cannot be read"),
        (b"", "not in PEM form"),
        (b"\x30\x82\x01\x0a", "not in PEM form"),
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", ""),
        (b"x" * (1 << 20) + b"-----BEGIN ", "larger than"),
    ],
)
def test_a_bad_file_is_named(
    pki: Path, tmp_path: Path, field: str, content: bytes | None, complaint: str
) -> None:
    bad = tmp_path / "bad.pem"
    if content is not None:
        bad.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        config(pki, **{field: bad}).context()
    assert str(bad) in str(caught.value)
    assert complaint in str(caught.value)


def test_a_key_that_belongs_to_another_certificate(pki: Path, other: Path) -> None:
    with pytest.raises(ConfigError, match="does not belong"):
        config(other, cert=pki / "server-cert.pem", key_password="sesame").context()


def test_an_encrypted_key(pki: Path, other: Path) -> None:
    config(other, key_password="sesame").context()
    with pytest.raises(ConfigError, match="no key password"):
        config(other).context()
    with pytest.raises(ConfigError, match="wrong password"):
        config(other, key_password="nonsense").context()
    with pytest.raises(ConfigError, match="takes no password"):
        config(pki, key_password="sesame").context()


def test_ciphers(pki: Path) -> None:
    context = config(pki, ciphers="ECDHE-ECDSA-AES256-GCM-SHA384").context()
    names = {cipher["name"] for cipher in context.get_ciphers()}
    assert "ECDHE-ECDSA-AES256-GCM-SHA384" in names
    assert "ECDHE-ECDSA-AES128-GCM-SHA256" not in names
    with pytest.raises(ConfigError, match="no cipher in 'NONSENSE'"):
        config(pki, ciphers="NONSENSE").context()


def test_a_dh_file(pki: Path, tmp_path: Path) -> None:
    file = tmp_path / "dh.pem"
    file.write_text(GROUP_14)
    config(pki, dh_file=file).context()
