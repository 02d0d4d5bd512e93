"""One viewer's input: its datagrams, checked and put in order, into the devices of its seat's port."""

from worker.room.errors import InputError
from worker.room.input.datagrams import distance, parse
from worker.room.input.devices import DEVICES
from worker.room.input.ports import InputPorts, Port


class ViewerInput:
    """Writes into the port of its viewer's seat; into one that no core reads while the viewer has no seat."""

    def __init__(self, inputs: InputPorts, port: int | None) -> None:
        self._inputs = inputs
        self._port = Port() if port is None else inputs.ports[port]
        self._newest = {device.KIND: 0 for device in DEVICES}
        """The sequence number of the last datagram taken, by kind."""

    def receive(self, data: bytes) -> None:
        """Take one datagram; one that is older than the newest changes nothing. Raises InputError."""
        datagram = parse(data)
        kind = datagram.kind
        device = self._port.devices.get(kind)
        if device is None:
            raise InputError(f"unknown input datagram kind {kind}")
        device.check(datagram)
        ahead = distance(self._newest[kind], datagram.sequence)
        if not ahead:
            return
        self._newest[kind] = datagram.sequence
        with self._inputs.lock:
            urgent = device.update(datagram, ahead)
            self._inputs.changed = True
        if urgent:
            self._inputs.wake()

    def release(self) -> None:
        """Let go of everything, because the viewer is gone or not heard; what its page repeats is taken again."""
        with self._inputs.lock:
            self._port.release()
            self._inputs.changed = True
        self._newest = {kind: max(0, newest - 1) for kind, newest in self._newest.items()}

    def move_to(self, port: int | None) -> None:
        """Let go of the port, and drive another one from now on, or none."""
        self.release()
        self._port = Port() if port is None else self._inputs.ports[port]
