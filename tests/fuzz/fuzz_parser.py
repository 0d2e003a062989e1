"""Fuzzes the QXL parser: valid commands of every kind, a few bytes changed, in memory between guard pages.

    python tests/fuzz/fuzz_parser.py --seconds 3600 --seed 7

Whatever the bytes, ``parse`` gives a value or raises GuestError; a read outside the slot ends the process
with a signal. What fails is written with the seed and number that make it again.
"""

import argparse
import itertools
import random
import struct
import sys
import time
from collections import Counter
from collections.abc import Iterator

from gspice.errors import GuestError
from gspice.qxl import ops
from gspice.vdi.qxl import CommandExt
from tests.qxl.guest_commands import commands
from tests.qxl.guest_memory import GROUP, PAGE, GuestMemory

MAKERS = commands()
EDGES = (0, 1, 2, 3, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
RELEASE_BYTES = 8


def mutate(guest: GuestMemory, command: CommandExt, rng: random.Random) -> CommandExt:
    """Change some of what the command points at, or how it is announced."""
    start = guest.offset(command.data)
    for _ in range(rng.choice((1, 1, 1, 2, 3, 8))):
        at = rng.randrange(start, guest.size)
        low, high = guest.address(start), guest.address(guest.size)
        change = rng.randrange(6)
        if change == 0:
            data = rng.randbytes(rng.randrange(1, 9))
        elif change == 1:
            data = struct.pack("<I", rng.choice(EDGES))
        elif change == 2:
            data = struct.pack("<Q", rng.randrange(low, high + 1))
        elif change == 3:
            # A pointer that is there leads elsewhere: circles, overlaps, ends of the slot.
            at = rng.choice(pointers(guest, start) or [at])
            data = struct.pack(
                "<Q", rng.choice((low, high, high - 1, rng.randrange(low, high), 0, 2**64 - 1))
            )
        elif change == 4:
            data = struct.pack("<I", rng.randrange(guest.size))
        else:
            data = bytes([guest.read(guest.address(at), 1)[0] ^ 1 << rng.randrange(8)])
        data = data[: guest.size - at]
        guest.write(guest.address(at), data)
    if rng.random() < 0.05:
        command = command._replace(type=rng.randrange(7))
    if rng.random() < 0.05:
        command = command._replace(flags=rng.randrange(4))
    if rng.random() < 0.02:
        command = command._replace(data=rng.choice((0, guest.address(guest.size - 1), rng.getrandbits(64))))
    if rng.random() < 0.02:
        command = command._replace(group_id=rng.choice((0, 2, 2**32 - 1)))
    return command


def pointers(guest: GuestMemory, start: int) -> list[int]:
    """Offsets of what reads like addresses in the memory that is used."""
    used = guest.read(guest.address(start), guest.size - start)
    low, high = guest.address(start), guest.address(guest.size)
    return [
        start + i
        for i in range(RELEASE_BYTES, len(used) - 8)
        if low <= struct.unpack_from("<Q", used, i)[0] < high
    ]


def check(guest: GuestMemory, command: CommandExt) -> str:
    """Parse, and say what became of it: the value's type, or ``refused``."""
    release = guest.parser.release_info(command)
    if release is not None:
        offset = release.address - guest.pages.address
        assert 0 <= offset <= guest.size - RELEASE_BYTES, f"{release} is outside the slot"
    try:
        value = guest.parser.parse(command)
    except GuestError as error:
        assert str(error)
        return "refused"
    assert isinstance(value, ops.Command)
    assert release is not None, f"{type(value).__name__} has nothing to release"
    repr(value)
    return type(value).__name__


def cases(seed: int) -> Iterator[tuple[int, str, GuestMemory, CommandExt]]:
    """Without end: number, name of the command it began as, its memory, and the changed command."""
    for number in itertools.count():
        rng = random.Random(f"{seed}/{number}")
        guest = GuestMemory(PAGE)
        name = rng.choice(list(MAKERS))
        yield number, name, guest, mutate(guest, MAKERS[name](guest), rng)


def run(seed: int, *, seconds: float | None = None, number: int | None = None) -> Counter[str]:
    """Check cases for so long, or up to so many; how many came out how."""
    seen: Counter[str] = Counter()
    end = None if seconds is None else time.monotonic() + seconds
    for i, name, guest, command in cases(seed):
        if i == number or (end is not None and time.monotonic() >= end):
            return seen
        try:
            seen[check(guest, command)] += 1
        except BaseException:
            print(f"seed {seed}, case {i}, from {name!r}: {command}", file=sys.stderr)
            raise
    return seen


def check_random(data: bytes, type: int, flags: int, offset: int) -> str:
    """One command of random bytes at the end of a slot."""
    guest = GuestMemory(PAGE)
    guest.put(data)
    return check(guest, CommandExt(guest.address(offset), type, GROUP, flags))


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    arguments.add_argument("--seconds", type=float, default=60)
    arguments.add_argument("--seed", type=int, default=None, help="random where not given")
    options = arguments.parse_args()
    seed = random.randrange(2**32) if options.seed is None else options.seed
    print(f"seed {seed}", flush=True)
    for outcome, count in run(seed, seconds=options.seconds).most_common():
        print(f"{count:8} {outcome}")


if __name__ == "__main__":
    main()
