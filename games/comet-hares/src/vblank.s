; The vertical blank. Its order is the point of the game's measuring lamp: first the pads are read, and their state goes
; straight into the lamp's own palette entry, so the picture that is drawn next already shows the button. Sprites and
; background changes follow, and only if the game has finished them; the lamp never waits for the game.
;
; About 2270 cycles are there. Pads take 250, the lamp 50, sprites 520, the queue 16 a byte for at most 64 bytes.

.include "game.inc"

.code
nmi:
    pha
    txa
    pha
    tya
    pha
    jsr read_pads
    jsr light_lamp
    inc vblanks
    lda picture_ready
    beq @scroll
    lda #0
    sta OAMADDR
    sta picture_ready
    lda #>oam
    sta OAMDMA
    jsr drain_queue
@scroll:
    lda ppu_ctrl
    sta PPUCTRL
    lda #0
    sta PPUSCROLL
    sta PPUSCROLL
    lda #%00011110           ; background and sprites, to the left edge
    sta PPUMASK
    pla
    tay
    pla
    tax
    pla
    rti

; Reads both pads into pad_read. Nothing plays samples, so no DMA disturbs the reads.
read_pads:
    lda #1
    sta JOY1
    sta pad_read+1           ; this bit comes out as the carry after eight shifts
    lsr a
    sta JOY1
@next:
    lda JOY1
    and #%00000011           ; the second bit: a pad on the Famicom's expansion port
    cmp #1
    rol pad_read
    lda JOY2
    and #%00000011
    cmp #1
    rol pad_read+1
    bcc @next
    rts

; White while a button of any pad is down, black while none is; lamp_lag pictures late.
light_lamp:
    lda pad_read
    ora pad_read+1
    cmp #1                   ; carry: some button is down
    rol lamp_history
    ldx lamp_lag
    ldy #BLACK
    lda lamp_history
    and lag_bits,x
    beq @write
    ldy #WHITE
@write:
    bit PPUSTATUS
    lda #>LAMP_PALETTE
    sta PPUADDR
    lda #<LAMP_PALETTE
    sta PPUADDR
    sty PPUDATA
    rts

drain_queue:
    ldx #0
@record:
    ldy queue,x
    beq @done
    lda queue+1,x
    sta PPUADDR
    lda queue+2,x
    sta PPUADDR
    inx
    inx
    inx
@byte:
    lda queue,x
    sta PPUDATA
    inx
    dey
    bne @byte
    beq @record
@done:
    sty queue
    sty queue_end
    rts

.rodata
lag_bits:
    .byte %0001, %0010, %0100, %1000
