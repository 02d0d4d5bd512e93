; The background: both screens drawn at boot, and afterwards small changes queued for the vertical blank.
; A record of the queue is: length, address (high byte first), bytes. The records of one frame stay under 64 bytes.

.include "game.inc"

QUEUE_LIMIT = 64             ; what the vertical blank has time for

.code

; Copies 1 KiB of map (A low, X high) to the name table whose high byte is Y. Only while the picture is off.
draw_screen:
    sta pointer
    stx pointer+1
    sty PPUADDR
    ldy #0
    sty PPUADDR
    ldx #4
@byte:
    lda (pointer),y
    sta PPUDATA
    iny
    bne @byte
    inc pointer+1
    dex
    bne @byte
    rts

; Draws the picture at offset X of `pictures`: address, columns, rows, first tile. X moves on to the next picture.
draw_picture:
    lda pictures,x
    sta pointer+1
    lda pictures+1,x
    sta pointer
    lda pictures+3,x
    sta scratch
    lda pictures+4,x
    sta tile
@row:
    lda pointer+1
    sta PPUADDR
    lda pointer
    sta PPUADDR
    ldy pictures+2,x
@column:
    lda tile
    sta PPUDATA
    inc tile
    dey
    bne @column
    lda pointer
    clc
    adc #32
    sta pointer
    bcc @same_page
    inc pointer+1
@same_page:
    dec scratch
    bne @row
    txa
    clc
    adc #5
    tax
    rts

; Begins a record of Y bytes at address A (high), X (low). The caller stores them at queue,x and on.
queue_begin:
    sta scratch
    txa
    ldx queue_end
    sta queue+2,x
    lda scratch
    sta queue+1,x
    tya
    sta queue,x
    inx
    inx
    inx
    stx scratch
    clc
    adc scratch
    sta queue_end
    rts

; Queues the record at pointer. Returns its size in Y, or 0 with Z set at the end of a list.
queue_record:
    ldy #0
    lda (pointer),y
    beq @done
    clc
    adc #3
    sta scratch
    ldx queue_end
@byte:
    lda (pointer),y
    sta queue,x
    inx
    iny
    cpy scratch
    bne @byte
    stx queue_end
    tya
@done:
    rts

; Queues Y bytes at pointer, for address A (high), X (low).
queue_bytes:
    sty scratch+1
    jsr queue_begin
    ldy #0
@byte:
    lda (pointer),y
    sta queue,x
    inx
    iny
    cpy scratch+1
    bne @byte
    rts

; Queues the next row of the banner, or else the next row of the court that a banner has covered. Waits while the queue
; has more than this row and one of the court's figures leave room for.
paint_row:
    lda queue_end
    cmp #QUEUE_LIMIT - 35 - 10
    bcs mended
    lda banner+1
    beq mend
    sta pointer+1
    lda banner
    sta pointer
    jsr queue_record
    beq @finished
    clc
    adc banner
    sta banner
    bcc @done
    inc banner+1
@done:
    rts
@finished:
    sta banner+1
    rts

mend:
    lda mend_row
    beq mended
    lsr a
    lsr a
    lsr a
    sta scratch+2            ; high byte of row * 32
    lda mend_row
    asl a
    asl a
    asl a
    asl a
    asl a
    tax
    clc
    adc #<court_map
    sta pointer
    lda scratch+2
    adc #>court_map
    sta pointer+1
    lda scratch+2
    ora #>NAMETABLE_COURT
    ldy #32
    jsr queue_bytes
    inc mend_row
    lda mend_row
    cmp #BANNER_PAST
    bcc mended
    lda #0
    sta mend_row
mended:
    rts

; Dresses the right hare as the rival of this level.
set_rival_colours:
    lda level
    asl a
    clc
    adc level
    adc #<rival_colours
    sta pointer
    lda #>rival_colours
    adc #0
    sta pointer+1
    lda #$3F
    ldx #$15
    ldy #3
    jmp queue_bytes

.rodata
rival_colours:               ; outline, shade, fur
    .byte BLACK, $17, $27
    .byte BLACK, $1A, $2A
    .byte BLACK, $13, $24
    .byte BLACK, $06, $16
    .byte BLACK, $28, $38
