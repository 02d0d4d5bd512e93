#!/bin/sh
# aiortc cuts the label and the protocol of a data channel if they are not ASCII.
#
# Versions: aiortc 1.16.0
# Guess: both arrive as they were given. RFC 8832, section 5.1: their lengths are counted in bytes of UTF-8.
# Found: the sender writes numbers of characters for the lengths, so the label ends early, and the rest of it is read as
#   the beginning of the protocol. ASCII labels are not touched by it.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check aiortc==1.16.0 aioice==0.13.0 av==18.1.0

cat > "$folder/expected" << 'END'
label 'ascii' protocol 'plain'
label 'naïve ' protocol '✓gr'
END

"$folder/venv/bin/python" - > "$folder/seen" << 'END'
import asyncio
from aiortc import RTCPeerConnection


async def show(label, protocol):
    here, there = RTCPeerConnection(), RTCPeerConnection()
    arrived = asyncio.get_running_loop().create_future()
    there.on("datachannel", arrived.set_result)
    here.createDataChannel(label, protocol=protocol)
    await here.setLocalDescription(await here.createOffer())
    await there.setRemoteDescription(here.localDescription)
    await there.setLocalDescription(await there.createAnswer())
    await here.setRemoteDescription(there.localDescription)
    channel = await asyncio.wait_for(arrived, 30)
    print("label", repr(channel.label), "protocol", repr(channel.protocol))
    await here.close()
    await there.close()


asyncio.run(show("ascii", "plain"))
asyncio.run(show("naïve ✓", "größe"))
END

diff "$folder/expected" "$folder/seen"
