; The two screens as they are drawn at boot, one letter for each tile (see chr.s), and the palette of each 16x16 block.

.include "game.inc"

; One row of 32 tiles.
.macro line tiles
    .assert .strlen(tiles) = 32, error, "a row is 32 tiles wide"
    .byte tiles
.endmacro

; Two rows of palettes, one digit for each block of two by two tiles.
.macro blocks upper, lower
    .repeat 8, byte
        upper_pair .set (.strat(upper, 2 * byte) & 3) | (.strat(upper, 2 * byte + 1) & 3) << 2
        lower_pair .set (.strat(lower, 2 * byte) & 3) | (.strat(lower, 2 * byte + 1) & 3) << 2
        .byte upper_pair | lower_pair << 4
    .endrepeat
.endmacro

.rodata
title_map:
    line "                                "
    line " hoooooi      s                 "
    line " qkkkkkv  u            s        "
    line " qkkkkkv        s               "
    line " qkkkkkv                        "
    line " qkkkkkv  s   u                 "
    line " qkkkkkv            s           "
    line " jpppppn                        "
    line "            s                   "
    line "                       s        "
    line "   s                            "
    line "                             u  "
    line "                                "
    line "                           s    "
    line "  u                             "
    line "                                "
    line "   s        1 PLAYER  u         "
    line "                           s    "
    line "            2 PLAYERS           "
    line "       u                        "
    line "           BEST            u    "
    line "  s                             "
    line "                     s          "
    line "     s     PRESS START        s "
    line "  u                             "
    line "                   u      s     "
    line "  SELECT TONE A4  B LAMP LAG 0  "
    line "                                "
    line "                                "
    line "                                "
    blocks "0000000000000000", "0333000000002220"
    blocks "0333000000002220", "0333000000002220"
    blocks "0222222222222220", "0222222222222220"
    blocks "0222222222222220", "0222222222222220"
    blocks "0000000000000000", "0000000000000000"
    blocks "0000000000000000", "0000000000000000"
    blocks "0000000000000000", "0000000000000000"
    blocks "0000000000000000", "0000000000000000"

court_map:
    line "                                "
    line " hoooooi                        "
    line " qkkkkkv                        "
    line " qkkkkkv                        "
    line " qkkkkkv                        "
    line " qkkkkkv SCORE        RALLY     "
    line " qkkkkkv                        "
    line " jpppppn BEST                   "
    line " tttttttttttttttttttttttttttttt "
    line " wffffffffffffflrfffffffffffffx "
    line " wffffffffffffflrffffffffffgffx "
    line " wffgacfffffffflrfffffffffffffx "
    line " wfffdefffffffflrfffacffffffgfx "
    line " wffffffffffffflrgffdeffffffffx "
    line " wffffffgfgfacflrffffffffffacfx "
    line " wffffffffgfdeflrffffffffffdefx "
    line " yfffffgffffffflrfgfffffffffffz "
    line " ygffffacfffffflrgfffffffffgffz "
    line " ygffffdegfgffflrffggfacffffgfz "
    line " yffgfffffffffflrfffffdeffffffz "
    line " wffffffffffffflrffgffgfffffffx "
    line " wgffgffffacffflrffffffgffffffx "
    line " wffffffffdeffflrffffffffacfffx "
    line " wffacffffffffflrffffffffdefffx "
    line " wffdeffffffffflrfacffffffffffx "
    line " wfffffffgffffflrfdeffffffffffx "
    line " wffgfffffffffflrfffffffffffffx "
    line " bbbbbbbbbbbbbbbbbbbbbbbbbbbbbb "
    line "                                "
    line "                                "
    blocks "0000000000000000", "0333000000000000"
    blocks "0333000000000000", "0333000000000000"
    blocks "1111111111111111", "1111111111111111"
    blocks "1111111111111111", "1111111111111111"
    blocks "2111111111111112", "2111111111111112"
    blocks "1111111111111111", "1111111111111111"
    blocks "1111111111111111", "1111111111111111"
    blocks "0000000000000000", "0000000000000000"

; Address, columns, rows and first tile of the pictures on the title screen.
pictures:
    .byte >(NAMETABLE_TITLE + 9 * 32 + 4), <(NAMETABLE_TITLE + 9 * 32 + 4), 15, 3, TILE_COMET_LOGO
    .byte >(NAMETABLE_TITLE + 12 * 32 + 12), <(NAMETABLE_TITLE + 12 * 32 + 12), 15, 3, TILE_HARES_LOGO
    .byte >(NAMETABLE_TITLE + 2 * 32 + 24), <(NAMETABLE_TITLE + 2 * 32 + 24), 6, 6, TILE_MOON

palettes:
    .byte BLACK, $11, $21, WHITE     ; stars, frames, letters
    .byte BLACK, $0C, $1C, $3C       ; court: floor, craters, lines and letters
    .byte BLACK, $17, $28, $38       ; gold: logo, moon
    .byte BLACK, BLACK, $21, WHITE   ; the lamp: its colour 1 is light_lamp's alone
    .byte BLACK, BLACK, $25, WHITE   ; left hare
    .byte BLACK, BLACK, $17, $27     ; right hare
    .byte BLACK, $16, $28, WHITE     ; comet
    .byte BLACK, $21, $21, WHITE     ; letters over the court
