"""Encodes pictures and sound, and sends their packets to viewers over WebRTC.

The only folder that uses PyAV, aiortc and aioice. Imports ``wire``; ``game``, ``saves``, ``players`` and the room
import it.
"""
