; A pause: START stops serve and play and goes on; SELECT leaves for the title screen.

.include "game.inc"

.code

; Begins a pause if a player pressed START.
pause_asked:
    jsr players_pressed
    and #PAD_START
    bne pause_begin
    rts

pause_begin:
    lda state
    sta paused_state
    lda #STATE_PAUSE
    sta state
    lda #<pause_text
    sta overlay
    lda #>pause_text
    sta overlay+1
    jmp sound_hush

pause_run:
    jsr draw_match
    jsr players_pressed
    tay
    and #PAD_SELECT
    bne @leave
    tya
    and #PAD_START
    beq @stay
    lda paused_state
    sta state
    lda #0                   ; a serve goes on without its READY
    sta overlay+1
    jmp sound_resume
@leave:
    lda #0
    sta overlay+1
    jsr sound_resume
    jmp title_begin
@stay:
    rts

; The buttons that went down, in A. Against the machine the second pad is the machine's.
players_pressed:
    lda pressed
    ldx two_players
    beq @done
    ora pressed+1
@done:
    rts

.rodata
pause_text:
    .byte " PAUSE  "
