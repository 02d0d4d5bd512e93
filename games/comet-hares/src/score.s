; The score of one player against the machine: four decimal digits, counted in tens (the units are always 0).
;   a catch 10, a goal 100 (200 through the golden gate), a match won 500 times the number of the rival

.include "game.inc"

.code
score_clear:
    lda #0
    ldx #3
@digit:
    sta score,x
    dex
    bpl @digit
    rts

; Adds A tens. Two players play for goals alone. The score stops at 99990.
score_add:
    ldx two_players
    bne @done
    tay
    beq @done
@ten:
    ldx #3
@carry:
    inc score,x
    lda score,x
    cmp #10
    bcc @next
    lda #0
    sta score,x
    dex
    bpl @carry
    lda #9                   ; past the highest: stay there
    ldx #3
@stop:
    sta score,x
    dex
    bpl @stop
    rts
@next:
    dey
    bne @ten
@done:
    rts
