"""Pictures and sound to packets, and packets to viewers over WebRTC.

The only folder that speaks PyAV, aiortc and aioice. Imports ``wire`` and ``input``.
"""
