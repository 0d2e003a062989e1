"""Link keys: their shape, single use, and the stock that makes them ahead."""

from collections.abc import Callable, Iterator

import pytest
from cryptography.hazmat.primitives import serialization

from gspice.server.jobs import JobPool
from gspice.server.keys import PUBLIC_KEY_SIZE, KeyStock, LinkKey
from gspice.server.loop import PollLoop
from tests.server.net import encrypt, spin


@pytest.fixture
def loop() -> Iterator[PollLoop]:
    loop = PollLoop()
    yield loop
    loop.close()


@pytest.fixture
def pool(loop: PollLoop) -> Iterator[JobPool]:
    pool = JobPool(loop.call_soon_threadsafe, workers=1)
    yield pool
    pool.close()


class HeldPool(JobPool):
    """Runs a job when the test says so."""

    def __init__(self) -> None:
        super().__init__(lambda callback: None, workers=1)
        self.jobs: list[tuple[Callable[[], object], Callable[[object], None]]] = []

    def submit(self, work: Callable[[], object], done: Callable[..., None]) -> None:
        self.jobs.append((work, done))

    def run_one(self) -> None:
        work, done = self.jobs.pop(0)
        try:
            outcome = work()
        except Exception as error:
            outcome = error
        done(outcome)


def test_the_public_key_has_the_size_of_the_link_reply() -> None:
    key = LinkKey()
    assert len(key.public_key_der) == PUBLIC_KEY_SIZE == 162
    assert key.public_key_der[:4] == bytes.fromhex("30819f30")


def test_the_public_key_is_written_as_cryptography_writes_it() -> None:
    written = LinkKey().public_key_der
    public_key = serialization.load_der_public_key(written)
    form = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    assert public_key.public_bytes(*form) == written


def test_a_ticket_decrypts_to_its_password_once() -> None:
    key = LinkKey()
    ticket = encrypt("pässword".encode())(key.public_key_der)
    assert key.decrypt(ticket) == "pässword".encode()
    assert key.decrypt(ticket) is None, "replayed"


@pytest.mark.parametrize("ticket", [b"", bytes(127), bytes(128), b"\xff" * 128, bytes(129)])
def test_what_is_no_ticket_does_not_decrypt(ticket: bytes) -> None:
    assert LinkKey().decrypt(ticket) is None


def test_a_ticket_for_another_key_does_not_decrypt() -> None:
    assert LinkKey().decrypt(encrypt(b"secret")(LinkKey().public_key_der)) is None


def test_a_password_ends_at_its_nul() -> None:
    key = LinkKey()
    assert key.decrypt(encrypt(b"one\0two")(key.public_key_der)) == b"one"


def test_the_stock_is_filled_ahead_and_refilled(loop: PollLoop, pool: JobPool) -> None:
    stock = KeyStock(pool, size=3)
    spin(loop, lambda: len(stock) == 3)
    taken: list[LinkKey | None] = []
    stock.take(taken.append)
    assert len(taken) == 1, "from the stock it is handed over at once"
    spin(loop, lambda: len(stock) == 3)
    for _ in range(3):
        stock.take(taken.append)
    keys = {key.public_key_der for key in taken if key is not None}
    assert len(keys) == 4, "no key is given out twice"


def test_an_empty_stock_serves_the_waiting_in_order() -> None:
    pool = HeldPool()
    stock = KeyStock(pool, size=2)
    served: list[int] = []
    stock.take(lambda key: served.append(1))
    stock.take(lambda key: served.append(2))
    assert served == []
    assert len(pool.jobs) == 1, "one key is made at a time, however many wait"
    pool.run_one()
    assert served == [1]
    pool.run_one()
    assert served == [1, 2]
    assert len(stock) == 0


def test_who_cancels_takes_no_key() -> None:
    pool = HeldPool()
    stock = KeyStock(pool, size=1)
    served: list[int] = []
    cancel = stock.take(lambda key: served.append(1))
    stock.take(lambda key: served.append(2))
    cancel()
    cancel()
    pool.run_one()
    assert served == [2]


def test_a_failure_answers_all_and_is_not_tried_without_end() -> None:
    def fail() -> LinkKey:
        raise RuntimeError("no entropy")

    pool = HeldPool()
    stock = KeyStock(pool, size=4, make=fail)
    answers: list[LinkKey | None] = []
    stock.take(answers.append)
    stock.take(answers.append)
    pool.run_one()
    assert answers == [None, None]
    assert pool.jobs == []
    stock.take(answers.append)
    assert len(pool.jobs) == 1, "the next one who asks makes it try again"
