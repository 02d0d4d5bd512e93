; The comet: carried, thrown, flying, caught, past a hare. Each catch of a rally makes the next throw faster, and a swift
; throw (soon after the catch) is faster still. B curls it: it swings out along the cross and comes back.

.include "game.inc"

SPEED_FIRST  = $0240         ; 2.25 pixels a frame
SPEED_STEP   = $0030
RALLY_FASTER = 12            ; catches that still make it faster
SWIFT_FRAMES = 10
SWIFT_STEPS  = 4
HOLD_FRAMES  = 75            ; then it slips away

COMET_TOP    = 80            ; its centre bounces here
COMET_BOTTOM = 208
GOAL_LEFT    = 12
GOAL_RIGHT   = 245
GATE_TOP     = 128           ; the golden gates
GATE_BOTTOM  = 160

REACH_X      = 12            ; a hare catches what is this near to its middle
REACH_Y      = 17

.macro negate value
    sec
    lda #0
    sbc value
    sta value
    lda #0
    sbc value+1
    sta value+1
.endmacro

.code

; Puts the comet into the paws of hare X. Keeps X.
comet_carry:
    lda hare_x,x
    clc
    adc paws,x
    sta comet_x
    lda hare_y,x
    clc
    adc #9
    sta comet_y
    lda #0
    sta comet_x_sub
    sta comet_y_sub
    rts

; One frame in the paws of its holder, who may throw it.
comet_held:
    ldx comet_holder
    jsr comet_carry
    inc hold_time
    lda hold_time
    cmp #HOLD_FRAMES
    bcs comet_throw
    lda pressed,x
    and #PAD_A | PAD_B
    bne comet_throw
    rts

; Hare X throws along its cross.
comet_throw:
    jsr set_speed
    jsr set_slope
    lda pressed,x
    and #PAD_B
    beq @straight
    jsr set_spin
@straight:
    txa
    beq @aimed
    negate comet_vx
@aimed:
    lda #NOBODY
    sta comet_holder
    jmp rival_plan

; comet_vx to the right, by rally and time; no slope, no spin. Keeps X.
set_speed:
    lda rally
    cmp #RALLY_FASTER
    bcc @steps
    lda #RALLY_FASTER
@steps:
    tay
    lda #EFFECT_THROW
    sta scratch
    lda hold_time
    cmp #SWIFT_FRAMES
    bcs @speed
    iny
    iny
    iny
    iny
    .assert SWIFT_STEPS = 4, error
    lda #EFFECT_SWIFT
    sta scratch
@speed:
    lda speed_low,y
    sta comet_vx
    lda speed_high,y
    sta comet_vx+1
    lda #0
    sta comet_vy
    sta comet_vy+1
    sta comet_spin
    sta comet_spin+1
    lda scratch
    jmp play_effect

; comet_vy by the cross of hare X: as much as comet_vx, or half of it with the arrow to the front held too. Keeps X.
set_slope:
    lda pads,x
    and #PAD_UP | PAD_DOWN
    beq @level
    lda comet_vx
    sta comet_vy
    lda comet_vx+1
    sta comet_vy+1
    lda pads,x
    and front,x
    beq @steep
    lsr comet_vy+1
    ror comet_vy
@steep:
    lda pads,x
    and #PAD_UP
    beq @level
    negate comet_vy
@level:
    rts

; comet_spin, against comet_vy: 1/32 of it each frame. Without a slope chance chooses one. Keeps X.
set_spin:
    lda comet_vy
    ora comet_vy+1
    bne @sloped
    lda comet_vx
    sta comet_vy
    lda comet_vx+1
    sta comet_vy+1
    jsr random
    bpl @sloped
    negate comet_vy
@sloped:
    lda comet_vy
    sta comet_spin
    lda comet_vy+1
    sta comet_spin+1
    ldy #5
@half:
    lda comet_spin+1
    cmp #$80                 ; the sign into the carry
    ror comet_spin+1
    ror comet_spin
    dey
    bne @half
    negate comet_spin
    rts

; One frame of flight.
comet_fly:
    clc
    lda comet_vy
    adc comet_spin
    sta comet_vy
    lda comet_vy+1
    adc comet_spin+1
    sta comet_vy+1
    clc
    lda comet_y_sub
    adc comet_vy
    sta comet_y_sub
    lda comet_y
    adc comet_vy+1
    sta comet_y
    clc
    lda comet_x_sub
    adc comet_vx
    sta comet_x_sub
    lda comet_x
    adc comet_vx+1
    sta comet_x
    jsr bounce
    jsr catch
    lda comet_holder
    bmi past
    rts

bounce:
    lda #COMET_TOP
    ldy comet_vy+1
    bmi @rises
    lda comet_y
    cmp #COMET_BOTTOM
    bcc @done
    lda #COMET_BOTTOM
    bne @turn
@rises:
    cmp comet_y
    bcc @done
@turn:
    sta comet_y
    negate comet_vy
    lda #0
    sta comet_spin
    sta comet_spin+1
    lda #EFFECT_BOUNCE
    jmp play_effect
@done:
    rts

; The hare that the comet flies to catches it, if it is near.
catch:
    ldx #0
    lda comet_vx+1
    bmi @near
    inx
@near:
    lda hare_x,x
    clc
    adc #8 + REACH_X
    sec
    sbc comet_x
    cmp #2 * REACH_X
    bcs @done
    lda hare_y,x
    clc
    adc #14 + REACH_Y
    sec
    sbc comet_y
    cmp #2 * REACH_Y
    bcs @done
    stx comet_holder
    lda #0
    sta hold_time
    lda rally
    cmp #99
    beq @counted
    inc rally
@counted:
    txa
    bne @sound
    lda #1                   ; ten points
    jsr score_add
@sound:
    lda #EFFECT_CATCH
    jsr play_effect
    jmp rival_plan
@done:
    rts

; A goal, once the comet is behind a hare.
past:
    ldy #1
    lda comet_x
    cmp #GOAL_LEFT
    bcc @goal
    dey
    cmp #GOAL_RIGHT
    bcc @none
@goal:
    sty goal_for
    ldx #1
    lda comet_y
    cmp #GATE_TOP
    bcc @single
    cmp #GATE_BOTTOM
    bcs @single
    inx
@single:
    stx goal_worth
@none:
    rts

.rodata
paws:
    .byte 16, 0
front:
    .byte PAD_RIGHT, PAD_LEFT
speed_low:
    .repeat RALLY_FASTER + SWIFT_STEPS + 1, step
    .byte <(SPEED_FIRST + step * SPEED_STEP)
    .endrepeat
speed_high:
    .repeat RALLY_FASTER + SWIFT_STEPS + 1, step
    .byte >(SPEED_FIRST + step * SPEED_STEP)
    .endrepeat
