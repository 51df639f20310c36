"""One thread, no network, and directories of the tests' own for the learner's progress and for downloads."""

import errno
import ipaddress
import os
import socket
import tempfile

# Before anything imports NumPy or torch: their thread pools read these once.
os.environ["OMP_NUM_THREADS"] = "1"
os.environ["MKL_NUM_THREADS"] = "1"
os.environ.setdefault("MPLBACKEND", "agg")

import pytest


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    import torch

    torch.set_num_threads(1)


@pytest.fixture(scope="session", autouse=True)
def no_network():
    """A connection to another machine is refused, as it is without a network; the loopback stays."""
    connect = socket.socket.connect

    def is_here(host):
        try:
            return ipaddress.ip_address(host).is_loopback
        except ValueError:  # a name
            return host == "localhost"

    def refuse(self, address):
        over_tcp = self.family in (socket.AF_INET, socket.AF_INET6) and self.type == socket.SOCK_STREAM
        if over_tcp and not is_here(address[0]):
            raise OSError(errno.ENETUNREACH, f"tests have no network, and one asked for {address[0]}")
        return connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", refuse)
        yield


@pytest.fixture(scope="session", autouse=True)
def own_directories():
    """No test reads or writes what belongs to the person who runs it."""
    with tempfile.TemporaryDirectory(prefix="lstmcourse-") as folder, pytest.MonkeyPatch.context() as patch:
        for name in ("LSTMCOURSE_HOME", "LSTMCOURSE_DATA"):
            path = os.path.join(folder, name.lower())
            os.mkdir(path)
            patch.setenv(name, path)
        yield


def pytest_collection_modifyitems(items):
    import torch

    if not torch.cuda.is_available():
        for item in items:
            if item.get_closest_marker("cuda"):
                item.add_marker(pytest.mark.skip(reason="needs a CUDA device"))
