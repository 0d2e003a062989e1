"""What is chosen by environment variables."""

from pathlib import Path

import pytest

from bench import traffic, traffic_host
from bench.traffic import Mode, chosen_modes, chosen_speeds
from bench.traffic_host import AUTO, Library, accepted


def test_modes_are_ours_alone_or_both(tmp_path: Path) -> None:
    assert chosen_modes("lz off:lz lz", tmp_path) == [Mode("lz", "auto_glz"), Mode("off", "lz")]


@pytest.mark.parametrize("words", ["", "lz:auto"])
def test_wrong_modes_are_told(words: str, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="BENCH_MODES"):
        chosen_modes(words, tmp_path)


@pytest.mark.parametrize(("known", "measured"), [(True, "auto"), (False, "auto_glz")])
def test_auto_is_measured_where_there_is_one(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    known: bool,
    measured: str,
) -> None:
    monkeypatch.setattr(traffic, "knows_auto", lambda directory: known)
    assert chosen_modes(AUTO, tmp_path) == [Mode(measured, "auto_glz")]
    assert ("auto_glz is measured instead" in capsys.readouterr().out) != known


def test_speeds() -> None:
    assert chosen_speeds("full real") == ["full", "real"]
    for words in ("", "fast", "real fast"):
        with pytest.raises(RuntimeError, match="BENCH_SPEEDS"):
            chosen_speeds(words)


def test_only_ours_reads_short_and_only_where_it_would_wait() -> None:
    assert Library("gspice", AUTO).arguments(real_time=True) == ["auto_glz", "wan", "short-reads"]
    assert Library("gspice", "lz").arguments(real_time=False) == ["lz", "wan"]
    assert Library("stock", "lz").arguments(real_time=True) == ["lz", "wan"]


@pytest.mark.parametrize("known", [True, False])
def test_the_configuration_is_the_benchs_and_has_the_compression_where_it_can(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, known: bool
) -> None:
    monkeypatch.setattr(traffic_host, "accepted", lambda text, directory: known)
    file = tmp_path / "gspice.toml"
    assert Library("gspice", "auto_glz").environment(tmp_path)["GSPICE_CONFIG"] == str(file)
    assert file.read_text() == ('[server]\nimage-compression = "auto_glz"\n' if known else "")


def test_a_configuration_that_gspice_refuses_is_found_out(tmp_path: Path) -> None:
    assert accepted('[server]\nname = "x"\n', tmp_path)
    assert not accepted("[server]\nno-such-key = 1\n", tmp_path)
