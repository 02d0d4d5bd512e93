; The two pattern tables. The numbers of the tiles that maps and texts use are the letters' own codes: the font stands
; from ' ' to '_', the court from '`' on. So the maps are written as they look.

.include "game.inc"
.include "picture.inc"

.segment "CHR"
background:
    .res $20 * 16
    .include "art/font.inc"
    .include "art/court.inc"
    .assert * - background = TILE_COMET_LOGO * 16, error, "the logo's tiles have moved"
    .include "art/logo.inc"
    .include "art/moon.inc"
    .res background + $1000 - *

moving:
    .res $20 * 16
    .include "art/font.inc"
    .res moving + TILE_HARE * 16 - *
    .include "art/sprites.inc"
