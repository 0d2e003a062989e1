"""RSA keys of the link stage: each serves one ticket, and none is generated on a loop."""

import logging
from collections import deque
from collections.abc import Callable

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from gspice.server.jobs import JobPool

log = logging.getLogger(__name__)

KEY_BITS = 1024
"""What the protocol fixes: the link reply has room for just such a key, and the ticket for its 128 bytes."""
PUBLIC_EXPONENT = 65537
PUBLIC_KEY_SIZE = 162
TICKET_SIZE = KEY_BITS // 8

_SPKI_HEADER = bytes.fromhex("30819f 300d06092a864886f70d0101010500 03818d00 308189 02818100")
"""SubjectPublicKeyInfo (RFC 3279) as far as the modulus: the lengths are those of every key of 1024 bits."""
_SPKI_EXPONENT = b"\x02\x03" + PUBLIC_EXPONENT.to_bytes(3, "big")

_OAEP = padding.OAEP(mgf=padding.MGF1(hashes.SHA1()), algorithm=hashes.SHA1(), label=None)


class LinkKey:
    """The key of one connection. It decrypts one ticket and is spent: one that is replayed finds no key."""

    def __init__(self) -> None:
        key = rsa.generate_private_key(PUBLIC_EXPONENT, KEY_BITS)
        self._private: rsa.RSAPrivateKey | None = key
        # Written here, for cryptography's own writer of keys costs a host's start as much as all the rest of it.
        modulus = key.public_key().public_numbers().n.to_bytes(KEY_BITS // 8, "big")
        self.public_key_der = _SPKI_HEADER + modulus + _SPKI_EXPONENT

    def decrypt(self, ticket: bytes) -> bytes | None:
        """The password in a ticket, up to its NUL; None if it does not decrypt or the key is spent."""
        private, self._private = self._private, None
        if private is None or len(ticket) != TICKET_SIZE:
            return None
        try:
            return private.decrypt(ticket, _OAEP).split(b"\0", 1)[0]
        except ValueError:
            return None


KeyCallback = Callable[[LinkKey | None], None]


class KeyStock:
    """Keys made ahead in the pool, each given out once. Belongs to the host loop.

    One key is made at a time: whoever opens links as fast as he can occupies one pool thread, never the loop.
    """

    def __init__(self, pool: JobPool, *, size: int = 16, make: Callable[[], LinkKey] = LinkKey) -> None:
        self._pool = pool
        self._size = size
        self._make = make
        self._stock: deque[LinkKey] = deque()
        self._waiting: deque[KeyCallback] = deque()
        self._making = False
        self._refill()

    def __len__(self) -> int:
        return len(self._stock)

    def take(self, callback: KeyCallback) -> Callable[[], None]:
        """Hand over a key: at once from the stock, else when one is made (None if none could be made).

        Call what is returned when the key is no longer wanted: the callback is then forgotten.
        """
        if self._stock:
            key = self._stock.popleft()
            self._refill()
            callback(key)
        else:
            self._waiting.append(callback)
            self._refill()

        def cancel() -> None:
            if callback in self._waiting:
                self._waiting.remove(callback)

        return cancel

    def _refill(self) -> None:
        if not self._making and (self._waiting or len(self._stock) < self._size):
            self._making = True
            self._pool.submit(self._make, self._made)

    def _made(self, outcome: LinkKey | Exception) -> None:
        self._making = False
        if isinstance(outcome, Exception):
            # No refill until somebody asks again: a crypto library that refuses would be asked without end.
            log.error("no RSA key for the link stage could be made: %s", outcome)
            waiting, self._waiting = self._waiting, deque()
            for callback in waiting:
                callback(None)
            return
        if self._waiting:
            callback = self._waiting.popleft()
            self._refill()
            callback(outcome)
        else:
            self._stock.append(outcome)
            self._refill()
