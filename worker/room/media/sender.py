"""A viewer's RTP sender: payloads that the room encoded once become this viewer's packets.

It takes the place of aiortc's ``RTCRtpSender``, which reads a track, drops PLI and REMB for packets that are encoded
already, and spends more on a packet than the encoder does. Here the way of a packet is one call: header, SRTP, socket.
This module alone touches the private parts of aiortc: its transports' ``_state``, ``_tx_srtp`` and ``_connection``;
``install`` puts it in place. What it leaves to others: payloads (``video.py``, ``audio.py``) and what a lost picture or
a full path means (``room.py``).
"""

import asyncio
import contextlib
import random
import struct
import time
import uuid
from collections.abc import Callable, Sequence
from typing import Any, Final

import aiortc.rtcpeerconnection
from aiortc import clock
from aiortc.codecs import HEADER_EXTENSIONS, is_rtx
from aiortc.rtcdtlstransport import State
from aiortc.rtcrtpparameters import RTCRtpHeaderExtensionParameters, RTCRtpSendParameters
from aiortc.rtp import (
    RTCP_PSFB_APP,
    RTCP_PSFB_FIR,
    RTCP_PSFB_PLI,
    RTCP_RTPFB_NACK,
    RtcpByePacket,
    RtcpPsfbPacket,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    RtcpSdesPacket,
    RtcpSenderInfo,
    RtcpSourceInfo,
    RtcpSrPacket,
    unpack_remb_fci,
)

MID_URI: Final = "urn:ietf:params:rtp-hdrext:sdes:mid"
ABS_SEND_TIME_URI: Final = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
PLAYOUT_DELAY_URI: Final = "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay"
PLAYOUT_DELAY_ID: Final = 4
"""aiortc takes 1 to 3; the ids are shared by all media of a bundle."""
PLAYOUT_DELAY: Final = bytes(3)
"""12 bits of minimum and 12 of maximum, both 0: Chrome decodes and shows each frame the moment it comes. With any other
maximum up to 500 ms it decodes as soon, but shows one frame for each refresh of the screen from a queue, which cost 8
to 10 ms; without the extension it holds every frame back."""

CONNECTED: Final = State.CONNECTED

HISTORY: Final = 1024
"""Packets kept for retransmission, a power of two: about 2 s of picture at 6 Mbit/s."""
REPAIRS_PER_SECOND: Final = 400
"""Retransmissions a viewer may ask for: a path that loses more needs fewer bits, not more."""

_HEADER = struct.Struct("!BBHII")
_RTX_MARKER = 0x80


