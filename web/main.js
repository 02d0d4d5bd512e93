/**
 * The player's page: makes the parts, ties them together (app/), and begins. Decides nothing itself.
 *
 * For tests: <html data-state>, #screen, button.tile[data-game-id], #failure, and coinop.stats(), which gives the
 * figures of the last second (core/net/stats.js, with rttMs and photonMs) or null.
 */

import { joinInvited, tieActions } from "./app/actions.js";
import { tieConnection } from "./app/connection.js";
import { tieControls } from "./app/controls.js";
import { makeParts } from "./app/parts.js";
import { tieState } from "./app/state.js";
import { invitedRoom } from "./core/session/settings.js";

const parts = makeParts();
const { session, signalling, seatTokens, legend, overlay } = parts;
tieConnection(parts);
tieState(parts, tieControls(parts));
tieActions(parts);

/** @type {any} */ (window).coinop = Object.freeze({ stats: () => overlay.latest });
legend.render();
/** @type {any} */ (navigator).keyboard?.getLayoutMap?.().then((layout) => legend.setLayout(layout), () => {});
signalling.open();
const kept = seatTokens.read();
// A link to another room than the one before the reload is a wish to go there.
if (!kept || ![null, kept.room].includes(invitedRoom(location))) joinInvited(parts);
else session.resume();
