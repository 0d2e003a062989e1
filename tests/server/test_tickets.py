"""Tickets: who enters when, and how long wrong guesses are held back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gspice.errors import ConfigError
from gspice.server.tickets import FailedLogins, TicketStore


def test_nobody_enters_before_a_password_is_set() -> None:
    tickets = TicketStore()
    assert not tickets.check(b"", 0.0)
    assert not tickets.check(b"guess", 0.0)
    assert tickets.refusal(b"", 0.0) == "no password is set"


def test_the_password_and_only_it_opens() -> None:
    tickets = TicketStore()
    tickets.set_ticket("s3cret")
    assert tickets.check(b"s3cret", 0.0)
    for wrong in (b"", b"s3cre", b"s3cret ", b"S3cret", b"s3cret\0"):
        assert not tickets.check(wrong, 0.0)
    assert tickets.refusal(b"x", 0.0) == "wrong password"


@pytest.mark.parametrize("length", [1, 59, 60])
def test_every_length_up_to_sixty_works(length: int) -> None:
    tickets = TicketStore()
    tickets.set_ticket("x" * length)
    assert tickets.check(b"x" * length, 0.0)
    assert not tickets.check(b"x" * (length - 1), 0.0)


@pytest.mark.parametrize("password", ["x" * 61, "ä" * 31, "a\0b"])
def test_what_clients_cannot_send_is_refused_and_changes_nothing(password: str) -> None:
    tickets = TicketStore()
    tickets.set_ticket("old")
    with pytest.raises(ConfigError, match="password"):
        tickets.set_ticket(password)
    assert tickets.check(b"old", 0.0)


def test_a_ticket_expires() -> None:
    tickets = TicketStore()
    tickets.set_ticket("pw", lifetime_s=30, now=100.0)
    assert tickets.check(b"pw", 129.9)
    assert not tickets.check(b"pw", 130.0)
    assert tickets.refusal(b"pw", 130.0) == "the ticket has expired"
    assert tickets.refusal(b"no", 130.0) == "wrong password", "that it expired is for those who know it"


def test_lifetime_zero_is_for_good_and_below_is_wrong() -> None:
    tickets = TicketStore()
    tickets.set_ticket("pw", lifetime_s=0, now=5.0)
    assert tickets.check(b"pw", 1e9)
    with pytest.raises(ConfigError, match="lifetime"):
        tickets.set_ticket("pw", lifetime_s=-1)


def test_none_shuts_the_door_again() -> None:
    tickets = TicketStore(noauth=True)
    assert tickets.check(b"anything", 0.0)
    tickets.set_ticket(None)
    assert not tickets.check(b"anything", 0.0)
    tickets.set_noauth()
    assert tickets.check(b"anything", 0.0)


@given(st.text(alphabet=st.characters(exclude_characters="\0", codec="utf-8"), max_size=15), st.binary())
def test_only_equal_passwords_match(password: str, guess: bytes) -> None:
    tickets = TicketStore()
    tickets.set_ticket(password)
    assert tickets.check(guess, 0.0) == (guess == password.encode())


def test_wrong_guesses_wait_twice_as_long_each_time_up_to_a_limit() -> None:
    logins = FailedLogins(first_s=0.25, longest_s=2.0)
    assert [logins.failed("peer", 1.0) for _ in range(5)] == [0.25, 0.5, 1.0, 2.0, 2.0]
    assert logins.failed("other", 1.0) == 0.25
    for _ in range(2000):
        assert logins.failed("peer", 1.0) == 2.0


def test_time_forgives() -> None:
    logins = FailedLogins(first_s=0.25, forget_s=60.0)
    assert [logins.failed("peer", now) for now in (0.0, 59.9, 119.8)] == [0.25, 0.5, 1.0]
    assert logins.failed("peer", 179.8) == 0.25


def test_a_bounded_number_of_peers_is_remembered() -> None:
    logins = FailedLogins(peers=10)
    for number in range(100):
        logins.failed(f"peer {number}", 0.0)
    assert len(logins) == 10
    assert logins.failed("peer 99", 0.0) == 0.5
    assert logins.failed("peer 0", 0.0) == 0.25
