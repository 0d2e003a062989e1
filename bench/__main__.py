"""``python -m bench [NAME [FILE...]]...``: run benchmarks by name, all of them without one."""

import sys
from collections.abc import Callable

from bench import (
    codecs,
    dropin,
    gpu_canvas,
    gpu_device,
    gpu_looks,
    link_figures,
    link_latency,
    replay,
    serve_idle,
    serve_latency,
    traffic,
    video_detect,
    video_device,
    video_encode,
    video_quality,
    video_rate,
    video_streams,
)

BENCHES: dict[str, Callable[[list[str]], None]] = {
    "serve-idle": lambda _: serve_idle.main(),
    "serve-latency": lambda _: serve_latency.main(),
    "replay": replay.main,
    "traffic": traffic.main,
    "codecs": codecs.main,
    "gpu-device": lambda _: gpu_device.main(),
    "gpu-canvas": gpu_canvas.main,
    "gpu-looks": gpu_looks.main,
    "link-relay": lambda _: link_figures.main(),
    "link-latency": lambda _: link_latency.main(),
    "video-encode": lambda _: video_encode.main(),
    "video-detect": video_detect.main,
    "video-device": lambda _: video_device.main(),
    "video-quality": lambda _: video_quality.main(),
    "video-rate": lambda _: video_rate.main(),
    "video-streams": lambda _: video_streams.main(),
    "dropin-start": lambda _: dropin.main_start(),
    "dropin-calls": lambda _: dropin.main_calls(),
    "dropin": lambda _: dropin.main(),
}
TAKE_FILES = {"replay", "traffic", "codecs", "gpu-canvas", "gpu-looks", "video-detect"}


def main(words: list[str]) -> int:
    chosen: list[tuple[str, list[str]]] = []
    for word in words or BENCHES:
        if word in BENCHES:
            chosen.append((word, []))
        elif chosen and chosen[-1][0] in TAKE_FILES:
            chosen[-1][1].append(word)
        else:
            print(f"no benchmark {word}; there are {', '.join(BENCHES)}", file=sys.stderr)
            return 1
    for name, files in chosen:
        print(f"== {name}", flush=True)
        try:
            BENCHES[name](files)
        except RuntimeError as error:
            print(f"{name}: {error}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
