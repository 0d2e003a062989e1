"""Real clients against a real ``gspice serve``. A missing peer skips a test, and fails it in CI."""

import datetime
import functools
import ipaddress
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from tests.peers.peers import SYSTEM_PYTHON, Serve, SpiceGtk, Xvfb, missing
from tests.peers.qemu import LIBRARIES, Library, find_library


@functools.cache
def has_spice_gtk() -> bool:
    check = (
        "import gi; gi.require_version('SpiceClientGLib', '2.0'); from gi.repository import SpiceClientGLib"
    )
    return (
        Path(SYSTEM_PYTHON).exists()
        and not subprocess.run([SYSTEM_PYTHON, "-c", check], check=False).returncode
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of the other library alone are tried again: now and then it takes its host with it.

    Ours gets none.
    """
    for item in items:
        params = getattr(getattr(item, "callspec", None), "params", {})
        named = [str(value) for value in params.values()]
        if "stock" in named and not any("gspice" in name for name in named):
            item.add_marker(pytest.mark.flaky(reruns=2))


def need_spice_gtk() -> None:
    if not has_spice_gtk():
        missing("spice-gtk for Python", "python3-gi gir1.2-spiceclientglib-2.0")


@pytest.fixture(params=LIBRARIES)
def library(request: pytest.FixtureRequest) -> Library:
    """Each library in turn, for what both must do alike."""
    return find_library(request.param)


@pytest.fixture
def ours() -> Library:
    """GSpice, for what the other library need not be asked."""
    return find_library("gspice")


@pytest.fixture
def start_serve(tmp_path: Path) -> Iterator[Callable[..., Serve]]:
    """Start servers; all are stopped at the end of the test."""
    running: list[Serve] = []

    def start(*options: str, **how: str) -> Serve:
        running.append(Serve(*options, log=tmp_path / f"serve{len(running)}.log", **how))
        return running[-1]

    yield start
    for serve in running:
        serve.stop()


@pytest.fixture
def serve(start_serve: Callable[..., Serve]) -> Serve:
    """A server with default options and a small desktop."""
    return start_serve("--size=800x600")


@pytest.fixture
def start_spice_gtk(tmp_path: Path) -> Iterator[Callable[..., SpiceGtk]]:
    """Start spice-gtk processes; all are ended with the test."""
    need_spice_gtk()
    running: list[SpiceGtk] = []

    def start(*, debug: bool = False) -> SpiceGtk:
        running.append(SpiceGtk(tmp_path, debug=debug))
        return running[-1]

    yield start
    for client in running:
        client.close()


@pytest.fixture
def spice_gtk(start_spice_gtk: Callable[..., SpiceGtk]) -> SpiceGtk:
    return start_spice_gtk()


@pytest.fixture
def xvfb(tmp_path: Path) -> Iterator[Xvfb]:
    screen = Xvfb(tmp_path / "xvfb.log")
    yield screen
    screen.close()


@pytest.fixture(scope="session")
def tls_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A CA and a server certificate for 127.0.0.1, named as QEMU names them."""
    directory = tmp_path_factory.mktemp("tls")
    now = datetime.datetime.now(datetime.UTC)

    def name(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    def builder(subject: str, key: rsa.RSAPrivateKey) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(name(subject))
            .issuer_name(name("GSpice test CA"))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=2))
        )

    ca_key, key = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
    ca = (
        builder("GSpice test CA", ca_key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(ca_key, hashes.SHA256())
    )
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    certificate = (
        builder("127.0.0.1", key)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (directory / "ca-cert.pem").write_bytes(ca.public_bytes(pem))
    (directory / "server-cert.pem").write_bytes(certificate.public_bytes(pem))
    (directory / "server-key.pem").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return directory


@pytest.fixture(scope="module")
def module_serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serve]:
    """One server for all tests of a module that do not disturb each other."""
    serve = Serve("--size=640x480", log=tmp_path_factory.mktemp("serve") / "serve.log")
    yield serve
    serve.stop()


@pytest.fixture(scope="module")
def shared_serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serve]:
    """A server that a spice-gtk client looks at all the while; nobody else may open a main channel on it."""
    serve = Serve("--size=640x480", log=tmp_path_factory.mktemp("shared") / "serve.log")
    yield serve
    serve.stop()


@pytest.fixture(scope="module")
def shared_client(shared_serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SpiceGtk]:
    need_spice_gtk()
    client = SpiceGtk(tmp_path_factory.mktemp("spice-gtk"))
    client.connect(shared_serve)
    yield client
    client.close()
