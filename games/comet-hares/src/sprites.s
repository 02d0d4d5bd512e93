; Sprites: everything that moves, and letters over the court. Put down anew in each frame, the foremost first.

.include "game.inc"

OVERLAY_LETTERS = 8          ; as many sprites as one line of the picture can show
OVERLAY_LEFT    = 96
OVERLAY_TOP     = 95

.code
sprites_begin:
    lda #0
    sta sprite_next
    rts

; Moves the sprites that this frame doesn't use below the picture.
sprites_end:
    ldx sprite_next
    lda #$F8
@hide:
    sta oam,x
    inx
    inx
    inx
    inx
    bne @hide
    rts

; Puts down tile with attribute at left, top.
put_sprite:
    ldy sprite_next
    lda top
    sta oam,y
    lda tile
    sta oam+1,y
    lda attribute
    sta oam+2,y
    lda left
    sta oam+3,y
    iny
    iny
    iny
    iny
    sty sprite_next
    rts

; Draws hare X: the left one looks right, the right one is its mirror image. Keeps X.
draw_hare:
    lda hare_y,x
    sec
    sbc #1                   ; sprites appear one line below their position
    sta top
    txa
    beq @colours
    lda #COLOURS_RIGHT | FLIP
@colours:
    sta attribute
    lda #TILE_HARE
    clc
    adc hare_pose,x
    sta scratch              ; left tile of this row
    lda #3
    sta scratch+1
@row:
    lda scratch
    cpx #1
    adc #0                   ; the mirrored hare begins with its right tile
    sta tile
    lda hare_x,x
    sta left
    jsr put_sprite
    lda left
    clc
    adc #8
    sta left
    lda tile
    eor #1                   ; TILE_HARE and HARE_PITCH are even
    sta tile
    jsr put_sprite
    lda scratch
    clc
    adc #HARE_PITCH
    sta scratch
    lda top
    clc
    adc #8
    sta top
    dec scratch+1
    bne @row
    rts

; Draws the comet around its centre, and the trail of where it was; on the title screen behind all that stands there.
draw_comet:
    lda #COLOURS_COMET
    ldx state
    bne @before              ; not STATE_TITLE
    ora #BEHIND
@before:
    sta attribute
    lda vblanks
    lsr a
    lsr a
    and #%00000010
    clc
    adc #TILE_COMET
    sta tile
    lda comet_y
    sec
    sbc #9
    sta top
    lda comet_x
    sec
    sbc #8
    sta left
    jsr put_pair
    lda tile
    clc
    adc #3
    sta tile
    lda top
    clc
    adc #8
    sta top
    lda left
    sec
    sbc #8
    sta left
    jsr put_pair
    jmp draw_trail

; Two tiles side by side.
put_pair:
    jsr put_sprite
    inc tile
    lda left
    clc
    adc #8
    sta left
    jmp put_sprite

; Remembers this place and shows the three that are 2, 4 and 6 frames old.
draw_trail:
    ldx trail_next
    lda comet_x
    sta trail_x,x
    lda comet_y
    sta trail_y,x
    lda #TILE_TRAIL
    sta tile
@older:
    dex
    dex
    txa
    and #7
    tax
    lda trail_y,x
    beq @skip                ; not yet filled
    sec
    sbc #5
    sta top
    lda trail_x,x
    sec
    sbc #4
    sta left
    jsr put_sprite
@skip:
    inc tile
    lda tile
    cmp #TILE_TRAIL + 3
    bne @older
    ldx trail_next
    inx
    txa
    and #7
    sta trail_next
    rts

trail_reset:
    lda #0
    ldx #7
@next:
    sta trail_y,x
    dex
    bpl @next
    rts

; Shows the eight letters at overlay, if any.
draw_overlay:
    lda overlay+1
    beq @done
    lda #COLOURS_OVERLAY
    sta attribute
    lda #OVERLAY_TOP
    sta top
    lda #OVERLAY_LEFT
    sta left
    ldx #0
@letter:
    txa
    tay
    lda (overlay),y
    cmp #' '
    beq @blank
    sta tile
    jsr put_sprite
@blank:
    lda left
    clc
    adc #8
    sta left
    inx
    cpx #OVERLAY_LETTERS
    bne @letter
@done:
    rts
