import pytest
from hypothesis import given
from hypothesis import strategies as st

from gspice.errors import GuestError
from gspice.qxl.rings import COUNTER_MASK, RingConsumer, RingProducer
from gspice.qxl.structures import QXLCommand, QXLCommandRing, QXLReleaseRing


def release_ring(start: int = 0) -> tuple[QXLReleaseRing, RingProducer[int], RingConsumer[int]]:
    ring = QXLReleaseRing(num_items=8, prod=start, cons=start, notify_on_prod=(start + 1) & COUNTER_MASK)
    return ring, RingProducer("release", ring, ring.items), RingConsumer("release", ring, ring.items)


@given(st.integers(0, COUNTER_MASK), st.lists(st.booleans(), max_size=60))
def test_items_come_out_in_order_wherever_the_counters_stand(start: int, pushes: list[bool]) -> None:
    _, producer, consumer = release_ring(start)
    expected: list[int] = []
    for number, push in enumerate(pushes):
        if push and producer.wait_for_space():
            producer.push(number)
            expected.append(number)
        elif not push:
            popped = consumer.pop()
            assert (popped[0] if popped else None) == (expected.pop(0) if expected else None)
        assert len(producer) == len(consumer) == len(expected)


def test_push_notifies_only_the_consumer_that_waits() -> None:
    _, producer, consumer = release_ring()
    assert producer.push(1)
    assert not producer.push(2)
    assert not consumer.wait()
    assert consumer.pop() and consumer.pop()
    assert consumer.wait()
    assert producer.push(3)


def test_pop_notifies_the_producer_that_waits_for_space() -> None:
    _, producer, consumer = release_ring(COUNTER_MASK - 3)
    for number in range(8):
        assert producer.wait_for_space()
        producer.push(number)
    assert not producer.wait_for_space()
    with pytest.raises(GuestError, match="no space"):
        producer.push(9)
    assert consumer.pop() == (0, True)
    assert consumer.pop() == (1, False)
    assert producer.wait_for_space()


@pytest.mark.parametrize(("prod", "cons"), [(9, 0), (0, 1), (0x80000000, 0)])
def test_counters_that_cannot_be_right_are_refused(prod: int, cons: int) -> None:
    ring, producer, consumer = release_ring()
    ring.prod, ring.cons = prod, cons
    for use in (consumer.pop, consumer.wait, producer.wait_for_space, lambda: producer.push(1)):
        with pytest.raises(GuestError, match="release ring"):
            use()


def test_num_items_in_memory_is_not_believed() -> None:
    ring, producer, consumer = release_ring()
    ring.num_items = 1 << 20
    for number in range(8):
        producer.push(number)
    assert not producer.wait_for_space()
    ring.num_items = 0
    assert consumer.pop() == (0, True)


def test_a_popped_command_is_a_copy() -> None:
    ring = QXLCommandRing()
    producer: RingProducer[QXLCommand] = RingProducer("command", ring, ring.items)
    consumer: RingConsumer[QXLCommand] = RingConsumer("command", ring, ring.items)
    producer.push(QXLCommand(data=1234, type=1))
    popped = consumer.pop()
    assert popped is not None
    ring.items[0].data = 9
    assert (popped[0].data, popped[0].type) == (1234, 1)
