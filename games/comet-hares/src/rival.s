; The machine's mind. It plays through the second pad, by the same rules as a person; only its pace is its own. It walks
; to the height of the comet (never to where a bounce will bring it), late and a little beside: less so in each level.

.include "game.inc"

HOME_X   = 204
HOME_Y   = 130
NEAR     = 4                 ; pixels that it doesn't mind
DASH_FAR = 44                ; farther than this, a dash is worth it
DASH_LEVEL = 2

.code

; At each throw and each catch it makes up its mind about what comes next.
rival_plan:
    ldy level
    jsr random
    and error_mask,y
    sec
    sbc error_half,y
    sta rival_error
    jsr random
    jsr random
    and #%00011111
    clc
    adc shortest_wait,y
    sta rival_wait
    jsr random
    jsr random
    and #%00000111
    tax
    lda aims,x
    ora gentleness,y
    sta rival_aim
    ldx #PAD_A
    jsr random
    cmp curl_chance,y
    bcs @button
    ldx #PAD_B
@button:
    stx rival_button
    rts

; Fills the second pad for this frame.
rival_think:
    lda #0
    sta pads+1
    sta pressed+1
    lda comet_holder
    bmi @flies
    beq go_home
    lda hold_time
    cmp rival_wait
    bcc @wait
    lda rival_aim
    sta pads+1
    lda rival_button
    sta pressed+1
@wait:
    rts
@flies:
    lda comet_vx+1
    bmi go_home
    ldx level
    lda comet_x
    cmp reaction_x,x
    bcc go_home
    lda comet_y
    sec
    sbc #14
    clc
    adc rival_error
    jsr steer_y
    jmp steer_x

go_home:
    lda #HOME_Y
    jsr steer_y
    lda #0
    sta pressed+1

; To the place before its gate.
steer_x:
    lda hare_x+1
    cmp #HOME_X - NEAR
    bcc @right
    cmp #HOME_X + NEAR
    bcc @done
    lda #PAD_LEFT
    bne @press
@right:
    lda #PAD_RIGHT
@press:
    ora pads+1
    sta pads+1
@done:
    rts

; To height A.
steer_y:
    sta scratch
    ldy #PAD_DOWN
    sec
    sbc hare_y+1
    bcs @far
    ldy #PAD_UP
    eor #$FF
@far:
    cmp #NEAR
    bcc @done
    sty pads+1
    cmp #DASH_FAR
    bcc @done
    lda level
    cmp #DASH_LEVEL
    bcc @done
    lda #PAD_B
    sta pressed+1
@done:
    rts

.rodata
; By level: PIP, JUNO, ATLAS, ORION, LUNA
rival_pace:
    .byte >$0100, >$0130, >$0160, >$0190, >$01B8
rival_pace_sub:
    .byte <$0100, <$0130, <$0160, <$0190, <$01B8
reaction_x:                  ; it looks up when the comet is this far right
    .byte 144, 120, 96, 70, 40
error_mask:
    .byte 31, 31, 15, 15, 7
error_half:
    .byte 16, 16, 8, 8, 4
shortest_wait:
    .byte 36, 28, 20, 10, 3
curl_chance:                 ; out of 256
    .byte 0, 40, 70, 100, 120

gentleness:                  ; the first rival never throws steeply
    .byte PAD_LEFT, 0, 0, 0, 0

aims:
    .byte 0, PAD_UP, PAD_DOWN, PAD_UP | PAD_LEFT, PAD_DOWN | PAD_LEFT, PAD_UP, PAD_DOWN, PAD_LEFT
