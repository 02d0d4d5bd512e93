"""One test for each private name of aiortc and aioice that a room uses: that it is there, and means what we think.

A release of either that fails here has to be read before it is taken: ``aiortc_hooks.py`` says what each is used for.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from copy import deepcopy
from typing import Any, NamedTuple

import aioice.ice
import aiortc.codecs
import aiortc.rtcpeerconnection
import pytest
from aiortc import RTCConfiguration, RTCPeerConnection, RTCRtpSender
from aiortc.rtcdtlstransport import RTCDtlsTransport, State
from aiortc.rtp import RTCP_PSFB_PLI, RtcpByePacket, RtcpPacket, RtcpPsfbPacket
from aiortc.sdp import SessionDescription

from tests.worker.room.viewer import Viewer
from tests.worker.stand_ins.rooms import until
from worker.room.media.aiortc_hooks import (
    CONNECTED,
    RTP_COMPONENT,
    RtpSender,
    limit_addresses,
    offer_codec,
    offer_header_extension,
    on_datagram,
    remote_address,
    replace_sender,
)
from worker.room.media.codecs import CODECS
from worker.room.media.peer_connection import PeerConnection
from worker.room.media.sender import PLAYOUT_DELAY_URI, Sender

RTP_PACKET = bytes.fromhex("80600001 00000002 00000003") + b"payload"


class Ends(NamedTuple):
    """Both ends of one connection, and the answer that the viewer got."""

    room: PeerConnection
    viewer: Viewer
    answer: SessionDescription

    @property
    def dtls(self) -> RTCDtlsTransport:
        """aiortc's transport at the room's end."""
        return self.room.video.transport

    @property
    def ice(self) -> aioice.ice.Connection:
        """aioice's connection at the room's end."""
        return self.dtls.transport._connection


@pytest.fixture
async def ends() -> AsyncIterator[Ends]:
    room, viewer = PeerConnection("v1", "H264"), Viewer()
    answer = await room.answer(await viewer.offer())
    await viewer.take(answer)
    await asyncio.wait_for(viewer.ready(), 20)
    yield Ends(room, viewer, SessionDescription.parse(answer))
    await viewer.close()
    await room.close()


@pytest.fixture
async def unconnected() -> AsyncIterator[RTCPeerConnection]:
    connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    yield connection
    await connection.close()


@pytest.fixture
def lists() -> Iterator[None]:
    """Let the test change aiortc's lists, and put them right after it."""
    both: list[dict[str, list[Any]]] = [aiortc.codecs.CODECS, aiortc.codecs.HEADER_EXTENSIONS]
    before = deepcopy(both)
    yield
    for now, then in zip(both, before, strict=True):
        now.update(then)


# ----- aiortc.rtcpeerconnection


