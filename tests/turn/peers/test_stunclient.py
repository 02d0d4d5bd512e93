"""coturn's STUN client: it asks for its own address."""

import re
import subprocess

import pytest

from tests.turn.peers.servers import Server, program


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_the_reflexive_address_is_told(gateway: Server, host: str) -> None:
    command = (program("turnutils_stunclient"), "-p", str(gateway.port), host)
    ended = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=30, check=False)
    output = ended.stdout.decode(errors="replace")
    assert ended.returncode == 0, output
    assert re.search(rf"UDP reflexive addr: \[?{re.escape(host)}\]?:\d+", output), output
