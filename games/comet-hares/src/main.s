; The loop: once after each vertical blank, one step of the state that the game is in, then sprites and sound.

.include "game.inc"

.code
main:
    lda vblanks
@wait:
    cmp vblanks
    beq @wait
    jsr take_pads
    jsr random
    jsr sprites_begin
    jsr run_state
    jsr sprites_end
    ldx queue_end
    lda #0
    sta queue,x
    lda #1
    sta picture_ready
    jsr sound_update
    jmp main

take_pads:
    ldx #1
@pad:
    ldy pad_read,x
    tya
    eor pads,x
    sty pads,x
    and pads,x
    sta pressed,x
    dex
    bpl @pad
    rts

run_state:
    lda state
    asl a
    tax
    lda states,x
    sta pointer
    lda states+1,x
    sta pointer+1
    jmp (pointer)

; One step of a 16-bit Galois register; A is its low byte.
random:
    lda random_bits
    asl a
    rol random_bits+1
    bcc @done
    eor #$2D
@done:
    sta random_bits
    cmp #0                   ; the flags of A
    rts

.rodata
states:                      ; in the order of the STATE_ names
    .word title_run, serve_run, play_run, goal_run, result_run, pause_run