async def test_rtcrtpsender_is_the_name_by_which_connections_make_their_senders(
    unconnected: RTCPeerConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Other(Sender): ...

    monkeypatch.setattr(aiortc.rtcpeerconnection, "RTCRtpSender", RTCRtpSender)
    assert type(unconnected.addTransceiver("audio").sender) is RTCRtpSender
    replace_sender(Other)
    assert type(unconnected.addTransceiver("audio").sender) is Other


# ----- what aiortc reads and calls of a sender


async def test_ssrc_and_rtx_ssrc_are_the_streams_of_the_answer(ends: Ends) -> None:
    (video,) = (media for media in ends.answer.media if media.kind == "video")
    sender = ends.room.video
    assert [stream.ssrc for stream in video.ssrc] == [sender._ssrc, sender._rtx_ssrc]
    assert [(group.semantic, group.items) for group in video.ssrc_group] == [("FID", [sender._ssrc, sender._rtx_ssrc])]


async def test_stream_id_is_the_first_part_of_the_media_stream_id_and_track_id_the_second(ends: Ends) -> None:
    media = {media.kind: media for media in ends.answer.media}
    video, audio = ends.room.video, ends.room.audio
    assert media["video"].msid == f"{video._stream_id} {video._track_id}"
    assert media["audio"].msid == f"{audio._stream_id} {audio._track_id}"


async def test_stream_id_is_set_by_aiortc_and_is_one_for_a_connections_media(unconnected: RTCPeerConnection) -> None:
    senders: list[Any] = [unconnected.addTransceiver(kind).sender for kind in ("video", "audio")]
    assert senders[0]._stream_id == senders[1]._stream_id
    senders[1].leave_stream()
    assert senders[0]._stream_id != senders[1]._stream_id == senders[1]._track_id


async def test_handle_rtcp_packet_gets_what_a_viewer_reports_of_this_stream(ends: Ends) -> None:
    lost = asyncio.Event()
    ends.room.video.on_picture_lost = lost.set
    report = RtcpPsfbPacket(fmt=RTCP_PSFB_PLI, ssrc=1, media_ssrc=ends.room.video._ssrc)
    await ends.viewer.video.transport._send_rtp(bytes(report))
    await asyncio.wait_for(lost.wait(), 20)


# ----- aiortc.rtcdtlstransport.RTCDtlsTransport


async def test_state_is_connected_from_the_handshake_to_the_end(ends: Ends) -> None:
    assert CONNECTED is State.CONNECTED
    assert ends.dtls._state is CONNECTED
    assert ends.room.video.connected
    assert ends.room.video.flowing
    await ends.room.close()
    assert ends.dtls._state is State.CLOSED
    assert not ends.room.video.connected


async def test_state_is_another_before_the_handshake(unconnected: RTCPeerConnection) -> None:
    sender: Any = unconnected.addTransceiver("video").sender
    assert sender.transport._state is State.NEW
    assert not sender.connected


async def test_tx_srtp_protects_a_packet_for_the_other_end(ends: Ends) -> None:
    protected = ends.dtls._tx_srtp.protect(RTP_PACKET)
    assert b"payload" not in protected
    assert ends.viewer.video.transport._rx_srtp.unprotect(protected) == RTP_PACKET


async def test_register_rtp_sender_routes_the_reports_of_its_stream_and_unregister_rtp_sender_no_more(
    ends: Ends,
) -> None:
    class Listening(Sender):
        async def _handle_rtcp_packet(self, packet: Any) -> None:
            got.append(packet)

    got: list[Any] = []
    sender = Listening("video", ends.dtls)
    report = RtcpPsfbPacket(fmt=RTCP_PSFB_PLI, ssrc=1, media_ssrc=sender._ssrc)
    parameters = aiortc.rtcrtpparameters.RTCRtpSendParameters()
    for expected in (0, 1, 1):
        await ends.dtls._handle_rtcp_data(bytes(report))
        assert len(got) == expected
        if expected == 0:
            ends.dtls._register_rtp_sender(sender, parameters)  # type: ignore[arg-type]
        else:
            ends.dtls._unregister_rtp_sender(sender)  # type: ignore[arg-type]


async def test_send_rtp_protects_reports_for_the_other_end(ends: Ends, monkeypatch: pytest.MonkeyPatch) -> None:
    came: asyncio.Queue[bytes] = asyncio.Queue()
    monkeypatch.setattr(ends.viewer.video.transport, "_handle_rtcp_data", came.put)
    await ends.dtls._send_rtp(bytes(RtcpByePacket(sources=[4711])))
    while not isinstance((packet := RtcpPacket.parse(await asyncio.wait_for(came.get(), 20))[0]), RtcpByePacket):
        pass  # the room's own report, which comes once a second
    assert packet.sources == [4711]


async def test_send_rtp_raises_a_connection_error_before_the_handshake(unconnected: RTCPeerConnection) -> None:
    sender: Any = unconnected.addTransceiver("video").sender
    with pytest.raises(ConnectionError):
        await sender.transport._send_rtp(bytes(RtcpByePacket(sources=[1])))


# ----- aiortc.rtcicetransport.RTCIceTransport


async def test_connection_is_aioices_and_one_for_all_media(ends: Ends) -> None:
    assert isinstance(ends.ice, aioice.ice.Connection)
    assert ends.room.audio.transport is ends.room.video.transport
    assert ends.room._pc.sctp is not None
    assert ends.room._pc.sctp.transport.transport._connection is ends.ice


# ----- aioice.ice


async def test_nominated_has_the_pair_that_media_take(ends: Ends) -> None:
    pair = ends.ice._nominated[RTP_COMPONENT]
    assert ends.viewer.pc.sctp is not None
    other = ends.viewer.pc.sctp.transport.transport._connection
    assert pair.remote_addr in {(candidate.host, candidate.port) for candidate in other.local_candidates}
    assert pair.remote_addr == remote_address(ends.room._pc)
    assert pair.protocol.transport.get_extra_info("sockname")[1] in {
        candidate.port for candidate in ends.ice.local_candidates
    }


async def test_nominated_is_empty_before_a_pair_is_chosen() -> None:
    room, viewer = PeerConnection("v1", "H264"), Viewer()
    try:
        await room.answer(await viewer.offer())
        assert remote_address(room._pc) is None
    finally:
        await viewer.close()
        await room.close()


async def test_stunprotocol_is_the_name_by_which_connections_make_their_endpoints(ends: Ends) -> None:
    assert {type(protocol) for protocol in ends.ice._protocols} == {aioice.ice.StunProtocol}


async def test_receiver_is_the_connection_of_an_endpoint_and_datagram_received_all_that_comes_in(ends: Ends) -> None:
    got: list[tuple[bytes, tuple[str, int]]] = []
    on_datagram(ends.room._pc, lambda data, source: got.append((data, source)))
    protocol = ends.ice._nominated[RTP_COMPONENT].protocol
    assert protocol.receiver is ends.ice
    protocol.datagram_received(b"junk", ("192.0.2.1", 9, 0, 0))
    assert (b"junk", ("192.0.2.1", 9)) in got
    ends.viewer.input.send(b"x" * 24)
    await until(lambda: len(got) >= 2)
    assert {source for _, source in got[1:]} == {remote_address(ends.room._pc)}


async def test_get_host_addresses_is_what_candidates_are_made_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aioice.ice, "get_host_addresses", aioice.ice.get_host_addresses)
    limit_addresses(["127.0.0.1"])
    connection = aioice.ice.Connection(ice_controlling=False)
    await connection.gather_candidates()
    assert [candidate.host for candidate in connection.local_candidates] == ["127.0.0.1"]
    await connection.close()