class Sender:
    """One medium of one viewer, with the interface that ``RTCPeerConnection`` expects of a sender."""

    def __init__(self, track_or_kind: Any, transport: Any) -> None:
        self.kind: str = track_or_kind if isinstance(track_or_kind, str) else track_or_kind.kind
        self.track = None
        self.transport = transport
        self._ssrc = random.getrandbits(32)
        self._rtx_ssrc = random.getrandbits(32)
        self._stream_id = self._track_id = str(uuid.uuid4())
        self._enabled = True
        # The lower half keeps the first packets clear of a wrap, which would confuse SRTP's packet index.
        self._sequence = random.getrandbits(15)
        self._rtx_sequence = random.getrandbits(15)
        self.origin = random.getrandbits(32)
        """What is added to a payload's timestamp to give the one on the wire."""
        self._payload_type = 0
        self._rtx_payload_type: int | None = None
        self._fixed_extensions = b""
        self._padding = 0
        self._abs_send_time_id: int | None = None
        self._history: list[tuple[int, bytes] | None] = [None] * HISTORY
        self._repairs = 0
        self._cname = ""
        self._rtcp: asyncio.Task[None] | None = None
        self._last_timestamp = 0
        self._sent_at = (0, 0.0)
        self.packets = 0
        self.octets = 0
        self.rtt: float | None = None
        """Seconds; None before the first report."""
        self.loss = 0.0
        """The share of packets lost, as last reported."""
        self.estimate: int | None = None
        """The viewer's REMB, bits per second."""
        self.on_flowing: Callable[[], None] = lambda: None
        """Called once, when pushed payloads begin to reach the viewer."""
        self.on_picture_lost: Callable[[], None] = lambda: None
        """Called when the viewer can't go on without a key frame (PLI, FIR)."""

    # ----- what RTCPeerConnection calls

    def replaceTrack(self, track: Any) -> None:  # noqa: N802 (the standard's name)
        """Nothing: this sender is fed by ``push``, not by a track."""

    def setTransport(self, transport: Any) -> None:  # noqa: N802
        self.transport = transport

    async def send(self, parameters: RTCRtpSendParameters) -> None:
        """The media are agreed on and the transport is up: packets may flow."""
        if self._rtcp is not None:
            return
        self._cname = parameters.rtcp.cname or ""
        codec = parameters.codecs[0]
        self._payload_type = codec.payloadType or 0
        for other in parameters.codecs:
            if is_rtx(other) and other.parameters["apt"] == codec.payloadType:
                self._rtx_payload_type = other.payloadType
        self._agree_extensions({extension.uri: extension.id for extension in parameters.headerExtensions}, parameters)
        self.transport._register_rtp_sender(self, parameters)
        self._rtcp = asyncio.create_task(self._report())
        self.on_flowing()

    def _agree_extensions(self, ids: dict[str, int], parameters: RTCRtpSendParameters) -> None:
        """Build the one-byte-header extension block (RFC 8285 section 4.2), all but the time of sending."""
        elements = []
        if MID_URI in ids and parameters.muxId:
            elements.append((ids[MID_URI], parameters.muxId.encode()))
        if PLAYOUT_DELAY_URI in ids:
            elements.append((ids[PLAYOUT_DELAY_URI], PLAYOUT_DELAY))
        self._abs_send_time_id = ids.get(ABS_SEND_TIME_URI)
        if self._abs_send_time_id is not None:
            elements.append((self._abs_send_time_id, bytes(3)))
        body = b"".join(bytes((id << 4 | len(value) - 1,)) + value for id, value in elements)
        self._padding = -len(body) % 4
        body += bytes(self._padding)
        self._fixed_extensions = struct.pack("!HH", 0xBEDE, len(body) // 4) + body

    async def stop(self) -> None:
        """Say goodbye and end."""
        if self._rtcp is None:
            return
        self.transport._unregister_rtp_sender(self)
        self._rtcp.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._rtcp
        with contextlib.suppress(ConnectionError):
            await self.transport._send_rtp(bytes(RtcpByePacket(sources=[self._ssrc])))

    async def _handle_rtcp_packet(self, packet: Any) -> None:
        if isinstance(packet, RtcpRrPacket | RtcpSrPacket):
            for report in packet.reports:
                if report.ssrc == self._ssrc:
                    self._take_report(report)
        elif isinstance(packet, RtcpRtpfbPacket) and packet.fmt == RTCP_RTPFB_NACK:
            for sequence in packet.lost:
                self._repair(sequence)
        elif isinstance(packet, RtcpPsfbPacket):
            self._take_payload_feedback(packet)

    # ----- what the room calls

    @property
    def flowing(self) -> bool:
        """Whether pushed payloads reach the viewer."""
        return self._rtcp is not None and self.transport._state is CONNECTED

    def push(self, payloads: Sequence[bytes], timestamp: int) -> None:
        """Send one frame's payloads. ``timestamp``: in the codec's RTP clock, not wrapped."""
        if not payloads or not self.flowing:
            return
        extension = self._extension()
        wire = self._last_timestamp = (self.origin + timestamp) & 0xFFFFFFFF
        last = len(payloads) - 1
        for index, payload in enumerate(payloads):
            sequence = self._sequence
            kind = self._payload_type | (0x80 if index == last else 0)
            head = _HEADER.pack(0x90, kind, sequence, wire, self._ssrc)
            packet = b"".join((head, extension, payload))
            self._history[sequence % HISTORY] = (sequence, packet)
            self._transmit(packet)
            self._sequence = (sequence + 1) & 0xFFFF
            self.packets += 1
            self.octets += len(payload)

    # ----- the packet's way

    def _extension(self) -> bytes:
        """The extension block of the frame that is sent now."""
        if self._abs_send_time_id is None:
            return self._fixed_extensions
        # 6.18 fixed-point seconds; only differences count, so any epoch will do. It is the block's last element.
        now = int(time.time() * (1 << 18)) & 0xFFFFFF
        end = len(self._fixed_extensions) - self._padding
        return b"".join((self._fixed_extensions[: end - 3], now.to_bytes(3, "big"), bytes(self._padding)))

    def _transmit(self, packet: bytes) -> None:
        """Protect and send, without the four coroutines between here and the socket."""
        connection = self.transport.transport._connection
        pair = connection._nominated.get(1)
        if pair is not None:
            pair.protocol.transport.sendto(self.transport._tx_srtp.protect(packet), pair.remote_addr)

    def _repair(self, sequence: int) -> None:
        entry = self._history[sequence % HISTORY]
        if entry is None or entry[0] != sequence or self._repairs >= REPAIRS_PER_SECOND or not self.flowing:
            return
        self._repairs += 1
        packet = entry[1]
        if self._rtx_payload_type is not None:
            packet = self._as_rtx(packet)
        self._transmit(packet)

    def _as_rtx(self, packet: bytes) -> bytes:
        """The packet as RFC 4588 repeats it: on its own stream, the original number before the payload."""
        _, kind, sequence, timestamp, _ = _HEADER.unpack_from(packet)
        body = _HEADER.size + 4 + 4 * int.from_bytes(packet[14:16], "big")
        head = _HEADER.pack(
            0x90, (kind & _RTX_MARKER) | (self._rtx_payload_type or 0), self._rtx_sequence, timestamp, self._rtx_ssrc
        )
        self._rtx_sequence = (self._rtx_sequence + 1) & 0xFFFF
        return b"".join((head, packet[_HEADER.size : body], sequence.to_bytes(2, "big"), packet[body:]))

    # ----- reports, both ways

    async def _report(self) -> None:
        """A sender report a second, give or take half (RFC 3550 section 6.2)."""
        while True:
            await asyncio.sleep(0.5 + random.random())
            self._repairs = 0
            ntp = clock.current_ntp_time()
            info = RtcpSenderInfo(
                ntp_timestamp=ntp,
                rtp_timestamp=self._last_timestamp,
                packet_count=self.packets & 0xFFFFFFFF,
                octet_count=self.octets & 0xFFFFFFFF,
            )
            self._sent_at = (ntp >> 16 & 0xFFFFFFFF, time.monotonic())
            source = RtcpSourceInfo(ssrc=self._ssrc, items=[(1, self._cname.encode())])
            with contextlib.suppress(ConnectionError):
                await self.transport._send_rtp(
                    bytes(RtcpSrPacket(ssrc=self._ssrc, sender_info=info)) + bytes(RtcpSdesPacket(chunks=[source]))
                )

    def _take_report(self, report: Any) -> None:
        self.loss = report.fraction_lost / 256
        last, at = self._sent_at
        if report.lsr == last and report.dlsr:
            rtt = max(0.0, time.monotonic() - at - report.dlsr / 65536)
            self.rtt = rtt if self.rtt is None else 0.85 * self.rtt + 0.15 * rtt

    def _take_payload_feedback(self, packet: RtcpPsfbPacket) -> None:
        if packet.fmt in (RTCP_PSFB_PLI, RTCP_PSFB_FIR):
            self.on_picture_lost()
        elif packet.fmt == RTCP_PSFB_APP:
            with contextlib.suppress(ValueError):
                estimate, sources = unpack_remb_fci(packet.fci)
                if self._ssrc in sources:
                    self.estimate = estimate


def install() -> None:
    """Let aiortc make its peer connections with this sender, and offer the playout delay."""
    vars(aiortc.rtcpeerconnection)["RTCRtpSender"] = Sender
    video = HEADER_EXTENSIONS["video"]
    if all(extension.uri != PLAYOUT_DELAY_URI for extension in video):
        video.append(RTCRtpHeaderExtensionParameters(id=PLAYOUT_DELAY_ID, uri=PLAYOUT_DELAY_URI))
