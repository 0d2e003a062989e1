"""The ticket: a password encrypted for the server that is being linked to."""

from collections.abc import Callable

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from gspice.errors import ConfigError, ProtocolError
from gspice.wire.link import TICKET_SIZE

_OAEP = padding.OAEP(mgf=padding.MGF1(hashes.SHA1()), algorithm=hashes.SHA1(), label=None)
MAX_PASSWORD_BYTES = TICKET_SIZE - 2 * hashes.SHA1.digest_size - 2 - 1
"""What one block holds beside its padding and the NUL."""


def ticket_for(password: str) -> Callable[[bytes], bytes]:
    """What makes the ticket for the server's DER key, which ProtocolError refuses where it is no such key.

    ConfigError: the password does not fit a ticket.
    """
    secret = password.encode() + b"\0"
    if len(secret) - 1 > MAX_PASSWORD_BYTES:
        raise ConfigError(
            f"the password has {len(secret) - 1} bytes, and SPICE can carry {MAX_PASSWORD_BYTES}"
        )
    if secret.find(b"\0") != len(secret) - 1:
        raise ConfigError("the password has a NUL in it, where SPICE would cut it off")

    def encrypt(public_key_der: bytes) -> bytes:
        try:
            key = serialization.load_der_public_key(public_key_der)
        except (ValueError, UnsupportedAlgorithm) as error:
            raise ProtocolError("the server's public key is none") from error
        if not isinstance(key, rsa.RSAPublicKey) or key.key_size != TICKET_SIZE * 8:
            raise ProtocolError(f"the server's public key is not of RSA with {TICKET_SIZE * 8} bits")
        try:
            return key.encrypt(secret, _OAEP)
        except ValueError as error:
            raise ProtocolError("the server's public key does not encrypt") from error

    return encrypt
