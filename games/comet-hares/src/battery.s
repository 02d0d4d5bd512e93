; The best score in the battery RAM at $6000: "HARE", four digits, a checksum and its complement. A new battery holds
; anything; unless all of that fits it is taken for empty, and the best score starts at 0.

.include "game.inc"

RECORD = 8                   ; the bytes that the checksum covers

.code
battery_load:
    ldx #3
@magic:
    lda battery_magic,x
    cmp magic,x
    bne battery_clear
    lda battery_best,x
    cmp #10
    bcs battery_clear
    dex
    bpl @magic
    jsr checksum
    cmp battery_check
    bne battery_clear
    eor #$FF
    cmp battery_check+1
    bne battery_clear
    rts

battery_clear:
    ldx #3
@byte:
    lda magic,x
    sta battery_magic,x
    lda #0
    sta battery_best,x
    dex
    bpl @byte
    jmp seal

; Keeps the score if it beats the best. Carry set if it did.
battery_keep:
    ldx #0
@compare:
    lda battery_best,x
    cmp score,x
    bcc @better              ; a higher digit decides
    bne @worse
    inx
    cpx #4
    bne @compare
@worse:
    clc
    rts
@better:
    ldx #3
@digit:
    lda score,x
    sta battery_best,x
    dex
    bpl @digit
    jsr seal
    sec
    rts

seal:
    jsr checksum
    sta battery_check
    eor #$FF
    sta battery_check+1
    rts

; Depends on each byte and its place.
checksum:
    lda #$5A
    ldx #RECORD - 1
@byte:
    asl a
    adc battery_magic,x      ; with the bit that asl pushed out
    dex
    bpl @byte
    rts

.rodata
magic:
    .byte "HARE"
