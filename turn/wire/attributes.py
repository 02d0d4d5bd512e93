"""The attributes of STUN and TURN: their numbers, and how the value of each is written and read.

How attributes lie in a message is left to stun.py; what a value means for an allocation, to requests/.
"""

from ipaddress import IPv6Address, ip_address
from typing import Final

from turn.wire.errors import Malformed

Address = tuple[str, int]
"""Host in its usual text form (as the kernel writes it) and port."""

MAGIC_COOKIE: Final = 0x2112A442

MAPPED_ADDRESS: Final = 0x0001
USERNAME: Final = 0x0006
MESSAGE_INTEGRITY: Final = 0x0008
ERROR_CODE: Final = 0x0009
UNKNOWN_ATTRIBUTES: Final = 0x000A
CHANNEL_NUMBER: Final = 0x000C
LIFETIME: Final = 0x000D
XOR_PEER_ADDRESS: Final = 0x0012
DATA: Final = 0x0013
REALM: Final = 0x0014
NONCE: Final = 0x0015
XOR_RELAYED_ADDRESS: Final = 0x0016
REQUESTED_ADDRESS_FAMILY: Final = 0x0017
EVEN_PORT: Final = 0x0018
REQUESTED_TRANSPORT: Final = 0x0019
DONT_FRAGMENT: Final = 0x001A
MESSAGE_INTEGRITY_SHA256: Final = 0x001C
PASSWORD_ALGORITHM: Final = 0x001D
USERHASH: Final = 0x001E
XOR_MAPPED_ADDRESS: Final = 0x0020
RESERVATION_TOKEN: Final = 0x0022
ADDITIONAL_ADDRESS_FAMILY: Final = 0x8000
ADDRESS_ERROR_CODE: Final = 0x8001
PASSWORD_ALGORITHMS: Final = 0x8002
SOFTWARE: Final = 0x8022
FINGERPRINT: Final = 0x8028

UNDERSTOOD: Final = frozenset(
    {
        MAPPED_ADDRESS,
        USERNAME,
        MESSAGE_INTEGRITY,
        ERROR_CODE,
        UNKNOWN_ATTRIBUTES,
        CHANNEL_NUMBER,
        LIFETIME,
        XOR_PEER_ADDRESS,
        DATA,
        REALM,
        NONCE,
        XOR_RELAYED_ADDRESS,
        REQUESTED_ADDRESS_FAMILY,
        EVEN_PORT,
        REQUESTED_TRANSPORT,
        DONT_FRAGMENT,
        MESSAGE_INTEGRITY_SHA256,
        PASSWORD_ALGORITHM,
        USERHASH,
        XOR_MAPPED_ADDRESS,
        RESERVATION_TOKEN,
    }
)
"""The comprehension-required attributes that do not cause error 420."""

FIRST_OPTIONAL: Final = 0x8000
"""From here on, an attribute that is not understood is ignored (RFC 8489 section 14)."""

IPV4: Final = 0x01
IPV6: Final = 0x02
FAMILIES: Final = frozenset({IPV4, IPV6})

UDP_TRANSPORT: Final = 17
"""The one REQUESTED-TRANSPORT, by its number in the IP header."""

MD5: Final = 0x0001
SHA256: Final = 0x0002
"""PASSWORD-ALGORITHM: how a long-term key is made of name, realm and password."""

_COOKIE_BYTES = MAGIC_COOKIE.to_bytes(4, "big")


def family_of(host: str) -> int:
    """IPV4 or IPV6; IPv4-mapped IPv6 addresses are IPv4."""
    return IPV4 if ":" not in host or _mapped(host) else IPV6


def _mapped(host: str) -> bool:
    return host.lower().startswith("::ffff:") and IPv6Address(host).ipv4_mapped is not None


def plain_host(host: str) -> str:
    """The host without IPv4-mapping and without a scope: what sockets for both families report, made unambiguous."""
    if ":" not in host:
        return host
    address = IPv6Address(host.partition("%")[0])
    return str(address.ipv4_mapped or address)


