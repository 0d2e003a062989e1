"""The binary interface: types and prototypes as in the installed headers, names as in Debian's library."""

import re
import subprocess
from pathlib import Path

import pytest

from gspice.hosts.libspice.installed import LIBRARY_FILE, library_directory
from tests.hosts.libspice.c_programs import LIBSPICE, SYMBOLS, compile_c
from tests.peers.peers import missing

LIBRARY = library_directory() / LIBRARY_FILE
NEWER = {("spice_qxl_gl_scanout2", "SPICE_SERVER_0.15.3")}
"""What hosts that were built against a newer libspice-server call, and Debian's has not."""
ABI = (LIBSPICE / "abi.h").read_text()

THEIRS = "#include <spice.h>\n#define GSPICE_ABI_FROM_HEADERS\n"
PROTOTYPES = """
#include "vtable.h"
#define GSPICE_SYMBOL(node, result, name, parameters, arguments) result name parameters;
#include "symbols.def"
int main(void) { return 0; }
"""
CONSTANTS = (
    "SPICE_CAPABILITIES_SIZE",
    "SPICE_CHAR_DEVICE_NOTIFY_WRITABLE",
    "SPICE_COMPAT_VERSION_0_4",
    "SPICE_COMPAT_VERSION_0_6",
    "SPICE_IMAGE_COMPRESSION_INVALID",
    "SPICE_IMAGE_COMPRESSION_AUTO_GLZ",
    "SPICE_WAN_COMPRESSION_INVALID",
    "sizeof(SpiceImageCompression)",
    "sizeof(spice_wan_compression_t)",
    "sizeof(spice_compat_version_t)",
    "sizeof(QXLPHYSICAL)",
)


def include_flags() -> list[str]:
    """Where the compiler finds the headers of spice-server."""
    done = subprocess.run(
        ["pkg-config", "--cflags", "spice-server"], check=False, capture_output=True, text=True
    )
    if done.returncode:
        missing("the headers of spice-server", "libspice-server-dev")
    # Deprecated members are part of the layout like any other.
    return [*done.stdout.split(), "-Wno-deprecated-declarations"]


def bodies() -> dict[str, str]:
    """Every structure of abi.h, as its name and what stands between its braces."""
    text = re.sub(r"/\*.*?\*/", "", ABI, flags=re.DOTALL)
    pattern = r"^typedef struct (?:__attribute__\(\(packed\)\) )?\w+ \{(.*?)^\} (\w+);"
    return {name: body for body, name in re.findall(pattern, text, re.MULTILINE | re.DOTALL)}


def structures() -> dict[str, list[str]]:
    """Every structure of abi.h with the names of its members, those of unions within it included."""
    found = {}
    for name, body in bodies().items():
        members: list[str] = []
        for statement in body.replace("union {", "").replace("}", "").split(";"):
            pointer = re.search(r"\(\*(\w+)\)\(", statement)
            if pointer:
                members.append(pointer[1])
            elif statement.strip():
                members += [re.sub(r"\[.*|\W", "", part.split()[-1]) for part in statement.split(",")]
        found[name] = members
    return found


def layout(directory: Path, header: str, *flags: str) -> list[str]:
    """What a program says of all structures, members and constants that sees one of the two headers."""
    lines = []
    for name, members in structures().items():
        lines.append(f'printf("{name} %zu %zu\\n", sizeof({name}), _Alignof({name}));')
        for member in members:
            size = "(size_t)0" if f"{member}[];" in ABI else f"sizeof((({name} *)0)->{member})"
            lines.append(f'printf("{name}.{member} %zu %zu\\n", offsetof({name}, {member}), {size});')
    lines += [f'printf("{name} %d\\n", (int){name});' for name in CONSTANTS]
    source = f"{header}#include <stddef.h>\n#include <stdio.h>\n" + '#include "abi.h"\n'
    source += "int main(void)\n{\n" + "\n".join(lines) + "\n}\n"
    program = compile_c(source, directory / "layout", f"-I{LIBSPICE}", *flags)
    return subprocess.run([program], check=True, capture_output=True, text=True).stdout.splitlines()


def test_structures_are_laid_out_as_the_headers_say(tmp_path: Path) -> None:
    ours = layout(tmp_path, "")
    assert len(structures()) >= 25 and len(ours) > 150
    assert ours == layout(tmp_path, THEIRS, *include_flags())


