; The title screen. Up and down choose one player or two, START begins. B makes the lamp 0 to 3 pictures late. SELECT,
; while it is held, sounds the test tone alone. A makes the left hare jump and changes nothing else: press it to measure.

.include "game.inc"

JUMP_FRAMES = 20

HARE_LEFT_X  = 64
HARE_LEFT_Y  = 96
HARE_RIGHT_X = 176
HARE_RIGHT_Y = 68

.code
title_begin:
    lda #SHOW_TITLE
    sta ppu_ctrl
    lda #STATE_TITLE
    sta state
    lda #0
    sta timer                ; counts down a jump
    sta hare_pose
    sta hare_pose+1
    lda #HARE_LEFT_X
    sta hare_x
    lda #HARE_RIGHT_X
    sta hare_x+1
    lda #HARE_RIGHT_Y
    sta hare_y+1
    jsr trail_reset
    lda #TUNE_TITLE
    jmp play_tune

title_run:
    lda pressed
    and #PAD_START
    bne game_begin
    jsr sound_tone
    jsr choose
    jsr jump
    jsr fly_by
    ldx #0
    jsr draw_hare
    inx
    jsr draw_hare
    jsr draw_comet
    jmp title_figures

game_begin:
    jsr tone_off
    jsr score_clear
    lda #0
    sta level
    sta new_best
    jmp match_begin

; The tone sounds from the frame in which SELECT goes down to that in which it comes up.
sound_tone:
    lda pads
    and #PAD_SELECT
    bne @held
    jmp tone_off
@held:
    jmp tone_on

choose:
    lda pressed
    and #PAD_UP | PAD_DOWN
    beq @lag
    ldy #0
    and #PAD_UP
    bne @mode
    iny
@mode:
    sty two_players
    lda #EFFECT_MOVE
    jsr play_effect
@lag:
    lda pressed
    and #PAD_B
    beq @done
    ldx lamp_lag
    inx
    txa
    and #%00000011
    sta lamp_lag
    lda #EFFECT_MOVE
    jmp play_effect
@done:
    rts

jump:
    lda pressed
    and #PAD_A
    beq @move
    lda timer
    bne @move
    lda #JUMP_FRAMES
    sta timer
@move:
    lda #POSE_STAND
    ldx timer
    beq @pose
    dec timer
    lda #POSE_THROW
@pose:
    sta hare_pose
    lda #HARE_LEFT_Y
    sec
    sbc jump_height,x
    sta hare_y
    rts

; The comet crosses the sky again and again.
fly_by:
    inc comet_x
    inc comet_x
    lda comet_x
    lsr a
    lsr a
    clc
    adc #34
    sta comet_y
    rts

.rodata
jump_height:                 ; by the frames that are left of the jump
    .byte 0, 4, 8, 11, 14, 16, 18, 19, 20, 21, 21, 21, 20, 19, 18, 16, 14, 11, 8, 4, 0
