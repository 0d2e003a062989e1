"""TLS configuration: good files make a context, bad ones an error that names them."""

import ssl
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import dh

from gspice.errors import ConfigError
from gspice.server.tls import TlsConfig, directory
from tests.server.net import write_certificates


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
    # The 2048-bit group 14 of RFC 3526, so that none has to be made here.
    p = int(
        "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD"
        "EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED"
        "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F"
        "83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B"
        "E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510"
        "15728E5A8AACAA68FFFFFFFFFFFFFFFF",
        16,
    )
    parameters = dh.DHParameterNumbers(p, 2).parameters()
    file = tmp_path / "dh.pem"
    file.write_bytes(
        parameters.parameter_bytes(serialization.Encoding.PEM, serialization.ParameterFormat.PKCS3)
    )
    config(pki, dh_file=file).context()
