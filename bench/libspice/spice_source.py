"""The source of libspice's encoders, kept outside of this project: fetched once, checked, and unpacked to a cache.

Debian's source package is fetched by apt-get, with lists of its own: neither a ``deb-src`` line nor root is needed,
and nothing of the system's is changed.
"""

import hashlib
import os
import subprocess
import tarfile
import tempfile
from pathlib import Path

VERSION = "0.15.1"
ARCHIVE = f"spice_{VERSION}.orig.tar.bz2"
SHA256 = "ada9af67ab321916bd7eb59e3d619a4a7796c08a28c732edfc7f02fc80b1a37a"
"""Of the archive, which is also the one that upstream released."""
MOST_ARCHIVE_BYTES = 16 << 20
PATIENCE_S = 300

_COMMON = (
    "draw.h",
    "lz.c",
    "lz.h",
    "lz_common.h",
    "lz_compress_tmpl.c",
    "lz_config.h",
    "lz_decompress_tmpl.c",
    "macros.h",
    "mem.h",
    "quic.c",
    "quic.h",
    "quic_config.h",
    "quic_family_tmpl.c",
    "quic_tmpl.c",
    "verify.h",
)
_GLZ = (
    "glz-encode-match.tmpl.c",
    "glz-encode.tmpl.c",
    "glz-encoder-dict.c",
    "glz-encoder-dict.h",
    "glz-encoder-priv.h",
    "glz-encoder.c",
    "glz-encoder.h",
)
MEMBERS = {
    **{f"common/{name}": f"spice-{VERSION}/subprojects/spice-common/common/{name}" for name in _COMMON},
    **{name: f"spice-{VERSION}/server/{name}" for name in _GLZ},
}
"""What is unpacked: its place in the archive, by that in the folder."""


def cache() -> Path:
    """Where the archive and what is made of it lie; it can be removed at any time."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "gspice" / f"libspice-{VERSION}"


def source() -> Path:
    """A folder with the encoders' files, fetched where they are not there. RuntimeError says what to do."""
    folder = cache() / "source"
    if not all((folder / name).is_file() for name in MEMBERS):
        unpack(archive(), folder)
    return folder


def archive() -> Path:
    """The archive, as it should be."""
    named = os.environ.get("BENCH_SPICE_SOURCE")
    kept = cache() / ARCHIVE
    path = Path(named) if named else kept
    if not named and not kept.is_file():
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=kept.parent) as name:
            try:
                fetch(Path(name)).replace(kept)
            except (OSError, RuntimeError, subprocess.SubprocessError) as error:
                raise RuntimeError(
                    f"spice {VERSION}'s source cannot be fetched ({reason(error)}): put {ARCHIVE} from Debian, or "
                    f"spice-{VERSION}.tar.bz2 of spice-space.org, anywhere and name it by BENCH_SPICE_SOURCE"
                ) from error
    if not path.is_file():
        raise RuntimeError(f"BENCH_SPICE_SOURCE={path}: no such file")
    if path.stat().st_size > MOST_ARCHIVE_BYTES or hashlib.sha256(path.read_bytes()).hexdigest() != SHA256:
        raise RuntimeError(
            f"{path} is not spice {VERSION}'s source (its sha256 is {SHA256}): remove it, and try again"
        )
    return path


def fetch(directory: Path) -> Path:
    """Debian's source package by apt-get, from the mirror that is configured here: the archive's path."""
    sources, lists, packages = (directory / name for name in ("sources", "lists", "packages"))
    for path in (sources, lists / "partial", packages / "archives" / "partial"):
        path.mkdir(parents=True)
    (sources / "spice.sources").write_text(source_entry(_apt("indextargets", "--format", TARGET)))
    ours = {
        "Dir::Etc::SourceList": "/dev/null",
        "Dir::Etc::SourceParts": sources,
        "Dir::State::Lists": lists,
        "Dir::Cache": packages,
    }
    options = [word for name, value in ours.items() for word in ("-o", f"{name}={value}")]
    _apt(*options, "update")
    wanted = next((line for line in _versions(options) if line.startswith(f"{VERSION}-")), None)
    if wanted is None:
        raise RuntimeError(f"this release of Debian has another spice than {VERSION}")
    _apt(*options, "source", "--download-only", f"spice={wanted}", cwd=directory)
    return directory / ARCHIVE


TARGET = "$(ORIGIN)|$(COMPONENT)|$(CREATED_BY)|$(REPO_URI)|$(RELEASE)"
"""What apt-get is to tell of each index."""
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
"""Debian's; elsewhere apt-get goes by the keys that it trusts for all."""


def source_entry(targets: str) -> str:
    """The first Debian mirror that packages come from, as a source of sources; RuntimeError where there is none."""
    for line in targets.splitlines():
        origin, component, created_by, uri, release = line.split("|")
        if (origin, component, created_by) == ("Debian", "main", "Packages") and "-" not in release:
            signed = f"Signed-By: {KEYRING}\n" if KEYRING.is_file() else ""
            return f"Types: deb-src\nURIs: {uri}\nSuites: {release}\nComponents: main\n{signed}"
    raise RuntimeError("apt-get knows no mirror of Debian: run apt-get update")


def unpack(path: Path, folder: Path) -> None:
    """The encoders' files alone; RuntimeError where one is missing."""
    with tarfile.open(path) as archive_file:
        for name, place in MEMBERS.items():
            try:
                member = archive_file.extractfile(place)
            except KeyError:
                member = None
            if member is None:
                raise RuntimeError(f"{path} has no {place}")
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(member.read())


def reason(error: BaseException) -> str:
    """In one line: of what a program wrote, its last."""
    if isinstance(error, subprocess.CalledProcessError):
        lines = str(error.stderr).strip().splitlines()
        return lines[-1] if lines else f"{error.cmd[0]} ended with {error.returncode}"
    if isinstance(error, FileNotFoundError) and error.filename == "apt-get":
        return "there is no apt-get here"
    return str(error)


def _versions(options: list[str]) -> list[str]:
    command = ["apt-cache", *options, "showsrc", "--only-source", "spice"]
    shown = subprocess.run(command, check=True, capture_output=True, text=True, timeout=PATIENCE_S).stdout
    return [line.split()[1] for line in shown.splitlines() if line.startswith("Version:")]


def _apt(*words: str, cwd: Path | None = None) -> str:
    command = ["apt-get", "-q", *words]
    return subprocess.run(
        command, check=True, capture_output=True, text=True, timeout=PATIENCE_S, cwd=cwd
    ).stdout
