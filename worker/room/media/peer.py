"""One viewer: its peer connection, its two data channels, and its picture and sound senders.

Host candidates only: the worker's answer is ready at once, and a browser that can't reach them brings its own gateway.
What a viewer may do in the room (``room.py``) and what its datagrams mean (``inputs.py``) is decided elsewhere.
"""

import asyncio
import logging
import re
from collections.abc import Callable, Iterable
from typing import Any, Final, cast

import aioice.ice
from aiortc import RTCBundlePolicy, RTCConfiguration, RTCPeerConnection, RTCRtpSender, RTCSessionDescription
from aiortc.sdp import SessionDescription, candidate_from_sdp

from coordinator.messages import Candidate
from turn.wire.farewell import seconds_left
from worker.room.media.sender import Sender, install
from worker.room.media.video import H264, VP8
from worker.room.wire.notices import File, Notice, PathEnds, encode

logger = logging.getLogger(__name__)

INPUT_CHANNEL: Final = 0
ROOM_CHANNEL: Final = 1

CODECS: Final = (H264, VP8)
"""In the order of preference: H.264 costs half of VP8 to encode and is decoded in hardware more often."""

MAX_NOTICE_BACKLOG: Final = 512 * 1024
"""Bytes of notices that wait for a viewer: two lists of saves with their pictures. One who takes none has stopped
listening."""
MAX_FILE_BACKLOG: Final = 32 * 1024
"""Bytes of a file that wait, so that a notice never waits behind more than a fraction of a second of it."""
MAX_DATAGRAM_BACKLOG: Final = 64 * 1024
"""The same of datagrams, of which each has 12 bytes."""

_LOCAL_NAME: Final = re.compile(r"a=candidate:(\S+ ){4}\S+\.local ")

install()


class _Hearing(aioice.ice.StunProtocol):
    """Hears a gateway that is about to end: aioice drops indications, and has no hook for them."""

    def datagram_received(self, data: bytes | str, addr: tuple[Any, ...]) -> None:
        if isinstance(data, bytes) and seconds_left(data) is not None:
            getattr(self.receiver, "on_farewell", lambda source: None)((addr[0], addr[1]))
        super().datagram_received(data, addr)


aioice.ice.StunProtocol = _Hearing  # type: ignore[misc]


class OfferError(ValueError):
    """The offer can't be answered; the text is a sentence for the player."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


def offered_codecs(offer: str) -> list[str]:
    """The video codecs of an offer that a room can encode, in the room's order of preference. Raises OfferError."""
    try:
        media = SessionDescription.parse(offer).media
    except Exception as error:  # the parser raises whatever its pieces do
        raise OfferError("bad_offer", "The browser's offer can't be read. Reload the page.") from error
    names = {codec.name.upper() for part in media if part.kind == "video" for codec in part.rtp.codecs}
    return [codec for codec in CODECS if codec in names]


def choose_codec(offer: str) -> str:
    """The codec of a room whose first viewer made this offer. Raises OfferError."""
    codecs = offered_codecs(offer)
    if not codecs:
        raise OfferError(
            "codec_unsupported", "This browser offers neither H.264 nor VP8 video. Use a current browser to play."
        )
    return codecs[0]


def limit_addresses(addresses: Iterable[str]) -> None:
    """Offer these local addresses as candidates, in every connection of this process, and no others."""
    chosen = list(addresses)
    aioice.ice.get_host_addresses = lambda use_ipv4, use_ipv6: chosen


def without_local_names(offer: str) -> str:
    """The offer less the candidates whose names only the viewer's own network knows; its checks tell the address."""
    return "".join(line for line in offer.splitlines(keepends=True) if not _LOCAL_NAME.match(line))


