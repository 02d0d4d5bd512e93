"""Two clusters on one machine, "east" and "west": networks that know of each other no more than two clouds do.

In each is a worker at the same pod address, which nothing but the gateway of its cluster reaches, and whose own way
out leads to the coordinator alone. Gateways, coordinator and players share a network that stands for the internet; what
lies between a player and a gateway is a proxy in the player's own network.
"""

import asyncio
import json
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.e2e.arcade.stack import Stack, as_variable, plays, rooms_of, until
from tests.e2e.network.namespaces import Network
from turn.wire import credentials
from worker.config import own_games

POD = "10.244.0.5"
"""The worker's address, in either cluster."""

CLUSTERS = ("east", "west")
OTHER_POD = {"east": "10.244.1.7", "west": "10.244.2.7"}
"""A pod of one cluster whose address means nothing in the other."""

SEEN = {"east": "198.51.100.1", "west": "198.51.100.2"}
"""Where players find the gateways."""

GATEWAY = {"east": "203.0.113.1", "west": "203.0.113.2"}
COORDINATOR = "203.0.113.10"
PLAYER = {"east": "203.0.113.101", "west": "203.0.113.102"}
"""Those who live near the one or the other."""

EXITS = (("192.0.2.1", "192.0.2.2"), ("192.0.2.5", "192.0.2.6"))
"""Of each cluster's NAT, both ends."""

NEAR, FAR = 0.004, 0.06
"""Seconds that a datagram takes to a gateway."""


HEALTH_PORT = 8086

FETCH = "import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1], timeout=5).read().decode())"


