"""That images are counted, on as many threads as are asked for."""

import pytest

from bench import codecs_scaling
from bench.codecs_images import picture
from bench.codecs_kernels import KERNELS, Kernel
from bench.codecs_scaling import images_per_second
from bench.libspice.codecs import Picture
from tests.bench.test_codecs_kernels import NOISE


def test_all_codecs_run_in_the_pool(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codecs_scaling, "SECONDS", 0.001)
    monkeypatch.setattr(codecs_scaling, "threads", lambda: [1, 3])
    kernels = [kernel for kernel in KERNELS if kernel.layout == "RGB32"]
    pictures: dict[Kernel, list[Picture]] = {
        kernel: [picture(NOISE, kernel.layout, kernel.kind)] * 4 for kernel in kernels
    }
    rates = images_per_second(kernels, pictures, 1)
    assert {kernel: set(by_count) for kernel, by_count in rates.items()} == {k: {1, 3} for k in kernels}
    assert all(rate > 0 for by_count in rates.values() for rate in by_count.values())
