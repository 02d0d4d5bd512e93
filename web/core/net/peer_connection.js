/**
 * The WebRTC connection to one room: two receiving transceivers and two negotiated data channels.
 *
 * Made before it is needed: the offer and its candidates are ready when a tile is clicked. Leaves to session.js when
 * to start, to screen.js what to show, to wire/ what the bytes mean.
 */

import { isMdns, preferredCodecs, withStereoOpus, withoutMdns } from "./sdp.js";
import { parseReply } from "../wire/input.js";
import { parseNotice } from "../wire/room.js";

/** Sound may wait this long for late packets: one crackle less for a delay that nobody hears. Video waits for none. */
const AUDIO_BUFFER_MS = 20;
/** More than this unsent means that the network takes nothing: an older pad state in the queue helps nobody. */
const MAX_BUFFERED_BYTES = 4096;
/** The room takes binary messages up to this length, and requests must get in between them. */
const PIECE_BYTES = 16 * 1024;
/** Pieces that may wait in the browser: enough for a full path, little enough to stop at once. */
const MAX_WAITING_BYTES = 256 * 1024;

/** The browser can't make the connection that was asked for. `code` is one of words.js. */
export class PeerConnectionError extends Error {
  constructor(code, cause) {
    super(`peer: ${code}`, { cause });
    this.code = code;
  }
}

export class PeerConnection {
  /**
   * `ice` is {iceServers, iceTransportPolicy} of ice.configuration, `codec` "auto", "h264" or "vp8". Throws PeerConnectionError.
   * `platform` holds the browser's WebRTC classes.
   */
  constructor(ice, codec, platform = globalThis) {
    this.oncandidate = (init) => {}; // RTCIceCandidateInit, or null at the end
    this.onstate = (state) => {}; // RTCPeerConnectionState
    this.onopen = () => {}; // the input channel is open, and nothing has been sent on it
    this.onnotice = (notice) => {}; // a notice of parseNotice
    this.onbytes = (buffer) => {}; // an ArrayBuffer of the room channel: a piece of a file
    this.onreply = (reply) => {}; // a reply of parseReply
    this.onclosed = () => {}; // the other side closed the channels
    /** The URLs that it was made with. */
    this.gateways = ice.iceServers.flatMap(({ urls }) => urls);
    this._connection = connect(ice, platform);
    this._video = this._connection.addTransceiver("video", { direction: "recvonly" });
    this._audio = this._connection.addTransceiver("audio", { direction: "recvonly" });
    this._choose(codec, platform);
    this._openChannels();
    this._listen();
    /** Settles when `offer` is ready, or with a PeerConnectionError. */
    this.prepared = this._makeOffer();
    this.prepared.catch(() => {}); // whoever needs the offer looks at it later; until then it is no unhandled error
    /** The tracks are there before the first packet, each for an element of its own. */
    this.tracks = { video: this._video.receiver.track, audio: this._audio.receiver.track };
  }

  /** Get the local SDP with the candidates found so far, or null while it is being made. */
  get offer() {
    const description = this._connection.localDescription;
    return description && withoutMdns(description.sdp);
  }

  get gathered() {
    return this._connection.iceGatheringState === "complete";
  }

  /** Take the room's answer. Throws PeerConnectionError. */
  async accept(answer) {
    try {
      await this._connection.setRemoteDescription({ type: "answer", sdp: answer });
    } catch (error) {
      throw new PeerConnectionError("answer", error);
    }
    setBuffer(this._video.receiver, 0);
    setBuffer(this._audio.receiver, AUDIO_BUFFER_MS);
  }

  /** Send a datagram on the input channel, or drop it if the channel can't take it now. */
  sendInput(bytes) {
    const channel = this._input;
    if (channel.readyState === "open" && channel.bufferedAmount <= MAX_BUFFERED_BYTES) channel.send(bytes);
  }

  /** Send a request of wire/ on the room channel. False if the channel is not open. */
  request(message) {
    if (this._room.readyState !== "open") return false;
    this._room.send(JSON.stringify(message));
    return true;
  }

  /** Send a file's bytes after the request that announces them, as fast as the path takes them. False if it broke. */
  async sendFile(bytes) {
    const channel = this._room;
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
      if (channel.bufferedAmount > MAX_WAITING_BYTES) await drained(channel);
      if (channel.readyState !== "open") return false;
      channel.send(bytes.subarray(at, at + PIECE_BYTES));
    }
    return true;
  }

  stats() {
    return this._connection.getStats();
  }

  close() {
    this.oncandidate = this.onstate = this.onopen = this.onnotice = this.onbytes = this.onreply = this.onclosed = () => {};
    this._connection.close();
  }

  _choose(codec, platform) {
    const codecs = platform.RTCRtpReceiver?.getCapabilities?.("video")?.codecs ?? [];
    const preferred = preferredCodecs(codec, codecs);
    if (preferred === null) return;
    try {
      if (preferred.length === 0) throw new PeerConnectionError("codec");
      this._video.setCodecPreferences(preferred);
    } catch (error) {
      this.close();
      throw error instanceof PeerConnectionError ? error : new PeerConnectionError("codec", error);
    }
  }

  _openChannels() {
    this._input = this._connection.createDataChannel("input",
      { negotiated: true, id: 0, ordered: false, maxRetransmits: 0 });
    this._input.binaryType = "arraybuffer";
    this._input.onopen = () => this.onopen();
    this._input.onmessage = (event) => {
      const reply = parseReply(event.data);
      if (reply) this.onreply(reply);
    };
    this._room = this._connection.createDataChannel("room", { negotiated: true, id: 1 });
    this._room.binaryType = "arraybuffer";
    this._room.bufferedAmountLowThreshold = MAX_WAITING_BYTES / 2;
    this._room.onmessage = ({ data }) => {
      if (data instanceof ArrayBuffer) this.onbytes(data);
      const notice = parseNotice(data);
      if (notice) this.onnotice(notice);
    };
    this._room.onclose = () => this.onclosed();
  }

  _listen() {
    const connection = this._connection;
    connection.onicecandidate = ({ candidate }) => {
      // Some browsers also announce the end of one component with an empty candidate; null ends them all.
      if (!candidate) this.oncandidate(null);
      else if (candidate.candidate !== "" && !isMdns(candidate.candidate)) this.oncandidate(candidate.toJSON());
    };
    connection.onconnectionstatechange = () => this.onstate(connection.connectionState);
  }

  async _makeOffer() {
    const connection = this._connection;
    try {
      const { sdp } = await connection.createOffer();
      await connection.setLocalDescription({ type: "offer", sdp: withStereoOpus(sdp) });
    } catch (error) {
      throw new PeerConnectionError("no_webrtc", error);
    }
  }
}

function connect(ice, platform) {
  if (!platform.RTCPeerConnection) throw new PeerConnectionError("no_webrtc");
  try {
    return new platform.RTCPeerConnection({ ...ice, bundlePolicy: "max-bundle" });
  } catch (error) {
    throw new PeerConnectionError("ice_servers", error);
  }
}

/** Wait until the channel takes more, or takes nothing any more. */
function drained(channel) {
  return new Promise((resolve) => {
    for (const type of ["bufferedamountlow", "close", "error"]) channel.addEventListener(type, resolve, { once: true });
  });
}

function setBuffer(receiver, milliseconds) {
  if ("jitterBufferTarget" in receiver) receiver.jitterBufferTarget = milliseconds;
}