class Peer:
    """A viewer's connection. Callbacks run on the event loop: ``on_input`` for each datagram of the input channel,
    ``on_request`` for each text and ``on_piece`` for each binary message of the room channel, ``on_gone`` when the
    connection is lost. ``video`` and ``audio`` are its senders."""

    def __init__(self, viewer: str, codec: str) -> None:
        self.viewer = viewer
        self.on_input: Callable[[bytes], None] = lambda data: None
        self.on_request: Callable[[str], None] = lambda text: None
        self.on_piece: Callable[[bytes], None] = lambda data: None
        self.on_gone: Callable[[], None] = lambda: None
        self._codec = codec
        self._closed = False
        self._path_ends = False
        # An empty list, for None would mean a public STUN server and seconds of waiting for it.
        pc = self._pc = RTCPeerConnection(RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
        # Before the remote description is set, or the preference is ignored without a word.
        picture = pc.addTransceiver("video", direction="sendonly")
        picture.setCodecPreferences(
            [
                codec
                for codec in RTCRtpSender.getCapabilities("video").codecs
                if codec.mimeType in (f"video/{self._codec}", "video/rtx")
            ]
        )
        sound = pc.addTransceiver("audio", direction="sendonly")
        self.video = cast(Sender, picture.sender)
        self.audio = cast(Sender, sound.sender)
        # A stream of its own: media of one stream are kept in step by delaying the picture.
        self.audio._stream_id = self.audio._track_id
        self._input = pc.createDataChannel("input", negotiated=True, id=INPUT_CHANNEL, ordered=False, maxRetransmits=0)
        self._room = pc.createDataChannel("room", negotiated=True, id=ROOM_CHANNEL)
        self._input.on("message", self._receive)
        self._room.on("message", self._receive_request)
        self._room.bufferedAmountLowThreshold = MAX_FILE_BACKLOG
        self._drained = asyncio.Event()
        self._room.on("bufferedamountlow", self._drained.set)
        self._room.on("close", self._drained.set)
        self._room.on("open", self._flush)
        self._waiting: list[str] = []
        pc.on("connectionstatechange", self._state_changed)

    async def answer(self, offer: str) -> str:
        """The answer to the viewer's offer. Raises OfferError."""
        if self._codec not in offered_codecs(offer):
            raise OfferError(
                "codec_unsupported",
                f"This room streams {self._codec} video, which this browser can't decode. "
                "Start a room of your own, or join with another browser.",
            )
        try:
            await self._pc.setRemoteDescription(RTCSessionDescription(without_local_names(offer), "offer"))
            await self._pc.setLocalDescription(await self._pc.createAnswer())
        except Exception as error:  # the offer is from outside, and aiortc checks it with what comes to hand
            logger.info("! the offer of viewer %s: %r", self.viewer, error)
            raise OfferError("bad_offer", "The browser's offer can't be answered. Reload the page.") from error
        self._connection().on_farewell = self._hear_farewell
        return self._pc.localDescription.sdp

    def _connection(self) -> Any:
        """aioice's part of the connection."""
        return self._pc.sctp.transport.transport._connection  # type: ignore[union-attr]

    def _hear_farewell(self, source: tuple[str, int]) -> None:
        """A gateway is about to end. Its word counts only if the media go through it, and once."""
        way = self._connection()._nominated.get(1)
        if not self._path_ends and way is not None and way.remote_addr == source:
            self._path_ends = True
            self.notify(PathEnds())

    async def add_candidate(self, candidate: Candidate) -> None:
        """Take a candidate. The end of candidates is not passed on: the browser's checks still reveal addresses."""
        text = candidate.candidate.removeprefix("candidate:")
        if not text or _LOCAL_NAME.match(f"a=candidate:{text}"):
            return
        try:
            parsed = candidate_from_sdp(text)
            parsed.sdpMid = candidate.sdpMid
            parsed.sdpMLineIndex = candidate.sdpMLineIndex
            await self._pc.addIceCandidate(parsed)
        except Exception as error:
            logger.info("! a candidate of viewer %s: %r", self.viewer, error)

    def notify(self, notice: Notice) -> None:
        """Send a notice, as soon as the channel is open."""
        self._waiting.append(encode(notice))
        if self._room.readyState == "open":
            self._flush()

    def send_datagram(self, data: bytes) -> None:
        """Send on the input channel, if it is open; nothing queues."""
        if self._input.readyState == "open" and self._input.bufferedAmount < MAX_DATAGRAM_BACKLOG:
            self._input.send(data)

    async def send_file(self, notice: File, pieces: Iterable[bytes]) -> None:
        """Announce a file and send it, as fast as the viewer takes it. Raises ConnectionError if it goes."""
        self._room.send(encode(notice))
        for piece in pieces:
            while self._room.bufferedAmount > MAX_FILE_BACKLOG and self._room.readyState == "open":
                self._drained.clear()
                await self._drained.wait()
            if self._room.readyState != "open":
                raise ConnectionError("the viewer is gone")
            self._room.send(piece)
            await asyncio.sleep(0)  # the frames of all viewers go between two pieces

    async def close(self) -> None:
        """Close the connection; no callback is called any more."""
        self._closed = True
        self._drained.set()
        await self._pc.close()

    def _flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        for text in waiting:
            if self._room.bufferedAmount < MAX_NOTICE_BACKLOG:
                self._room.send(text)

    def _receive(self, data: str | bytes) -> None:
        self.on_input(data if isinstance(data, bytes) else data.encode())

    def _receive_request(self, data: str | bytes) -> None:
        if isinstance(data, str):
            self.on_request(data)
        else:
            self.on_piece(data)

    def _state_changed(self) -> None:
        state = self._pc.connectionState
        logger.debug("= viewer %s is %s", self.viewer, state)
        if state in ("failed", "closed") and not self._closed:
            self.on_gone()
