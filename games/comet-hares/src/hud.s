; The changing figures of both screens. Each frame queues one of them, in turn, whether it has changed or not: so none
; is more than five frames old, and the vertical blank always has the same small work.

.include "game.inc"

.macro address table, column, line
    .byte >(table + (line) * 32 + column), <(table + (line) * 32 + column)
.endmacro

.code

; The title screen: best score, mode cursor, lamp lag.
title_figures:
    lda vblanks
    and #%00000011
    beq title_best
    cmp #2
    bcc cursor
    beq lag
    jmp twinkle

title_best:
    ldx #FIGURE_TITLE_BEST
    lda #<battery_best
    ldy #>battery_best
    jmp queue_digits

; A '>' before the mode that is chosen, and a space before the other.
cursor:
    ldx #FIGURE_ONE
    ldy #1
    jsr queue_figure
    ldy #' '
    lda two_players
    bne @first
    ldy #'>'
@first:
    tya
    sta queue,x
    ldx #FIGURE_TWO
    ldy #1
    jsr queue_figure
    ldy #' '
    lda two_players
    beq @second
    ldy #'>'
@second:
    tya
    sta queue,x
    rts

lag:
    ldx #FIGURE_LAG
    ldy #1
    jsr queue_figure
    lda lamp_lag
    ora #'0'
    sta queue,x
    rts

; The court: score, best score, both hares' goals, the rally.
court_figures:
    ldx figure_turn
    inx
    cpx #6
    bcc @turn
    ldx #0
@turn:
    stx figure_turn
    txa
    beq court_score
    dex
    beq court_best
    dex
    beq left_goals
    dex
    beq right_goals
    dex
    beq court_rally
    jmp twinkle

court_score:
    ldx #FIGURE_SCORE
    lda #<score
    ldy #>score
    jmp queue_digits

court_best:
    ldx #FIGURE_BEST
    lda #<battery_best
    ldy #>battery_best
    jmp queue_digits

left_goals:
    ldx #FIGURE_LEFT
    lda goals
    jmp queue_pips

right_goals:
    ldx #FIGURE_RIGHT
    lda goals+1
    jmp queue_pips

court_rally:
    ldx #FIGURE_RALLY
    ldy #2
    jsr queue_figure
    lda rally
    ldy #'0'
@tens:
    cmp #10
    bcc @units
    sbc #10
    iny
    bne @tens
@units:
    ora #'0'
    sta queue+1,x
    tya
    sta queue,x
    rts

; Begins a record of Y bytes for figure X.
queue_figure:
    lda figures+1,x
    pha
    lda figures,x
    sta scratch
    pla
    tax
    lda scratch
    jmp queue_begin

; Figure X: the four digits at A (low), Y (high), and a last 0.
queue_digits:
    sta pointer
    sty pointer+1
    ldy #5
    jsr queue_figure
    ldy #0
@digit:
    lda (pointer),y
    ora #'0'
    sta queue,x
    inx
    iny
    cpy #4
    bne @digit
    lda #'0'
    sta queue,x
    rts

; Figure X: A full pips out of GOALS_TO_WIN.
queue_pips:
    sta scratch+2
    ldy #GOALS_TO_WIN
    jsr queue_figure
    ldy #0
@pip:
    lda #TILE_PIP_EMPTY
    cpy scratch+2
    bcs @empty
    lda #TILE_PIP_FULL
@empty:
    sta queue,x
    inx
    iny
    cpy #GOALS_TO_WIN
    bne @pip
    rts

; The stars change their brightness.
twinkle:
    lda #$3F
    ldx #$01
    ldy #1
    jsr queue_begin
    lda vblanks
    lsr a
    lsr a
    lsr a
    lsr a
    and #%00000011
    tay
    lda star_colours,y
    sta queue,x
    rts

; The names above the goals, at the start of a match.
queue_names:
    lda two_players          ; YOU, or PLAYER 1
    ldx #FIGURE_LEFT_NAME
    jsr queue_name
    lda #NAME_PLAYER_2
    ldx two_players
    bne @right
    lda level
    clc
    adc #NAME_RIVAL
@right:
    ldx #FIGURE_RIGHT_NAME

    bne queue_name           ; always

; The name of this level's rival, into the banner.
queue_next_rival:
    lda level
    clc
    adc #NAME_RIVAL
    ldx #FIGURE_NEXT_RIVAL

; Queues name A as figure X.
queue_name:
    stx scratch
    sta scratch+1
    asl a
    clc
    adc scratch+1
    asl a                    ; six letters each
    adc #<names
    sta pointer
    lda #>names
    adc #0
    sta pointer+1
    ldx scratch
    ldy #6
    lda figures+1,x
    pha
    lda figures,x
    sta scratch
    pla
    tax
    lda scratch
    jmp queue_bytes

.rodata
star_colours:
    .byte $01, $11, $21, $11

NAME_PLAYER_2 = 2
names:
    .byte "YOU   ", "ONE   ", "TWO   "
NAME_RIVAL = 3               ; one for each level
    .byte "PIP   ", "JUNO  ", "ATLAS ", "ORION ", "LUNA  "

; Where each figure stands.
figures:
FIGURE_TITLE_BEST = * - figures
    address NAMETABLE_TITLE, 16, 20
FIGURE_ONE = * - figures
    address NAMETABLE_TITLE, 10, 16
FIGURE_TWO = * - figures
    address NAMETABLE_TITLE, 10, 18
FIGURE_LAG = * - figures
    address NAMETABLE_TITLE, 29, 26
FIGURE_SCORE = * - figures
    address NAMETABLE_COURT, 15, 5
FIGURE_BEST = * - figures
    address NAMETABLE_COURT, 15, 7
FIGURE_LEFT = * - figures
    address NAMETABLE_COURT, 9, 3
FIGURE_RIGHT = * - figures
    address NAMETABLE_COURT, 22, 3
FIGURE_RALLY = * - figures
    address NAMETABLE_COURT, 28, 5
FIGURE_LEFT_NAME = * - figures
    address NAMETABLE_COURT, 9, 2
FIGURE_RIGHT_NAME = * - figures
    address NAMETABLE_COURT, 22, 2
FIGURE_NEXT_RIVAL = * - figures
    address NAMETABLE_COURT, 19, 15
