"""The types of fields in signalling messages: a name for each kind of value, with its limits."""

import re
from typing import Annotated, Literal, get_args

from msgspec import Meta

MAX_RECORD = 32 * 1024
"""Characters of the record that a worker keeps of a room for the coordinator: sixteen members take about 4 KB."""

Name = Annotated[str, Meta(min_length=1, max_length=128)]
"""An id or a title: short, and never used as a file name."""

Label = Annotated[str, Meta(max_length=128)]
"""An id that may be missing, which is said by an empty one."""

Nickname = Annotated[str, Meta(max_length=24)]
"""The name that a player wants; empty for the usual one. Not an account: several may have the same."""

Profile = Annotated[str, Meta(pattern=r"^([A-Z2-7]{26})?$")]
"""A browser's own secret, 128 bits in base32; empty if it has none. It is the key to the browser's saves."""

ProfileHash = Annotated[str, Meta(pattern=r"^([0-9a-f]{64})?$")]
"""SHA-256 of a profile, as hex, under which workers keep saves. Empty if there is none."""

Sdp = Annotated[str, Meta(min_length=1, max_length=64 * 1024)]

MaybeSdp = Annotated[str, Meta(max_length=64 * 1024)]

Sentence = Annotated[str, Meta(max_length=2048)]
"""Plain words for a person: the problem, and the remedy."""

Count = Annotated[int, Meta(ge=0, le=100_000)]

MAX_GAMES = 30_000
"""Games of one worker, and of all together that pages are told of: some 3 MB, and 12 with the longest and strangest
names. ``web/core/wire/coordinator.js`` reads so many, and few more."""

MAX_REGIONS = 32
"""Regions that pages are told of, and that a page may have measured: it asks a gateway of each."""

RegionName = Annotated[str, Meta(min_length=1, max_length=64)]
"""Where workers are, in their operator's words, such as ``eu-west``."""

RegionLabel = Annotated[str, Meta(max_length=64)]
"""A region that may be missing, which is said by an empty one."""

Delay = Annotated[float, Meta(ge=0, le=60_000)]
"""Milliseconds, of a round trip for one. JSON has neither infinities nor NaN; after a minute there is no answer."""

Delays = Annotated[dict[RegionName, Delay], Meta(max_length=MAX_REGIONS)]
"""How far a page is from each region whose gateway answered it, in milliseconds."""

Share = Annotated[float, Meta(ge=0, le=1)]

SEATS = 4
"""Players of a room, one for each of the four pads that libretro frontends offer everywhere."""

Seat = Annotated[int, Meta(ge=0, le=SEATS - 1)]
"""Counted from 0."""

Scale = Annotated[int, Meta(ge=1, le=4)]
"""Integer upscaling before encoding: more bits for crisper pixels."""

VideoCodec = Literal["H264", "VP8"]
"""What a room may encode its picture with, by the encoding names of SDP (RFC 6184, RFC 7741)."""

VIDEO_CODECS: tuple[VideoCodec, ...] = get_args(VideoCodec)

Codec = Literal["", VideoCodec]
"""What a room encodes its picture with; empty where that is not known yet."""

Record = Annotated[str, Meta(max_length=MAX_RECORD)]

OPEN_HOST = "{host}"
"""In the place of a gateway URL's host: the one by which the browser reached the page."""

_HOST_PORT = rf"([A-Za-z0-9._-]{{1,200}}|\[[0-9A-Fa-f:.]{{2,45}}\]|{re.escape(OPEN_HOST)})(:[0-9]{{1,5}})?"
GATEWAY_URL = rf"^(stun:{_HOST_PORT}|turns?:{_HOST_PORT}(\?transport=(udp|tcp))?)$"
GatewayUrl = Annotated[str, Meta(max_length=256, pattern=GATEWAY_URL)]
"""An ICE URL (RFC 7064, RFC 7065), such as ``turn:gateway.example:3478?transport=udp``."""

GatewayUrls = Annotated[tuple[GatewayUrl, ...], Meta(max_length=16)]

TURN_SECRET = r"^([^\x00-\x1f\ud800-\udfff]{16,512})?\Z"
TurnSecret = Annotated[str, Meta(pattern=TURN_SECRET)]
"""The secret that a gateway's credentials are made of; empty if there is none to be told. Its least length is the
gateway's own: one credential is enough to try secrets against it at any rate."""
