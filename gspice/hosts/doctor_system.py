"""The machine itself: kernel, processors, memory, and the limits that this process runs under."""

import os
import platform
import re
import resource
from collections.abc import Iterable, Iterator
from pathlib import Path

from gspice.hosts.doctor_findings import Finding, Status, Step

PROC, CGROUP, KVM = Path("/proc"), Path("/sys/fs/cgroup"), Path("/dev/kvm")
MIN_FILES = 256
"""Descriptors: a client takes about ten, a guest some dozens."""
WANTED_FILES = 1024
LIMITS_LINE = f"echo '* - nofile {WANTED_FILES}' >> /etc/security/limits.conf"
MIN_MEMORY = 512 << 20
"""Bytes: Python and its libraries take a hundred MiB, a screen and what is drawn on it as much again."""


def probe() -> Iterator[Step]:
    """Each of them."""
    yield Step("kernel", kernel)
    yield Step("processors", processors)
    yield Step("memory", memory)
    yield Step("open files", open_files)
    yield Step("KVM", kvm)


def kernel() -> Iterable[Finding]:
    """The kernel, and whose system it is."""
    try:
        name = platform.freedesktop_os_release().get("PRETTY_NAME", "")
    except OSError:
        name = ""
    facts = {"release": platform.release(), "machine": platform.machine(), "system": name}
    text = f"{platform.system()} {platform.release()} {platform.machine()}" + (f", {name}" if name else "")
    yield Finding(name="kernel", status=Status.OK, text=text, facts=facts)


def processors(proc: Path = PROC) -> Iterable[Finding]:
    """How many this process may use, and which."""
    match = re.search(r"^(?:model name|Model)\s*:\s*(.+)$", _read(proc / "cpuinfo"), re.MULTILINE)
    model = match[1].strip() if match else platform.machine()
    usable, count = len(os.sched_getaffinity(0)), os.cpu_count() or 1
    number = f"{count}" if usable == count else f"{usable} of {count}"
    facts = {"model": model, "count": count, "usable": usable}
    yield Finding(name="processors", status=Status.OK, text=f"{number}, {model}", facts=facts)


def memory(proc: Path = PROC, cgroup: Path = CGROUP) -> Iterable[Finding]:
    """What there is, and what of it this process may still take."""
    sizes = {
        name: int(size) << 10
        for name, size in re.findall(r"^(\w+):\s+(\d+) kB$", _read(proc / "meminfo"), re.MULTILINE)
    }
    if "MemTotal" not in sizes:
        yield Finding(name="memory", status=Status.NOTE, text="the kernel does not say how much there is")
        return
    total = sizes["MemTotal"]
    available = sizes.get("MemAvailable", total)
    limit = _cgroup_limit(proc, cgroup)
    text = f"{_size(total)}, {_size(available)} of it free"
    if limit is not None and limit < total:
        text += f"; this process's control group may take {_size(limit)}"
    usable = min(available, total if limit is None else limit)
    few = usable < MIN_MEMORY
    yield Finding(
        name="memory",
        status=Status.WARN if few else Status.OK,
        text=text + (f"; less than {_size(MIN_MEMORY)} is not much for a desktop" if few else ""),
        facts={"total_bytes": total, "available_bytes": available, "limit_bytes": limit},
    )


def open_files(limits: tuple[int, int] | None = None) -> Iterable[Finding]:
    """How many descriptors a process may have. ``limits``: in place of this process's own."""
    soft, hard = limits or resource.getrlimit(resource.RLIMIT_NOFILE)
    few = 0 <= soft < MIN_FILES
    yield Finding(
        name="open files",
        status=Status.WARN if few else Status.OK,
        text=f"{_limit(soft)}, at most {_limit(hard)}" + ("; clients need about ten each" if few else ""),
        mend=more_files((soft, hard)) if few else "",
        facts={"soft": None if soft < 0 else soft, "hard": None if hard < 0 else hard},
    )


def more_files(limits: tuple[int, int] | None = None, *, root: bool | None = None) -> str:
    """The line that lets processes have more descriptors than now. ``root``: in place of who this process is."""
    _, hard = limits or resource.getrlimit(resource.RLIMIT_NOFILE)
    # Only root may go above the hard limit; a line that changes nothing would be no help.
    if hard < 0 or hard >= MIN_FILES or (os.geteuid() == 0 if root is None else root):
        return f"ulimit -n {WANTED_FILES if hard < MIN_FILES else min(WANTED_FILES, hard)}"
    return f"{LIMITS_LINE}   # as root; then log in anew"


def kvm(path: Path = KVM) -> Iterable[Finding]:
    """Whether QEMU can use the processor's virtualization; GSpice itself does not need it."""
    there, allowed = path.exists(), os.access(path, os.R_OK | os.W_OK)
    facts = {"there": there, "allowed": allowed}
    if there and not allowed:
        text = f"this user may not open {path}: QEMU is slow"
        mend = 'usermod -aG kvm "$USER"   # as root; then log in anew'
        yield Finding(name="KVM", status=Status.NOTE, text=text, mend=mend, facts=facts)
    else:
        text = f"{path} may be opened" if there else f"no {path}: QEMU is slow"
        yield Finding(name="KVM", status=Status.OK if there else Status.NOTE, text=text, facts=facts)


def _cgroup_limit(proc: Path, cgroup: Path) -> int | None:
    """The tightest memory limit of the control groups that this process is in; None: there is none."""
    match = re.search(r"^0::/(.*)$", _read(proc / "self" / "cgroup"), re.MULTILINE)
    own = cgroup / match[1] if match else cgroup
    limits = []
    for folder in (own, *own.parents):
        text = _read(folder / "memory.max").strip()
        if text.isdigit():
            limits.append(int(text))
        if folder == cgroup:
            break
    return min(limits, default=None)


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


def _size(size: int) -> str:
    return f"{size / (1 << 30):.1f} GiB" if size >= 1 << 30 else f"{size >> 20} MiB"


def _limit(value: int) -> str:
    return "no limit" if value < 0 else str(value)
