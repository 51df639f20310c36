"""The tests run as if the machine had no network."""

import socket

import pytest


def test_another_machine_cannot_be_reached_and_this_one_can():
    with socket.socket() as connection, pytest.raises(OSError, match=r"tests have no network, and one asked for 192\."):
        connection.connect(("192.0.2.1", 80))  # an address that is kept for documentation
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        pass
