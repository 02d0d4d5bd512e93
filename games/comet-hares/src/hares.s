; The hares: where the pads move them. A hare that holds the comet stands still; B without the comet is a short dash.

.include "game.inc"

WALK     = $01C0             ; 1.75 pixels a frame
DASH     = $0400
DASH_NEW = 26                ; frames from one dash to the next
DASH_END = 16                ; hare_dash below this: out of breath

HARE_TOP    = 62
HARE_BOTTOM = 191
HOME_Y      = 130

.code
hares_home:
    ldx #1
@hare:
    lda home_x,x
    sta hare_x,x
    lda #HOME_Y
    sta hare_y,x
    lda #0
    sta hare_dash,x
    sta hare_pose,x
    dex
    bpl @hare
    rts

; Moves hare X. Keeps X.
hare_move:
    lda hare_dash,x
    beq @rested
    dec hare_dash,x
@rested:
    lda #POSE_THROW
    cpx comet_holder
    beq @pose
    jsr start_dash
    lda pads,x
    and #PAD_CROSS
    beq @pose                ; POSE_STAND
    jsr choose_pace
    jsr step
    jsr stay_inside
    inc hare_step,x
    lda hare_step,x
    and #%00000100
    lsr a                    ; POSE_STAND and POSE_RUN in turn
@pose:
    sta hare_pose,x
    rts

start_dash:
    lda pressed,x
    and #PAD_B
    beq @done
    lda hare_dash,x
    bne @done
    lda #DASH_NEW
    sta hare_dash,x
    lda #4
    jmp play_noise
@done:
    rts

choose_pace:
    lda #>DASH
    ldy #<DASH
    pha
    lda hare_dash,x
    cmp #DASH_END
    pla
    bcs @set
    lda #>WALK
    ldy #<WALK
    cpx #0
    beq @set
    pha
    lda two_players
    beq @machine
    pla
@set:
    sta pace
    sty pace_sub
    rts
@machine:
    pla
    ldy level
    lda rival_pace,y
    sta pace
    lda rival_pace_sub,y
    sta pace_sub
    rts

; Moves hare X by the pace, once for each arrow of the cross.
step:
    lda pads,x
    lsr a
    bcc @not_right
    pha
    clc
    lda hare_x_sub,x
    adc pace_sub
    sta hare_x_sub,x
    lda hare_x,x
    adc pace
    sta hare_x,x
    pla
@not_right:
    lsr a
    bcc @not_left
    pha
    sec
    lda hare_x_sub,x
    sbc pace_sub
    sta hare_x_sub,x
    lda hare_x,x
    sbc pace
    sta hare_x,x
    pla
@not_left:
    lsr a
    bcc @not_down
    pha
    clc
    lda hare_y_sub,x
    adc pace_sub
    sta hare_y_sub,x
    lda hare_y,x
    adc pace
    sta hare_y,x
    pla
@not_down:
    lsr a
    bcc @not_up
    sec
    lda hare_y_sub,x
    sbc pace_sub
    sta hare_y_sub,x
    lda hare_y,x
    sbc pace
    sta hare_y,x
@not_up:
    rts

; Keeps hare X in its half of the court.
stay_inside:
    lda leftmost,x
    cmp hare_x,x
    bcs @set_x
    lda rightmost,x
    cmp hare_x,x
    bcs @inside_x
@set_x:
    sta hare_x,x
@inside_x:
    lda #HARE_TOP
    cmp hare_y,x
    bcs @set_y
    lda #HARE_BOTTOM
    cmp hare_y,x
    bcs @inside_y
@set_y:
    sta hare_y,x
@inside_y:
    rts

.rodata
home_x:
    .byte 32, 208
leftmost:
    .byte 16, 136
rightmost:
    .byte 104, 224