# ----- aiortc.codecs


def test_header_extensions_are_those_that_connections_offer(lists: None) -> None:
    offer_header_extension("video", "urn:other", 9)
    offer_header_extension("video", "urn:other", 9)
    offered = [extension.uri for extension in RTCRtpSender.getCapabilities("video").headerExtensions]
    assert offered.count("urn:other") == offered.count(PLAYOUT_DELAY_URI) == 1
    numbers = {
        extension.uri: extension.id
        for extensions in aiortc.codecs.HEADER_EXTENSIONS.values()
        for extension in extensions
    }
    assert len(set(numbers.values())) == len(numbers), "all media of a bundle share the numbers"


def test_codecs_has_what_the_table_offers_beside_what_aiortc_has_itself(lists: None) -> None:
    codecs = aiortc.codecs.CODECS["video"]
    offered = [(codec.name, codec.parameters) for codec in codecs if codec.mimeType != "video/rtx"]
    wanted = [(codec.name, fmtp) for codec in CODECS.values() for fmtp in codec.fmtp]
    assert len(offered) == len(wanted)
    assert all(pair in offered for pair in wanted)
    ours = [*codecs]
    codecs.clear()
    aiortc.codecs.init_codecs()
    assert codecs == ours[: len(codecs)], "its own are as it made them"
    assert {"video/H264", "video/VP8"} <= {codec.mimeType for codec in codecs}


async def test_codecs_takes_one_that_aiortc_does_not_know(lists: None, unconnected: RTCPeerConnection) -> None:
    offer_codec("NEW", {"level": "5"})
    offer_codec("NEW", {"level": "5"})
    transceiver = unconnected.addTransceiver("video", direction="sendonly")
    known = RTCRtpSender.getCapabilities("video").codecs
    transceiver.setCodecPreferences([codec for codec in known if codec.name in ("NEW", "rtx")])
    (media,) = SessionDescription.parse((await unconnected.createOffer()).sdp).media
    new, rtx = media.rtp.codecs
    assert (new.name, new.clockRate, new.parameters) == ("NEW", 90_000, {"level": "5"})
    assert (rtx.name, rtx.parameters) == ("rtx", {"apt": new.payloadType})
    numbers = [codec.payloadType for codec in aiortc.codecs.CODECS["video"]]
    assert len(set(numbers)) == len(numbers)


# ----- ours


async def test_rtp_sender_is_abstract() -> None:
    assert RtpSender.__abstractmethods__ == {"send", "stop", "_handle_rtcp_packet"}
