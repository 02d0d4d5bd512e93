; The end of a match: a banner over the court, and START goes on: to the next rival, or to the title screen.

.include "game.inc"

BONUS_TENS    = 50           ; times the number of the rival
BANNER_FRAMES = 40

.enum                        ; verdicts, in the order of `banners`
    WON
    CHAMPION
    LOST
    LOST_BEST
    ONE_WINS
    TWO_WINS
.endenum

; One row of a banner: 22 letters in the court's name table.
.macro banner_row line, letters
    .assert .strlen(letters) = 22, error, "a banner is 22 letters wide"
    .byte 22, >(NAMETABLE_COURT + (line) * 32 + 5), <(NAMETABLE_COURT + (line) * 32 + 5), letters
.endmacro

; A whole banner: two lines of text and what START does.
.macro banner first, second, start
    banner_row 12, "                      "
    banner_row 13, first
    banner_row 14, "                      "
    banner_row 15, second
    banner_row 16, "                      "
    banner_row 17, "                      "
    banner_row 18, start
    banner_row 19, "                      "
    .byte 0
.endmacro

.code
result_begin:
    lda #STATE_RESULT
    sta state
    lda #0
    sta overlay+1
    sta timer
    jsr judge
    sta verdict
    asl a
    tax
    lda banners,x
    sta banner
    lda banners+1,x
    sta banner+1
    lda #TUNE_WON
    ldx verdict
    cpx #LOST
    bcc @tune
    cpx #ONE_WINS
    bcs @tune
    lda #TUNE_LOST
@tune:
    jmp play_tune

; Which banner the match has earned, in A. A match won against the machine gets its bonus, and the next rival.
judge:
    lda two_players
    beq @machine
    lda #ONE_WINS
    clc
    adc goal_for
    rts
@machine:
    lda goal_for
    bne @lost
    jsr bonus
    inc level
    lda level
    cmp #RIVALS
    bcs @champion
    lda #WON
    rts
@champion:
    lda #CHAMPION
    rts
@lost:
    lda #LOST
    clc
    adc new_best
    rts

bonus:
    ldx level
@rival:
    txa
    pha
    lda #BONUS_TENS
    jsr score_add
    pla
    tax
    dex
    bpl @rival
    jsr battery_keep
    bcc @done
    lda #1
    sta new_best
@done:
    rts

; START is heard once the banner is there, so that a late throw doesn't skip it.
result_run:
    ldx #0
    jsr draw_hare
    inx
    jsr draw_hare
    jsr paint_row
    jsr court_figures
    lda timer
    cmp #BANNER_FRAMES
    beq @ready
    inc timer
    rts
@ready:
    lda verdict
    bne @pads
    jsr queue_next_rival
@pads:
    lda pressed
    ldx two_players
    beq @start
    ora pressed+1
@start:
    and #PAD_START | PAD_SELECT
    beq @stay
    ldx #BANNER_TOP
    stx mend_row
    and #PAD_SELECT
    bne @title
    lda verdict
    beq @match
    cmp #ONE_WINS
    bcs @match
@title:
    jmp title_begin
@match:
    jmp match_begin
@stay:
    rts

.rodata
banners:
    .word won_banner, champion_banner, lost_banner, best_banner, one_banner, two_banner

won_banner:
    banner "  THE MATCH IS YOURS  ", "   NEXT RIVAL         ", "    START GOES ON     "
champion_banner:
    banner " CHAMPION OF THE MOON ", " ALL FIVE ARE BEATEN! ", " START ENDS THE GAME  "
lost_banner:
    banner "      GAME OVER       ", " THE MOON STAYS THEIRS", " START ENDS THE GAME  "
best_banner:
    banner "      GAME OVER       ", "  A NEW BEST SCORE!   ", " START ENDS THE GAME  "
one_banner:
    banner "   PLAYER ONE WINS!   ", "     WELL THROWN!     ", " START PLAYS IT AGAIN "
two_banner:
    banner "   PLAYER TWO WINS!   ", "     WELL THROWN!     ", " START PLAYS IT AGAIN "