class Clusters(Stack):
    """The coordinator, and in each cluster a gateway and a worker that share a secret with nobody else."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.url = f"http://{COORDINATOR}:{self.port}/"
        self._coordinator["COINOP_COORDINATOR_HOST"] = COORDINATOR
        self._networks: dict[str, Network] = {}
        self._proxies: list[subprocess.Popen[bytes]] = []
        self._secrets = {name: f"the secret of {name} alone" for name in CLUSTERS}

    # ----- networks

    def connect(self) -> None:
        """Make all networks."""
        hub = self._networks["coordinator"] = Network("coordinator")
        hub.set_up("link add internet type bridge", f"addr add {COORDINATOR}/24 dev internet", "link set internet up")
        for number, cluster in enumerate(CLUSTERS):
            gateway, pod, player = (self._add(name) for name in (f"turn-{cluster}", cluster, f"player-{cluster}"))
            self._plug_in(gateway, GATEWAY[cluster])
            gateway.set_up(
                f"link add pods type veth peer name pods netns {pod.pid}",
                "addr add 10.244.0.1/16 dev pods",
                "link set pods up",
            )
            pod.set_up(f"addr add {POD}/16 dev pods", "link set pods up")
            self._let_out(pod, number)
            self._plug_in(player, PLAYER[cluster])
            player.set_up(*(f"addr add {seen}/32 dev lo" for seen in SEEN.values()))
            player.set_up(f"route add default via {COORDINATOR}")  # which leads nowhere

    def _add(self, name: str) -> Network:
        network = self._networks[name] = Network(name, self._networks["coordinator"])
        return network

    def _plug_in(self, network: Network, address: str) -> None:
        hub, link = self._networks["coordinator"], f"at-{address.rpartition('.')[2]}"
        hub.set_up(
            f"link add {link} type veth peer name internet netns {network.pid}",
            f"link set {link} master internet",
            f"link set {link} up",
        )
        network.set_up(f"addr add {address}/24 dev internet", "link set internet up")

    def _let_out(self, pod: Network, number: int) -> None:
        """Let a cluster's workers reach the coordinator, as a NAT does: nobody comes in that way."""
        hub, link, there, here = self._networks["coordinator"], f"out-{number}", *EXITS[number]
        hub.set_up(
            f"link add {link} type veth peer name out netns {pod.pid}",
            f"addr add {there}/30 dev {link}",
            f"link set {link} up",
        )
        pod.set_up(
            f"addr add {here}/30 dev out",
            "link set out up",
            f"route add {COORDINATOR}/32 via {there}",
        )

    def place(self, program: str) -> list[str]:
        return self._networks[program].enter()

    # ----- programs

    async def start(self) -> "Clusters":
        """Start everything, and wait until both clusters take players."""
        self.connect()
        self.start_coordinator()
        for cluster in CLUSTERS:
            self._start_gateway(cluster)
            self._start_proxy(cluster)
            self.start_worker(
                cluster,
                region=cluster,
                addresses=[POD],
                games=[str(own_games())],
                gateways=[f"turn:{SEEN[cluster]}:3478?transport=udp"],
                capacity=2,
            )
        await until(self._all_there, f"both clusters are there; {self.log()}", 60)
        return self

    def _all_there(self) -> bool:
        ready = f"http://127.0.0.1:{HEALTH_PORT}/ready"
        gateways = all(self.fetch(f"turn-{cluster}", ready) for cluster in CLUSTERS)
        return gateways and bool(self.status()["workers"] == len(CLUSTERS))

    def _start_gateway(self, cluster: str) -> None:
        values = {
            "host": GATEWAY[cluster],
            "peers": f"{POD},{OTHER_POD[cluster]}",
            "relay_address": ["10.244.0.1"],
            "secret": self._secrets[cluster],
            "metrics_port": 0,
            "health_port": HEALTH_PORT,
        }
        environment = {f"COINOP_TURN_{name.upper()}": as_variable(value) for name, value in values.items()}
        self._run(f"turn-{cluster}", environment, command="turn")

    def _start_proxy(self, player: str) -> None:
        ways = [f"{SEEN[name]}={GATEWAY[name]}={NEAR if name == player else FAR}" for name in CLUSTERS]
        command = [*self.place(f"player-{player}"), sys.executable, "-m", "tests.e2e.network.far_gateways", *ways]
        proxy = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._proxies.append(proxy)
        assert proxy.stdout is not None
        assert proxy.stdout.readline() == b"there\n"

    def _run(self, program: str, environment: dict[str, str], command: str = "") -> None:
        if command == "worker":
            environment = {**environment, "COINOP_TURN_SECRET": self._secrets[program]}
        super()._run(program, environment, command)

    def lose(self, cluster: str) -> None:
        """Everything that runs in a cluster ends at once, without a word."""
        self.kill(cluster)
        self.kill(f"turn-{cluster}")

    def stop(self) -> None:
        for cluster in CLUSTERS:
            self.programs[f"turn-{cluster}"].kill()  # it would serve its allocations on
        super().stop()
        for proxy in self._proxies:
            proxy.kill()
            proxy.communicate()
        for network in self._networks.values():
            network.close()

    # ----- looks

    def status(self) -> dict[str, Any]:
        answer = self.fetch("coordinator", f"{self.url}api/status")
        found: dict[str, Any] = json.loads(answer) if answer else {"workers": 0, "rooms": 0}
        return found

    def fetch(self, network: str, url: str) -> str:
        """Fetch what is at this address, as seen from a network; empty if nothing is."""
        return self.inside(network, "-c", FETCH, url)

    def inside(self, network: str, *python: str) -> str:
        """Run a Python program in a network, and give its output; empty if it fails."""
        return subprocess.run(
            [*self.place(network), sys.executable, *python], capture_output=True, text=True, check=False
        ).stdout

    def playing(self, cluster: str) -> int:
        """How many games run in a cluster."""
        return sum(plays(pid, b"fceumm") for pid in rooms_of(self.programs[cluster]))

    def kept_since(self, then: float) -> int:
        """How many rooms have stored a snapshot after this time."""
        rooms = self.folder / "saves" / "store" / "rooms"
        return len({path.relative_to(rooms).parts[0] for path in rooms.rglob("*") if path.stat().st_mtime > then})

    async def asked(self, gateway: str, peer: str) -> int:
        """Ask a gateway, with good credentials, for a permission to this peer: 0, or the code of its refusal."""
        key = credentials.issue(self._secrets[gateway], "somebody", 60, time.time())
        arguments = ("-m", "tests.e2e.network.turn_client", GATEWAY[gateway], key.username, key.password, peer)
        return int(await asyncio.to_thread(self.inside, "coordinator", *arguments))

    def chromium_near(self, cluster: str) -> Path:
        """Write a command that starts Chromium in the network of a player near this cluster."""
        chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
        assert chromium is not None
        command = self.folder / f"chromium-{cluster}"
        command.write_text(f'#!/bin/sh\nexec {shlex.join([*self.place(f"player-{cluster}"), chromium])} "$@"\n')
        command.chmod(0o755)
        return command
