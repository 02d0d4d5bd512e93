; iNES header: NROM-128, vertical mirroring (two screens side by side), battery at $6000.

.include "game.inc"

.segment "HEADER"
    .byte "NES", $1A
    .byte 1                  ; 16 KiB of program
    .byte 1                  ; 8 KiB of pictures
    .byte %00000011          ; mapper 0, battery, vertical mirroring
    .byte 0
    .byte 1                  ; 8 KiB of battery RAM
    .byte 0, 0, 0, 0, 0, 0, 0

.segment "VECTORS"
    .word nmi, reset, ignore

.code
ignore:
    rti
