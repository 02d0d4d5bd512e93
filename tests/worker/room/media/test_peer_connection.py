"""Offers and answers: codecs, candidates, streams, and what is no offer."""

import asyncio
import contextlib

import pytest
from aiortc.sdp import SessionDescription
from hypothesis import given
from hypothesis import strategies as st

from coordinator.messages import Candidate
from tests.worker.room.viewer import Viewer, without_other_codecs
from tests.worker.stand_ins.rooms import until
from turn.wire.farewell import farewell
from worker.room.errors import OfferError
from worker.room.media.aiortc_hooks import _ice_connection
from worker.room.media.codecs import CODECS
from worker.room.media.peer_connection import PeerConnection, choose_codec, offered_codecs
from worker.room.wire.notices import File, Message
from worker.room.wire.transfers import pieces


async def offer_of(codec: str | None = None) -> str:
    viewer = Viewer(codec)
    offer = await viewer.offer()
    await viewer.close()
    return offer


async def test_h264_is_preferred_and_vp8_is_taken_where_it_is_all_there_is() -> None:
    assert choose_codec(await offer_of()) == "H264"
    assert choose_codec(await offer_of("VP8")) == "VP8"


async def test_a_browser_without_either_is_told_so() -> None:
    neither = without_other_codecs(without_other_codecs(await offer_of(), "VP8"), "H264")
    with pytest.raises(OfferError, match=r"neither H\.264 nor VP8") as caught:
        choose_codec(neither)
    assert caught.value.code == "codec_unsupported"


@given(st.text(max_size=200))
def test_any_text_is_an_offer_or_an_offer_error(text: str) -> None:
    codecs: list[str] = []
    with contextlib.suppress(OfferError):
        codecs = offered_codecs(text)
    assert set(codecs) <= set(CODECS)


async def test_the_answer_has_host_candidates_one_codec_two_streams_and_the_low_latency_extension() -> None:
    peer = PeerConnection("v1", "VP8")
    try:
        answer = await peer.answer(await offer_of())
    finally:
        await peer.close()
    video, audio = (part for part in SessionDescription.parse(answer).media if part.kind in ("video", "audio"))
    assert {codec.name for codec in video.rtp.codecs} == {"VP8", "rtx"}
    assert {candidate.type for candidate in video.ice_candidates} == {"host"}
    assert "playout-delay" in "".join(extension.uri for extension in video.rtp.headerExtensions)
    assert video.msid.split()[0] != audio.msid.split()[0]


async def test_a_room_of_another_codec_refuses_in_words() -> None:
    peer = PeerConnection("v1", "H264")
    try:
        with pytest.raises(OfferError, match="this browser can't decode"):
            await peer.answer(await offer_of("VP8"))
    finally:
        await peer.close()


@pytest.mark.parametrize(
    "candidate",
    [
        "",
        "nonsense",
        "candidate:1 1 udp 1 4f5c.local 9 typ host",
        "candidate:1 1 udp x 192.0.2.1 y typ host",
        "candidate:" + "9 " * 400,
    ],
)
async def test_candidates_that_lead_nowhere_are_ignored(candidate: str) -> None:
    peer = PeerConnection("v1", "H264")
    try:
        await peer.answer(await offer_of())
        await peer.add_candidate(Candidate(candidate=candidate, sdpMid="0"))
    finally:
        await peer.close()


async def test_a_viewer_is_told_once_that_its_gateway_ends_and_of_no_other_gateway() -> None:
    peer, viewer = PeerConnection("v1", "H264"), Viewer()
    try:
        await viewer.take(await peer.answer(await viewer.offer()))
        await asyncio.wait_for(viewer.ready(), 20)
        pair = _ice_connection(peer._pc)._nominated[1]
        protocol = pair.protocol
        host, port = pair.remote_addr
        datagram = farewell(30, bytes(12))
        protocol.datagram_received(datagram, (host, port + 1))
        protocol.datagram_received(datagram[:-1], (host, port))
        assert not peer._path_ends
        protocol.datagram_received(datagram, (host, port))
        protocol.datagram_received(datagram, (host, port))
        peer.notify(Message(text="after it"))
        assert await asyncio.wait_for(viewer.notices.get(), 20) == {"type": "path_ends"}
        assert (await asyncio.wait_for(viewer.notices.get(), 20))["text"] == "after it"
    finally:
        await viewer.close()
        await peer.close()


async def test_a_file_arrives_whole_and_stops_with_its_viewer() -> None:
    peer, viewer = PeerConnection("v1", "H264"), Viewer()
    try:
        await viewer.take(await peer.answer(await viewer.offer()))
        await asyncio.wait_for(viewer.ready(), 20)
        data = bytes(range(256)) * 1024
        await until(lambda: peer._room.readyState == "open")
        await asyncio.wait_for(peer.send_file(File(name="a", size=len(data)), pieces(data)), 60)
        got = b""
        while len(got) < len(data):
            got += await asyncio.wait_for(viewer.pieces.get(), 60)
        assert got == data
        sending = asyncio.create_task(peer.send_file(File(name="b", size=len(data)), pieces(data)))
        await asyncio.sleep(0)
        await peer.close()
        with pytest.raises(ConnectionError):
            await sending
    finally:
        await viewer.close()
        await peer.close()
