"""The gateway: a STUN and TURN server, the one public media port. It relays between browsers and workers, and to
nobody else.

The protocol core, ``relay``, has no socket, no clock and no ``await``: datagrams and ``now`` go in, actions and
deadlines come out (``relay.server`` is its door). Sockets are left to ``gateway`` and ``datapath``.

Done: RFC 8489 (STUN; Binding, long-term credentials with MD5 and SHA-256 keys, MESSAGE-INTEGRITY-SHA256, USERHASH,
nonce cookie, FINGERPRINT), RFC 8656 (TURN over UDP, TCP, TLS and DTLS; IPv4 and IPv6; Send and Data indications,
channels, EVEN-PORT, RESERVATION-TOKEN), RFC 5766's wider range of channel numbers, and the time-limited credentials of
draft-uberti-behave-turn-rest.

Not done: a second relay address in one allocation (RFC 8656's ADDITIONAL-ADDRESS-FAMILY is answered with
ADDRESS-ERROR-CODE 440, as the RFC allows), ICMP errors as Data indications, RFC 6062 (relayed TCP connections),
RFC 5780 (NAT discovery), RFC 7635 (OAuth), RFC 8016 (mobility), ALTERNATE-SERVER.
"""
