"""Fixtures shared by all suites, and the rule that CI skips nothing."""

from collections.abc import Callable, Generator, Iterator
from subprocess import CompletedProcess

import pytest
from hypothesis import settings

from support import engines, leaks
from support.emptied import empty
from support.requirements import ON_CI, require_root, require_tool

# A kernel without a feature cannot be helped by installing anything: such a skip says so.
KERNEL_SKIP = "kernel:"

# A loaded machine must not fail a property: what is slow is measured by the benchmarks.
settings.register_profile("boxship", deadline=None)
settings.load_profile("boxship")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: "pytest.CallInfo[None]"
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """On CI a skip is a failure, unless its reason starts with ``kernel:``."""
    report = yield
    if ON_CI and report.skipped and not hasattr(report, "wasxfail"):
        reason = str(report.longrepr[2]) if isinstance(report.longrepr, tuple) else ""
        if KERNEL_SKIP not in reason:
            report.outcome = "failed"
            report.longrepr = f"CI must not skip: {reason}"
    return report


@pytest.fixture(scope="session")
def dockerd() -> Iterator[engines.Engine]:
    """A private dockerd, the oracle, with busybox loaded."""
    require_root()
    require_tool("dockerd", "docker", "unshare", "busybox", "ip")
    with engines.running("dockerd") as engine:
        yield engine


@pytest.fixture(scope="session")
def dockerd_socket(dockerd: engines.Engine) -> str:
    """The path of the oracle's socket."""
    return str(dockerd.socket)


@pytest.fixture(scope="session")
def boxship_daemon() -> Iterator[engines.Engine]:
    """A private Boxship daemon with busybox loaded; fails if it leaves anything behind."""
    require_root()
    require_tool("docker", "unshare", "busybox", "ip")
    with engines.running("boxship") as engine:
        host = open(f"/proc/{engine.pid}/ns/net", "rb")
        yield engine
    with host:
        left = leaks.settled(lambda: leaks.of_daemon(engine.root, host))
    assert left == [], "the daemon left these behind"


@pytest.fixture(scope="session")
def boxship_socket(boxship_daemon: engines.Engine) -> str:
    """The path of Boxship's socket."""
    return str(boxship_daemon.socket)


@pytest.fixture
def docker(boxship_daemon: engines.Engine) -> Callable[..., "CompletedProcess[str]"]:
    """Run the docker CLI against Boxship: ``docker("ps", "-a", check=False, stdin=b"")``."""
    return boxship_daemon.docker


@pytest.fixture
def emptied_boxship(boxship_daemon: engines.Engine) -> engines.Engine:
    """Boxship with the image busybox and nothing else, for who counts what there is."""
    return empty(boxship_daemon)


@pytest.fixture
def clean_boxship(boxship_daemon: engines.Engine) -> Iterator[engines.Engine]:
    """Boxship whose containers are removed after the test; their cgroups must go with them."""
    yield boxship_daemon
    boxship_daemon.remove_containers()
    assert leaks.settled(lambda: leaks.cgroups(boxship_daemon.root.name)) == []
