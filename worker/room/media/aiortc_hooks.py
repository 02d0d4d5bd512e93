"""All that the room uses of aiortc and aioice without it being in their public interface, and nothing else.

The test module has a test for each of these names, on real objects, so that a release which changes one fails there:

- aiortc gives its own sender to every peer connection; ``replace_sender`` puts ``RtpSender``'s subclass there.
- Its transports' connected state, SRTP session and socket; ``RtpSender`` goes from a packet to the socket with them.
- Its lists of codecs and header extensions; ``offer_codec`` and ``offer_header_extension`` add to them.
- The ICE connection behind a peer connection, its nominated pair, its datagrams and the addresses that it offers.

RTP packets are made in ``sender.py``; a viewer's connection with all that it is for is in ``peer_connection.py``.
"""

import random
import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, cast

import aioice.ice
import aiortc.codecs
import aiortc.rtcpeerconnection
from aiortc import MediaStreamTrack, RTCDtlsTransport, RTCPeerConnection
from aiortc.rtcdtlstransport import State
from aiortc.rtcrtpparameters import (
    RTCRtcpFeedback,
    RTCRtpCodecParameters,
    RTCRtpHeaderExtensionParameters,
    RTCRtpSendParameters,
)
from aiortc.rtp import AnyRtcpPacket

from worker.room.media.codecs.codec import VIDEO_CLOCK

CONNECTED: Final = State.CONNECTED

RTP_COMPONENT: Final = 1
"""Of an ICE connection (RFC 8445 section 4); RTCP is multiplexed with it, so there is no other."""

Address = tuple[str, int]


class RtpSender(ABC):
    """The half of a sender that aiortc sees: what ``RTCPeerConnection`` expects of one, and the way to the socket.

    A subclass makes the packets. One that reads ``connected`` before it calls ``_transmit`` raises nothing.
    """

    def __init__(self, track_or_kind: MediaStreamTrack | str, transport: RTCDtlsTransport) -> None:
        self.kind: str = track_or_kind if isinstance(track_or_kind, str) else track_or_kind.kind
        self.track = None
        self.transport = transport
        self._ssrc = random.getrandbits(32)
        self._rtx_ssrc = random.getrandbits(32)
        self._stream_id = self._track_id = str(uuid.uuid4())

    # ----- what RTCPeerConnection calls

    def replaceTrack(self, track: MediaStreamTrack | None) -> None:  # noqa: B027, N802 (the standard's name)
        """Do nothing: this sender is fed with payloads, not by a track."""

    def setTransport(self, transport: RTCDtlsTransport) -> None:  # noqa: N802
        """Send by this transport from now on: that of the first medium, if the browser bundles them."""
        self.transport = transport

    @abstractmethod
    async def send(self, parameters: RTCRtpSendParameters) -> None:
        """Begin: the media are agreed on and the transport is up."""

    @abstractmethod
    async def stop(self) -> None:
        """End."""

    @abstractmethod
    async def _handle_rtcp_packet(self, packet: AnyRtcpPacket) -> None:
        """Take an RTCP packet that is about this sender's stream, parsed by ``aiortc.rtp``."""

    # ----- what a subclass calls

    @property
    def connected(self) -> bool:
        """Whether the transport protects and sends packets."""
        return self.transport._state is CONNECTED

    def leave_stream(self) -> None:
        """Put this medium in a stream of its own; aiortc puts those of a connection together."""
        self._stream_id = self._track_id

    def _register(self, parameters: RTCRtpSendParameters) -> None:
        """Have RTCP packets for this sender handed over."""
        self.transport._register_rtp_sender(self, parameters)

    def _unregister(self) -> None:
        """Have no more RTCP packets handed over."""
        self.transport._unregister_rtp_sender(self)

    def _transmit(self, packet: bytes) -> None:
        """Protect an RTP packet and send it, without the four coroutines between here and the socket."""
        pair = self.transport.transport._connection._nominated.get(RTP_COMPONENT)
        if pair is not None:
            pair.protocol.transport.sendto(self.transport._tx_srtp.protect(packet), pair.remote_addr)

    async def _transmit_rtcp(self, packet: bytes) -> None:
        """Protect RTCP packets and send them. Raises ConnectionError before the transport is up, and after its end."""
        await self.transport._send_rtp(packet)


def replace_sender(sender: type[RtpSender]) -> None:
    """Let every peer connection that is made from now on have senders of this class."""
    vars(aiortc.rtcpeerconnection)["RTCRtpSender"] = sender


def offer_header_extension(kind: str, uri: str, number: int) -> None:
    """Offer an RTP header extension for "video" or "audio". Extensions of all media share their numbers."""
    extensions = aiortc.codecs.HEADER_EXTENSIONS[kind]
    if all(extension.uri != uri for extension in extensions):
        extensions.append(RTCRtpHeaderExtensionParameters(id=number, uri=uri))


def offer_codec(name: str, fmtp: Mapping[str, str]) -> None:
    """Offer a video codec with these format parameters, if aiortc does not do so by itself, with retransmission."""
    codecs = aiortc.codecs.CODECS["video"]
    mime_type = f"video/{name}"
    if any(codec.mimeType == mime_type and codec.parameters == fmtp for codec in codecs):
        return
    number = max(codec.payloadType or 0 for codec in codecs) + 1
    feedback = [RTCRtcpFeedback("nack"), RTCRtcpFeedback("nack", "pli"), RTCRtcpFeedback("goog-remb")]
    codecs += [
        RTCRtpCodecParameters(mime_type, VIDEO_CLOCK, None, number, feedback, {**fmtp}),
        RTCRtpCodecParameters("video/rtx", VIDEO_CLOCK, None, number + 1, [], {"apt": number}),
    ]


def limit_addresses(addresses: Iterable[str]) -> None:
    """Offer these local addresses as candidates, in every connection of this process, and no others."""
    chosen = list(addresses)
    aioice.ice.get_host_addresses = lambda use_ipv4, use_ipv6: chosen


class _WatchedProtocol(aioice.ice.StunProtocol):
    """aioice's protocol with a hook for datagrams: it drops indications itself (RFC 8489 section 6.3.2)."""

    def datagram_received(self, data: bytes | str, addr: tuple[Any, ...]) -> None:
        """Call the connection's ``on_datagram``, if it has one, and go on as always."""
        callback = getattr(self.receiver, "on_datagram", None)
        if callback is not None:
            callback(data, (addr[0], addr[1]))
        super().datagram_received(data, addr)


aioice.ice.StunProtocol = _WatchedProtocol  # type: ignore[misc]


def on_datagram(connection: RTCPeerConnection, callback: Callable[[bytes, Address], None]) -> None:
    """Call back for every datagram that comes for this connection from now on, with its source.

    The connection must have a data channel and a local description.
    """
    _ice_connection(connection).on_datagram = callback  # type: ignore[attr-defined]


def remote_address(connection: RTCPeerConnection) -> Address | None:
    """Return the address that the media go to, which may be a gateway's; None before ICE has chosen one."""
    pair = _ice_connection(connection)._nominated.get(RTP_COMPONENT)
    return pair.remote_addr if pair is not None else None


def _ice_connection(connection: RTCPeerConnection) -> aioice.ice.Connection:
    """Return the one ICE connection of a bundled peer connection."""
    return cast(aioice.ice.Connection, connection.sctp.transport.transport._connection)  # type: ignore[union-attr]
