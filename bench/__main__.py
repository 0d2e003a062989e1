"""``python -m bench [NAME...]``: run benchmarks by name, all of them without one."""

import sys
from collections.abc import Callable

from bench import serve_idle, serve_latency

BENCHES: dict[str, Callable[[], None]] = {
    "serve-idle": serve_idle.main,
    "serve-latency": serve_latency.main,
}


def main(names: list[str]) -> int:
    unknown = set(names) - BENCHES.keys()
    if unknown:
        print(f"no benchmark {', '.join(sorted(unknown))}; there are {', '.join(BENCHES)}", file=sys.stderr)
        return 1
    for name in names or BENCHES:
        print(f"== {name}", flush=True)
        BENCHES[name]()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
