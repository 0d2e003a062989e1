"""A small Linux guest: Debian's kernel with its qxl, bochs and virtio-gpu drivers, and busybox as all the rest.

The guest says READY on its first serial port, then carries out what lines of that port say. On its first virtual
console it repeats every line that is typed, on the screen and on the serial port. It is built once, of what apt gives,
and kept outside the tree.
"""

import fcntl
import hashlib
import lzma
import os
import re
import struct
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.peers.peers import missing

KERNEL = "linux-image-amd64"
BUSYBOX = Path("/bin/busybox")
APT_TIMEOUT_S = 120.0
# A program that needs a dynamic linker names it right behind its headers.
INTERPRETER = re.compile(rb"/ld-linux")
ELF_HEAD = 4096
XZ = b"\xfd7zXZ\x00"
MAX_VMLINUX = 256 << 20

DISPLAY_MODULES = {"qxl": ("qxl",), "std": ("bochs",), "virtio": ("virtio_pci", "virtio_gpu")}
"""For each kind of display what drives it."""

MODULES = {
    **DISPLAY_MODULES,
    "ports": ("virtio_pci", "virtio_console"),
    "pointers": ("psmouse", "evdev", "xhci_pci", "hid_generic", "usbhid"),
}
"""Groups of modules, for the guest's command ``load GROUP``; what they need in their turn is found in them."""

INIT = r"""#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
echo 3 >/proc/sys/kernel/printk

load() {
    for module in $(cat /modules/$1); do
        grep -q "^$module " /proc/modules || insmod /modules/$module.ko || return 1
    done
}
load $gspice_display || echo "NO DISPLAY" >/dev/ttyS0
# No echo: it would look as if the guest had said it.
stty -F /dev/ttyS0 -echo -onlcr

echo "console of the guest" >/dev/tty1
console() {
    while read -r line; do
        echo "typed: $line"
        echo "typed: $line" >/dev/ttyS0
    done
}
console </dev/tty1 >/dev/tty1 2>&1 &

exec </dev/ttyS0 >/dev/ttyS0 2>&1
echo READY
while read -r id line; do
    eval "$line" </dev/null
    echo "DONE $id $?"
done
"""


@dataclass(frozen=True)
class GuestKernel:
    """What QEMU's ``-kernel`` and ``-initrd`` take."""

    vmlinux: Path
    initramfs: Path

    def options(self, display: str, *words: str) -> list[str]:
        """QEMU's options to boot it; ``display`` is a key of ``DISPLAY_MODULES``, ``words`` go to the kernel."""
        line = [
            "console=ttyS0",
            "console=tty0",
            "quiet",
            "nokaslr",
            "mitigations=off",
            "tsc=reliable",
            # What blinks is different in two pictures of the same screen.
            "vt.global_cursor_default=0",
            "consoleblank=0",
            f"gspice_display={display}",
            *words,
        ]
        return ["-kernel", str(self.vmlinux), "-initrd", str(self.initramfs), "-append", " ".join(line)]