def text_of(address: Address) -> str:
    """Host and port as people and URIs write them: ``10.0.0.1:9000``, ``[fd00::1]:9000``."""
    host, port = address[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def encode_xor_address(address: Address, transaction_id: bytes) -> bytes:
    """XOR-MAPPED-ADDRESS and its kin (RFC 8489 section 14.2). Raises ``ValueError`` if the host is no IP address."""
    host, port = address
    packed = ip_address(plain_host(host)).packed
    family = IPV4 if len(packed) == 4 else IPV6
    mask = int.from_bytes((_COOKIE_BYTES + transaction_id)[: len(packed)], "big")
    xored = (int.from_bytes(packed, "big") ^ mask).to_bytes(len(packed), "big")
    return bytes((0, family)) + (port ^ (MAGIC_COOKIE >> 16)).to_bytes(2, "big") + xored


def decode_xor_address(value: bytes, transaction_id: bytes) -> Address:
    """The address in XOR-PEER-ADDRESS. An IPv4-mapped IPv6 address comes out as IPv4: nobody hides behind the form."""
    if len(value) == 8 and value[1] == IPV4:
        a, b, c, d = (byte ^ key for byte, key in zip(value[4:], _COOKIE_BYTES, strict=True))
        host = f"{a}.{b}.{c}.{d}"
    elif len(value) == 20 and value[1] == IPV6:
        mask = _COOKIE_BYTES + transaction_id
        number = int.from_bytes(value[4:], "big") ^ int.from_bytes(mask, "big")
        address = IPv6Address(number)
        host = str(address.ipv4_mapped or address)
    else:
        raise Malformed("an address attribute of a wrong family or length")
    return host, int.from_bytes(value[2:4], "big") ^ (MAGIC_COOKIE >> 16)


def encode_error(code: int, reason: str) -> bytes:
    """ERROR-CODE: the class in hundreds, the rest, and a phrase."""
    return bytes((0, 0, code // 100, code % 100)) + reason.encode()


def decode_error(value: bytes) -> tuple[int, str]:
    """Code and phrase of ERROR-CODE."""
    if len(value) < 4:
        raise Malformed("ERROR-CODE is too short")
    return (value[2] & 0x07) * 100 + value[3], value[4:].decode(errors="replace")


def encode_address_error(family: int, code: int, reason: str) -> bytes:
    """ADDRESS-ERROR-CODE (RFC 8656 section 18.12): why there is no relay address of one more family."""
    return bytes((family, 0, code // 100, code % 100)) + reason.encode()


def encode_unknown(attributes: list[int]) -> bytes:
    """UNKNOWN-ATTRIBUTES: the list that explains a 420."""
    return b"".join(attribute.to_bytes(2, "big") for attribute in attributes)


def encode_number(number: int) -> bytes:
    """A 32-bit value: LIFETIME in seconds."""
    return number.to_bytes(4, "big")


def decode_number(value: bytes) -> int:
    """LIFETIME, in seconds."""
    if len(value) != 4:
        raise Malformed(f"a number of {len(value)} bytes instead of 4")
    return int.from_bytes(value, "big")


def decode_family(value: bytes) -> int:
    """REQUESTED-ADDRESS-FAMILY and ADDITIONAL-ADDRESS-FAMILY: the family's number, known or not."""
    if len(value) != 4:
        raise Malformed(f"an address family of {len(value)} bytes instead of 4")
    return value[0]


def decode_transport(value: bytes) -> int:
    """REQUESTED-TRANSPORT: a protocol number of the IP header."""
    if len(value) != 4:
        raise Malformed(f"a transport of {len(value)} bytes instead of 4")
    return value[0]


def decode_channel(value: bytes) -> int:
    """CHANNEL-NUMBER, of any size that fits into 16 bits."""
    if len(value) != 4:
        raise Malformed(f"a channel number of {len(value)} bytes instead of 4")
    return int.from_bytes(value[:2], "big")


def decode_even_port(value: bytes) -> bool:
    """EVEN-PORT: whether the next higher port is to be kept as well."""
    if len(value) != 1:
        raise Malformed(f"EVEN-PORT of {len(value)} bytes instead of 1")
    return bool(value[0] & 0x80)


def encode_algorithms(algorithms: tuple[int, ...]) -> bytes:
    """PASSWORD-ALGORITHMS: numbers, each without parameters."""
    return b"".join(number.to_bytes(2, "big") + b"\0\0" for number in algorithms)


def decode_algorithm(value: bytes) -> int:
    """PASSWORD-ALGORITHM: a number; parameters are skipped."""
    if len(value) < 4:
        raise Malformed("PASSWORD-ALGORITHM is too short")
    return int.from_bytes(value[:2], "big")


def decode_text(value: bytes, limit: int) -> str:
    """USERNAME, REALM or NONCE, at most ``limit`` bytes of UTF-8."""
    if len(value) > limit:
        raise Malformed(f"a text of {len(value)} bytes; {limit} are allowed")
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise Malformed("a text that is not UTF-8") from None
