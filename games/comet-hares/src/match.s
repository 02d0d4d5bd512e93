; A match: serve, play, goal, and again until one hare has GOALS_TO_WIN. Leaves the hares, the comet and the machine's
; mind to their modules, and the end of the match to result.s.

.include "game.inc"

SERVE_FRAMES = 45
SERVE_HOLD   = 20            ; hold_time to begin with: too late for a swift throw
GOAL_FRAMES  = 80
GOAL_TENS    = 10

.code
match_begin:
    lda #SHOW_COURT
    sta ppu_ctrl
    lda #0
    sta pressed              ; the START that brought us here
    sta pressed+1
    sta goals
    sta goals+1
    sta server
    sta banner+1
    ldx two_players
    beq @rival
    sta level                ; two players: the first rival's colours
@rival:
    jsr queue_names
    jsr set_rival_colours
    lda #TUNE_MATCH
    jsr play_tune

; The hare that let the comet pass has it now.
serve_begin:
    lda #STATE_SERVE
    sta state
    lda #SERVE_FRAMES
    sta timer
    lda #<ready_text
    sta overlay
    lda #>ready_text
    sta overlay+1
    jsr hares_home
    jsr trail_reset
    lda #0
    sta rally
    sta goal_worth
    lda server
    sta comet_holder
    jsr rival_plan

serve_run:
    ldx comet_holder
    jsr comet_carry
    jsr draw_match
    jsr pause_asked
    dec timer
    bne @done
    lda #STATE_PLAY
    sta state
    lda #0
    sta overlay+1
    lda #SERVE_HOLD
    sta hold_time
@done:
    rts

play_run:
    lda two_players
    bne @people
    jsr rival_think
@people:
    ldx #0
    jsr hare_move
    ldx #1
    jsr hare_move
    lda comet_holder
    bmi @flies
    jsr comet_held
    jmp @drawn
@flies:
    jsr comet_fly
@drawn:
    jsr draw_match
    lda goal_worth
    bne goal_begin
    jmp pause_asked

goal_begin:
    ldx goal_for
    clc
    adc goals,x
    cmp #GOALS_TO_WIN
    bcc @count
    lda #GOALS_TO_WIN
@count:
    sta goals,x
    lda #POSE_THROW
    sta hare_pose,x
    txa
    eor #1
    sta server
    tax
    lda #POSE_STAND
    sta hare_pose,x
    jsr say_goal
    jsr reward
    lda #STATE_GOAL
    sta state
    lda #GOAL_FRAMES
    sta timer
    rts

say_goal:
    lda #<goal_text
    ldx #>goal_text
    ldy goal_worth
    dey
    beq @text
    lda #<golden_text
    ldx #>golden_text
@text:
    sta overlay
    stx overlay+1
    lda #15
    jsr play_noise
    lda #EFFECT_GOAL
    ldx goal_for
    beq @sound
    ldx two_players
    bne @sound
    lda #EFFECT_AGAINST
@sound:
    jmp play_effect

; Points for the player's goal: those of the gate, and one ten for each catch of the rally.
reward:
    lda goal_for
    bne @done
    lda #GOAL_TENS
    ldx goal_worth
    dex
    beq @single
    asl a
@single:
    clc
    adc rally
    jsr score_add
    lda two_players
    bne @done
    jsr battery_keep
    bcc @done
    lda #1
    sta new_best
@done:
    rts

goal_run:
    dec timer
    beq goal_end
    ldx goal_for             ; the scorer jumps for joy
    lda timer
    and #%00001000
    lsr a
    eor hare_y,x
    and #%00000100
    eor hare_y,x
    sta hare_y,x
    jsr draw_overlay
    jsr draw_hares
    jsr paint_row
    jmp court_figures

goal_end:
    ldx goal_for
    lda goals,x
    cmp #GOALS_TO_WIN
    bcs @over
    jmp serve_begin
@over:
    jmp result_begin

; What each state of the match shows.
draw_match:
    jsr draw_overlay
    jsr draw_comet
    jsr draw_hares
    jsr paint_row
    jmp court_figures

draw_hares:
    ldx #0
    jsr draw_hare
    ldx #1
    jmp draw_hare

.rodata
ready_text:
    .byte " READY! "
goal_text:
    .byte " GOAL!  "
golden_text:
    .byte "GOLDEN 2"
