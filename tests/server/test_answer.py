"""One thread waits, another answers."""

import threading
import time

from gspice.server.answer import Answer


def test_what_was_given_before_is_there_at_once() -> None:
    answer = Answer()
    answer.result = 5
    answer.give()
    assert answer.wait(0) and answer.wait(10.0)
    assert answer.result == 5 and answer.error is None


def test_without_an_answer_it_gives_up_in_time() -> None:
    start = time.monotonic()
    assert not Answer().wait(0.05)
    assert 0.05 <= time.monotonic() - start < 5
    assert not Answer().wait(-1.0)


def test_another_thread_runs_while_this_one_waits() -> None:
    question, answer = Answer(), Answer()

    def reply() -> None:
        if question.wait(10.0):
            answer.give()

    thread = threading.Thread(target=reply)
    thread.start()
    question.give()
    assert answer.wait(10.0)
    thread.join(10.0)
