"""CONTRACT: the datagrams of the ``input`` data channel, and the state of the devices that they add up to.

The channel is negotiated with id 0, unordered and without retransmission. Every datagram begins with eight bytes,
little-endian like all that follows:

    kind u8 | count u8 | modifiers u16 | sequence u32

* kind 1, pad: ``count`` states (1 to 8) of 14 bytes, the newest first: ``buttons u16`` (bit n is the libretro button n:
  B Y Select Start Up Down Left Right A X L R L2 R2 L3 R3) and six i16: left x, left y, right x, right y, L2, R2.
  ``sequence`` numbers the newest; those after it are the ones before, so a lost packet loses no press.
* kind 2, keyboard: ``count`` held keys (0 to 32) as ``u16`` RETROK_ codes; ``modifiers`` is a RETROKMOD_ mask.
* kind 3, mouse: ``count`` is the button mask (1 left, 2 right, 4 middle), then ``x i32`` and ``y i32``: the distance
  moved since the channel opened, in picture pixels, so that a lost packet loses no way.
* kind 9, ping: any sequence; comes back as it is.

The room answers on the same channel with the ping, and with kind 129, applied: ``kind u8 | 0 u8 | 0 u16 | sequence
u32 | rtp u32``: the pad state of this number went into the frame with this RTP timestamp.

A sequence number counts each device of each connection alone, from 1, modulo 2**32. ``web/wire.js`` mirrors this module.
"""
