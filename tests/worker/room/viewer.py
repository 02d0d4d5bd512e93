"""A viewer without a browser: aiortc receives, decodes and sends input, so tests see inside the stream."""

import asyncio
import json
from typing import Any

import numpy as np
from aiortc import RTCBundlePolicy, RTCConfiguration, RTCPeerConnection, RTCSessionDescription


class Viewer:
    """Offers to receive picture and sound; ``codec`` limits the offer to one video codec."""

    def __init__(self, codec: str | None = None) -> None:
        self.pc = RTCPeerConnection(RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
        self.video = self.pc.addTransceiver("video", direction="recvonly").receiver
        self.audio = self.pc.addTransceiver("audio", direction="recvonly").receiver
        self.input = self.pc.createDataChannel("input", negotiated=True, id=0, ordered=False, maxRetransmits=0)
        self.room = self.pc.createDataChannel("room", negotiated=True, id=1)
        self.datagrams: asyncio.Queue[bytes] = asyncio.Queue()
        self.notices: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.input.on("message", self.datagrams.put_nowait)
        self.pieces: asyncio.Queue[bytes] = asyncio.Queue()
        """Of a file that the room sends."""
        self.room.on("message", self._sort)
        self._codec = codec
        self._open = asyncio.Event()
        self.input.on("open", self._open.set)

    def _sort(self, message: str | bytes) -> None:
        if isinstance(message, bytes):
            self.pieces.put_nowait(message)
        else:
            self.notices.put_nowait(json.loads(message))

    async def offer(self) -> str:
        """Make the offer, with candidates."""
        await self.pc.setLocalDescription(await self.pc.createOffer())
        sdp = self.pc.localDescription.sdp
        return sdp if self._codec is None else without_other_codecs(sdp, self._codec)

    async def take(self, answer: str) -> None:
        """Take the answer; media and channels come up by themselves."""
        await self.pc.setRemoteDescription(RTCSessionDescription(answer, "answer"))

    async def picture(self) -> np.ndarray[Any, Any]:
        """Wait for the next frame: shape (height, width), grey."""
        frame: Any = await self.video.track.recv()
        return np.asarray(frame.to_ndarray(format="gray"))

    async def notice(self, kind: str) -> dict[str, Any]:
        """Wait for the next notice of a type; skip others."""
        while True:
            notice = await self.notices.get()
            if notice["type"] == kind:
                return notice

    async def ready(self) -> None:
        """Wait until input can be sent."""
        await self._open.wait()

    async def close(self) -> None:
        """Close the connection."""
        await self.pc.close()


def without_other_codecs(sdp: str, codec: str) -> str:
    """Return the offer with the other video codec renamed to one that nobody knows."""
    other = {"H264": "VP8", "VP8": "H264"}[codec]
    return sdp.replace(f" {other}/90000", " NONE/90000")
