"""A viewer's packets, byte by byte: headers, extensions, repairs and reports, over a transport that only records."""

import struct
from types import SimpleNamespace
from typing import Any

import aiortc.rtcpeerconnection
import pytest
from aiortc.codecs import HEADER_EXTENSIONS
from aiortc.rtcdtlstransport import State
from aiortc.rtcrtpparameters import (
    RTCRtcpParameters,
    RTCRtpCodecParameters,
    RTCRtpHeaderExtensionParameters,
    RTCRtpSendParameters,
)
from aiortc.rtp import (
    RtcpPsfbPacket,
    RtcpReceiverInfo,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    RtpPacket,
    pack_remb_fci,
    unpack_header_extensions,
    unwrap_rtx,
)

from worker.room.media.sender import (
    ABS_SEND_TIME_URI,
    MID_URI,
    PLAYOUT_DELAY,
    PLAYOUT_DELAY_URI,
    REPAIRS_PER_SECOND,
    Sender,
    install,
)

PARAMETERS = RTCRtpSendParameters(
    codecs=[
        RTCRtpCodecParameters(mimeType="video/H264", clockRate=90000, payloadType=97),
        RTCRtpCodecParameters(mimeType="video/rtx", clockRate=90000, payloadType=98, parameters={"apt": 97}),
    ],
    headerExtensions=[
        RTCRtpHeaderExtensionParameters(id=1, uri=MID_URI),
        RTCRtpHeaderExtensionParameters(id=3, uri=ABS_SEND_TIME_URI),
        RTCRtpHeaderExtensionParameters(id=4, uri=PLAYOUT_DELAY_URI),
    ],
    muxId="0",
    rtcp=RTCRtcpParameters(cname="room"),
)


class Transport:
    """A DTLS transport that is connected and protects nothing."""

    _state = State.CONNECTED

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.reports: list[bytes] = []
        socket = SimpleNamespace(sendto=lambda data, address: self.sent.append(data))
        pair = SimpleNamespace(protocol=SimpleNamespace(transport=socket), remote_addr=("192.0.2.1", 9))
        self.transport = SimpleNamespace(_connection=SimpleNamespace(_nominated={1: pair}))
        self._tx_srtp = SimpleNamespace(protect=lambda packet: packet)

    def _register_rtp_sender(self, sender: Sender, parameters: RTCRtpSendParameters) -> None: ...

    def _unregister_rtp_sender(self, sender: Sender) -> None: ...

    async def _send_rtp(self, data: bytes) -> None:
        self.reports.append(data)


@pytest.fixture
async def flowing() -> Any:
    transport = Transport()
    sender = Sender("video", transport)
    await sender.send(PARAMETERS)
    yield sender, transport
    await sender.stop()


async def test_a_frame_is_packets_of_one_timestamp_and_a_marker_on_the_last(flowing: Any) -> None:
    sender, transport = flowing
    sender.push([b"one", b"two"], 2**32 + 7)
    first, second = map(RtpPacket.parse, transport.sent)
    assert [first.payload, second.payload] == [b"one", b"two"]
    assert [first.marker, second.marker] == [0, 1]
    assert first.timestamp == second.timestamp == (sender.origin + 7) & 0xFFFFFFFF
    assert second.sequence_number == (first.sequence_number + 1) & 0xFFFF
    assert {first.payload_type, second.payload_type} == {97}
    assert (sender.packets, sender.octets) == (2, 6)


async def test_every_packet_carries_mid_send_time_and_playout_delay(flowing: Any) -> None:
    sender, transport = flowing
    sender.push([b"x"], 0)
    profile, words = struct.unpack_from("!HH", transport.sent[0], 12)
    values = dict(unpack_header_extensions(profile, transport.sent[0][16 : 16 + 4 * words]))
    assert values[1] == b"0"
    assert values[4] == PLAYOUT_DELAY
    assert len(values[3]) == 3


async def test_a_lost_packet_is_repeated_as_rtx(flowing: Any) -> None:
    sender, transport = flowing
    sender.push([b"lost"], 0)
    lost = RtpPacket.parse(transport.sent.pop())
    nack = RtcpRtpfbPacket(fmt=1, ssrc=1, media_ssrc=sender._ssrc, lost=[lost.sequence_number, 60000])
    await sender._handle_rtcp_packet(nack)
    (repair,) = map(RtpPacket.parse, transport.sent)
    assert (repair.payload_type, repair.ssrc) == (98, sender._rtx_ssrc)
    assert unwrap_rtx(repair, payload_type=97, ssrc=sender._ssrc).payload == b"lost"
    assert unwrap_rtx(repair, payload_type=97, ssrc=sender._ssrc).sequence_number == lost.sequence_number


async def test_repairs_are_limited(flowing: Any) -> None:
    sender, transport = flowing
    sender.push([b"lost"], 0)
    number = RtpPacket.parse(transport.sent[0]).sequence_number
    nack = RtcpRtpfbPacket(fmt=1, ssrc=1, media_ssrc=sender._ssrc, lost=[number] * (REPAIRS_PER_SECOND + 50))
    await sender._handle_rtcp_packet(nack)
    assert len(transport.sent) == 1 + REPAIRS_PER_SECOND


async def test_picture_loss_and_estimate_and_loss_reach_the_room(flowing: Any) -> None:
    sender, _ = flowing
    lost: list[bool] = []
    sender.on_picture_lost = lambda: lost.append(True)
    for fmt in (1, 4):
        await sender._handle_rtcp_packet(RtcpPsfbPacket(fmt=fmt, ssrc=1, media_ssrc=sender._ssrc))
    assert lost == [True, True]
    remb = RtcpPsfbPacket(fmt=15, ssrc=1, media_ssrc=0, fci=pack_remb_fci(1_000_000, [sender._ssrc]))
    await sender._handle_rtcp_packet(remb)
    assert sender.estimate == 1_000_000
    await sender._handle_rtcp_packet(RtcpPsfbPacket(fmt=15, ssrc=1, media_ssrc=0, fci=b"junk"))
    assert sender.estimate == 1_000_000
    report = RtcpReceiverInfo(
        ssrc=sender._ssrc, fraction_lost=64, packets_lost=1, highest_sequence=1, jitter=0, lsr=0, dlsr=0
    )
    await sender._handle_rtcp_packet(RtcpRrPacket(ssrc=1, reports=[report]))
    assert sender.loss == 0.25


async def test_nothing_is_sent_before_the_transport_is_up() -> None:
    transport = Transport()
    Sender("video", transport).push([b"x"], 0)
    assert transport.sent == []


async def test_stop_says_goodbye_once() -> None:
    transport = Transport()
    sender = Sender("audio", transport)
    await sender.stop()
    assert transport.reports == []
    await sender.send(PARAMETERS)
    await sender.stop()
    assert transport.reports[-1][1] == 203  # BYE


def test_aiortc_makes_connections_with_this_sender() -> None:
    install()
    install()
    assert aiortc.rtcpeerconnection.RTCRtpSender is Sender
    assert [extension.uri for extension in HEADER_EXTENSIONS["video"]].count(PLAYOUT_DELAY_URI) == 1
    assert len({extension.id for kind in HEADER_EXTENSIONS.values() for extension in kind}) == 4
