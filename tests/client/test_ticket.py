"""Tickets: what the server decrypts, and keys and passwords that make none."""

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from gspice.client.ticket import MAX_PASSWORD_BYTES, ticket_for
from gspice.errors import ConfigError, ProtocolError
from tests.client.fake_server import OAEP, public_key_der, server_key


def der(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    spki = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.DER, spki)


@pytest.mark.parametrize("password", ["", "s3cret", "pässwörd", "x" * MAX_PASSWORD_BYTES])
def test_the_server_reads_the_password(password: str) -> None:
    ticket = ticket_for(password)(public_key_der())
    assert len(ticket) == 128
    assert server_key().decrypt(ticket, OAEP) == password.encode() + b"\0"


@pytest.mark.parametrize("password", ["x" * (MAX_PASSWORD_BYTES + 1), "a\0b"])
def test_passwords_that_fit_no_ticket(password: str) -> None:
    with pytest.raises(ConfigError):
        ticket_for(password)


@pytest.mark.parametrize(
    "key",
    [
        b"",
        bytes(162),
        b"\xff" * 162,
        public_key_der()[:-1],
        der(rsa.generate_private_key(65537, 2048)),
        der(ec.generate_private_key(ec.SECP256R1())),
    ],
    ids=["empty", "zeros", "garbage", "cut", "2048 bits", "no RSA"],
)
def test_keys_that_are_none(key: bytes) -> None:
    with pytest.raises(ProtocolError, match="public key"):
        ticket_for("x")(key)