def guest_kernel() -> GuestKernel:
    """The guest, built if it is not there yet. Skips, or fails in CI, where it cannot be built."""
    if not BUSYBOX.exists() or INTERPRETER.search(BUSYBOX.read_bytes()[:ELF_HEAD]):
        missing("a static busybox", "busybox-static")
    directory = cache_directory() / f"guest-{hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:16]}"
    kernel = GuestKernel(directory / "vmlinux", directory / "initramfs.cpio")
    directory.parent.mkdir(parents=True, exist_ok=True)
    with (directory.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not directory.exists():
            with tempfile.TemporaryDirectory(dir=directory.parent) as work:
                build(Path(work), directory)
    return kernel


def cache_directory() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "gspice-tests"


def build(work: Path, directory: Path) -> None:
    """Make the guest in ``work`` and put it at ``directory`` in one step."""
    tree = unpack(download(work), work / "package")
    made = work / "made"
    made.mkdir()
    images = list(tree.glob("boot/vmlinuz-*"))
    assert len(images) == 1, f"the kernel package holds {images}"
    (made / "vmlinux").write_bytes(vmlinux(images[0].read_bytes()))
    (made / "initramfs.cpio").write_bytes(initramfs(tree))
    made.rename(directory)


def download(work: Path) -> Path:
    """Fetch the kernel's package; it is not installed, so nothing of this machine's boot changes."""
    depends = apt("apt-cache", "depends", "--important", KERNEL, cwd=work)
    name = re.search(r"Depends: (linux-image-\S+)", depends)
    if name is None:
        no_kernel(f"apt-cache does not say what {KERNEL} stands for")
    assert name is not None
    # As root: apt's own user may not write here, and it would warn about that.
    apt("apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", name[1], cwd=work)
    packages = list(work.glob("*.deb"))
    assert len(packages) == 1, f"apt-get download {name[1]} left {packages}"
    return packages[0]


def no_kernel(reason: str) -> None:
    """Skip, or fail where CI must have everything."""
    line = f"no kernel for the guest: {reason}; run `apt-get update`, and let apt reach its mirror"
    if os.environ.get("CI"):
        pytest.fail(line)
    pytest.skip(line)


def apt(*command: str, cwd: Path) -> str:
    """Run one of apt's programs."""
    try:
        done = subprocess.run(
            command,
            cwd=cwd,
            capture_output=True,
            text=True,
            timeout=APT_TIMEOUT_S,
            check=False,
            env={**os.environ, "LC_ALL": "C"},
        )
    except (FileNotFoundError, subprocess.TimeoutExpired) as error:
        done = subprocess.CompletedProcess(command, 1, "", str(error))
    if done.returncode:
        no_kernel(f"{' '.join(command)}: {done.stderr.strip()[-300:]}")
    return done.stdout


def unpack(package: Path, directory: Path) -> Path:
    """Take the kernel and the modules out of a package."""
    directory.mkdir()
    wanted = ["./boot/vmlinuz-*", "./lib/modules/*/kernel/drivers/*"]
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", str(package)], stdout=subprocess.PIPE) as source:
        subprocess.run(
            ["tar", "-x", "-C", str(directory), "--wildcards", *wanted], stdin=source.stdout, check=True
        )
    assert source.returncode == 0, f"dpkg-deb could not read {package.name}"
    return directory


def vmlinux(image: bytes) -> bytes:
    """The ELF file within a bzImage: QEMU starts it at once (PVH), where the guest needs 5 s to unpack it."""
    sectors = image[0x1F1]
    offset, length = struct.unpack_from("<II", image, 0x248)
    start = (sectors + 1) * 512 + offset
    payload = image[start : start + length]
    assert payload.startswith(XZ), f"the kernel is not packed with xz but begins with {payload[:6]!r}"
    unpacked = lzma.LZMADecompressor().decompress(payload, MAX_VMLINUX)
    assert unpacked.startswith(b"\x7fELF"), f"the kernel begins with {unpacked[:4]!r}"
    return unpacked


def initramfs(tree: Path) -> bytes:
    """An archive with the init script, busybox, and the modules with the order to load them in."""
    modules = {path.stem.replace("-", "_"): path for path in tree.glob("lib/modules/**/*.ko")}
    files = {
        "init": (0o100755, INIT.encode()),
        "bin": (0o040755, b""),
        "bin/busybox": (0o100755, BUSYBOX.read_bytes()),
        **{name: (0o040755, b"") for name in ("dev", "modules", "proc", "sys", "tmp")},
    }
    for group, names in MODULES.items():
        order: list[str] = []
        for name in names:
            add_module(name, modules, order)
        files[f"modules/{group}"] = (0o100644, "".join(f"{name}\n" for name in order).encode())
        for name in order:
            files[f"modules/{name}.ko"] = (0o100644, modules[name].read_bytes())
    entries = [cpio_entry(name, mode, data) for name, (mode, data) in files.items()]
    return b"".join([*entries, cpio_entry("TRAILER!!!", 0, b"")])


def add_module(name: str, modules: dict[str, Path], order: list[str]) -> None:
    """Put a module behind everything that it needs."""
    if name in order:
        return
    # Each field of .modinfo is "key=value" between zeros; depmod's list of all of them is made at installation.
    found = re.search(rb"\0depends=([^\0]*)\0", modules[name].read_bytes())
    assert found, f"{name}.ko does not say what it needs"
    for other in filter(None, found[1].decode().replace("-", "_").split(",")):
        add_module(other, modules, order)
    order.append(name)


def cpio_entry(name: str, mode: int, data: bytes) -> bytes:
    """One file of a "newc" archive, the kernel's format for an initramfs."""
    path = name.encode() + b"\0"
    numbers = (0, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(path), 0)
    head = b"070701" + b"".join(b"%08X" % number for number in numbers) + path
    return head + b"\0" * (-len(head) % 4) + data + b"\0" * (-len(data) % 4)