def test_members_have_the_types_of_the_headers(tmp_path: Path) -> None:
    """Callbacks above all: two of another signature have the same size."""
    lines = []
    for name, body in bodies().items():
        lines.append(f"struct ours_{name} {{{body}}};")
        for member in structures()[name]:
            types = [
                f"__typeof__(((struct ours_{name} *)0)->{member})",
                f"__typeof__((({name} *)0)->{member})",
            ]
            condition = f"__builtin_types_compatible_p({', '.join(types)})"
            lines.append(f'_Static_assert({condition}, "{name}.{member} is of another type");')
    source = f'{THEIRS}#include "abi.h"\n' + "\n".join(lines) + "\nint main(void) { return 0; }\n"
    compile_c(source, tmp_path / "types", f"-I{LIBSPICE}", *include_flags())


def test_no_structure_of_ours_was_passed_over() -> None:
    assert set(structures()) == {name for name in re.findall(r"^\} (\w+);", ABI, re.M) if "_" not in name}


def test_prototypes_are_those_of_the_headers(tmp_path: Path) -> None:
    """A differing one is an error of the compiler's: the shim would hand over its arguments in wrong places."""
    compile_c(THEIRS + PROTOTYPES, tmp_path / "prototypes", f"-I{LIBSPICE}", *include_flags())
    with pytest.raises(AssertionError, match="conflicting types"):
        wrong = "int spice_qxl_wakeup(QXLInstance *qin);\n"
        compile_c(
            THEIRS + '#include "abi.h"\n' + wrong + PROTOTYPES,
            tmp_path / "wrong",
            f"-I{LIBSPICE}",
            *include_flags(),
        )


def test_the_headers_have_no_function_that_is_not_in_the_table() -> None:
    include_flags()
    folder = Path("/usr/include/spice-server")
    text = "".join(path.read_text() for path in folder.glob("*.h"))
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    declared = set(re.findall(r"\b(spice_\w+)\((?!\*)", text))
    assert declared == {name for _, name in SYMBOLS} - {name for name, _ in NEWER}


# What is exported


def exported(library: Path) -> set[tuple[str, str]]:
    """Names with their version nodes; the nodes themselves are names, too."""
    done = subprocess.run(["nm", "-D", "--defined-only", library], check=True, capture_output=True, text=True)
    names = [line.split()[2] for line in done.stdout.splitlines()]
    return {(name.partition("@")[0], name.partition("@")[2].lstrip("@")) for name in names}


def version_parents(library: Path) -> dict[str, str]:
    """For each version node the one that it inherits from; empty for the first."""
    done = subprocess.run(["readelf", "-V", library], check=True, capture_output=True, text=True)
    section = done.stdout.partition("Version definition")[2].partition("Version needs")[0]
    parents, name = {}, ""
    for kind, value in re.findall(r"(Name|Parent 1): (\S+)", section):
        if kind == "Name":
            name = value
        parents[name] = value if kind == "Parent 1" else ""
    return parents


def debian_library() -> Path:
    found = sorted(Path("/usr/lib").glob("*/libspice-server.so.1"))
    if not found:
        missing("libspice-server", "libspice-server1")
    return found[0]


def test_names_and_versions_are_those_of_the_distribution() -> None:
    nodes = {(version, "") for _, version in NEWER} | {(version, version) for _, version in NEWER}
    ours, theirs = exported(LIBRARY), exported(debian_library())
    assert len(theirs) > 100
    assert theirs <= ours
    assert ours - theirs - nodes == NEWER


def test_versions_inherit_as_in_the_distribution() -> None:
    ours, theirs = version_parents(LIBRARY), version_parents(debian_library())
    assert len(theirs) > 20
    assert {name: parent for name, parent in ours.items() if name in theirs} == theirs
    assert ours["SPICE_SERVER_0.15.3"] == "SPICE_SERVER_0.14.3" and len(ours) == len(theirs) + 1


def test_the_linker_script_has_the_rows_of_the_table() -> None:
    text = (LIBSPICE / "libspice-server.syms").read_text()
    rows = [
        (node.replace(".", "_"), name)
        for node, body in re.findall(r"SPICE_SERVER_([\d.]+) \{\nglobal:\n(.*?)\}", text, re.DOTALL)
        for name in re.findall(r"^    (spice_\w+);$", body, re.MULTILINE)
    ]
    assert sorted(rows) == sorted(SYMBOLS) and len(rows) == len(set(rows))


def test_the_library_needs_no_libpython_and_is_alone_in_its_folder() -> None:
    dynamic = subprocess.run(["readelf", "-d", LIBRARY], check=True, capture_output=True, text=True).stdout
    assert re.findall(r"\(SONAME\).*\[(.*)\]", dynamic) == [LIBRARY_FILE]
    assert set(re.findall(r"\(NEEDED\).*\[(.*)\]", dynamic)) <= {"libc.so.6", "libdl.so.2", "libpthread.so.0"}
    assert not re.search(r"RPATH|RUNPATH", dynamic) and "NODELETE" in dynamic
    assert {path.name for path in library_directory().iterdir()} <= {LIBRARY_FILE, "gspice.conf"}
