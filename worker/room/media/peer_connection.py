"""A viewer's peer connection: its two data channels, and its picture and sound senders.

It offers host candidates only, so its answer is ready at once; a browser that can't reach them brings its own gateway.
Elsewhere is decided what a viewer may do in the room (``room.py``) and what its datagrams mean (``worker.room.input``).
"""

import asyncio
import logging
import re
from collections.abc import Callable, Iterable
from typing import Final, cast

from aiortc import RTCBundlePolicy, RTCConfiguration, RTCPeerConnection, RTCRtpSender, RTCSessionDescription
from aiortc.sdp import SessionDescription, candidate_from_sdp

from coordinator.messages import Candidate
from turn.wire.farewell import seconds_left
from worker.room.errors import OfferError
from worker.room.media.aiortc_hooks import Address, offer_codec, on_datagram, remote_address
from worker.room.media.codecs import CODECS
from worker.room.media.sender import Sender, install
from worker.room.wire.notices import File, Notice, PathEnds, encode

logger = logging.getLogger(__name__)

INPUT_CHANNEL: Final = 0
ROOM_CHANNEL: Final = 1

MAX_NOTICE_BACKLOG: Final = 512 * 1024
"""Bytes of notices that wait to be sent: two lists of saves with their pictures. A viewer that is further behind has
stopped reading, and gets no more."""
MAX_FILE_BACKLOG: Final = 32 * 1024
"""Bytes of a file that wait to be sent, so that a notice waits behind a fraction of a second of it at the most."""
MAX_DATAGRAM_BACKLOG: Final = 64 * 1024
"""Bytes of datagrams that wait to be sent; each has 12."""

_LOCAL_NAME: Final = re.compile(r"a=candidate:(\S+ ){4}\S+\.local ")

install()
for _codec in CODECS.values():
    for _fmtp in _codec.fmtp:
        offer_codec(_codec.name, _fmtp)


def offered_codecs(offer: str) -> list[str]:
    """Return the names of the video codecs that an offer has and a room can encode, the preferred one first.

    Raises OfferError.
    """
    try:
        media = SessionDescription.parse(offer).media
    except Exception as error:  # the parser raises whatever its pieces do
        raise OfferError("The browser's offer can't be read. Reload the page.") from error
    names = {codec.name.upper() for part in media if part.kind == "video" for codec in part.rtp.codecs}
    return [codec for codec in CODECS if codec in names]


def choose_codec(offer: str) -> str:
    """Return the name of the codec of a room whose first viewer made this offer. Raises OfferError."""
    codecs = offered_codecs(offer)
    if not codecs:
        neither = " nor ".join(codec.title for codec in CODECS.values())
        raise OfferError(
            f"This browser offers neither {neither} video. Use a current browser to play.", code="codec_unsupported"
        )
    return codecs[0]


def without_local_names(offer: str) -> str:
    """Remove the candidates whose names only the viewer's own network knows; its checks reveal the addresses."""
    return "".join(line for line in offer.splitlines(keepends=True) if not _LOCAL_NAME.match(line))


class PeerConnection:
    """A viewer's connection; ``video`` and ``audio`` are its senders.

    Callbacks run on the event loop: ``on_input`` for each datagram of the input channel, ``on_request`` for each text
    and ``on_piece`` for each binary message of the room channel, ``on_gone`` when the connection is lost.
    """

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
        self.audio.leave_stream()
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
        """Accept the viewer's offer and return the answer, with all candidates. Raises OfferError."""
        if self._codec not in offered_codecs(offer):
            raise OfferError(
                f"This room streams {self._codec} video, which this browser can't decode. "
                "Start a room of your own, or join with another browser.",
                code="codec_unsupported",
            )
        try:
            await self._pc.setRemoteDescription(RTCSessionDescription(without_local_names(offer), "offer"))
            await self._pc.setLocalDescription(await self._pc.createAnswer())
        except Exception as error:  # the offer is from outside, and aiortc checks it with what comes to hand
            logger.info("! the offer of viewer %s: %r", self.viewer, error)
            raise OfferError("The browser's offer can't be answered. Reload the page.") from error
        on_datagram(self._pc, self._watch_for_farewell)
        return self._pc.localDescription.sdp

    def _watch_for_farewell(self, data: bytes, source: Address) -> None:
        """Tell the viewer once that its gateway is about to end. Such a word counts only from where the media go."""
        if seconds_left(data) is None or self._path_ends or remote_address(self._pc) != source:
            return
        self._path_ends = True
        self.notify(PathEnds())

    async def add_candidate(self, candidate: Candidate) -> None:
        """Add a candidate of the viewer's; one that can't be used is ignored.

        The end of candidates is not passed on: the browser's checks still reveal addresses.
        """
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
        """Send a notice, now or as soon as the channel is open."""
        self._waiting.append(encode(notice))
        if self._room.readyState == "open":
            self._flush()

    def send_datagram(self, data: bytes) -> None:
        """Send a datagram on the input channel, or drop it if the channel is not open or too far behind."""
        if self._input.readyState == "open" and self._input.bufferedAmount < MAX_DATAGRAM_BACKLOG:
            self._input.send(data)

    async def send_file(self, notice: File, pieces: Iterable[bytes]) -> None:
        """Announce a file and send it, as fast as the viewer receives it.

        Raises ConnectionError if the connection is closed meanwhile.
        """
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
