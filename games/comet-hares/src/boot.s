; From power-on to the title screen: silence, known memory, two vertical blanks for the PPU, both screens drawn once.
; The screens stay in the two name tables for good, so that the picture (and the lamp in it) is never switched off again.

.include "game.inc"

.code
reset:
    sei
    cld
    ldx #%01000000           ; no interrupt from the APU's frame counter
    stx APUFRAME
    ldx #$FF
    txs
    inx
    stx PPUCTRL
    stx PPUMASK
    stx DMCFREQ
    bit PPUSTATUS
@first_blank:
    bit PPUSTATUS
    bpl @first_blank

    txa
@clear:
    sta $0000,x
    sta $0100,x
    sta $0300,x
    sta $0400,x
    sta $0500,x
    sta $0600,x
    sta $0700,x
    inx
    bne @clear
@second_blank:
    bit PPUSTATUS
    bpl @second_blank

    jsr sprites_begin
    jsr sprites_end
    jsr load_palettes
    jsr draw_screens
    jsr battery_load
    jsr sound_init
    lda #$5A                 ; any seed but 0
    sta random_bits
    jsr title_begin
    bit PPUSTATUS            ; forget a blank that is long under way
    lda ppu_ctrl
    sta PPUCTRL
    jmp main

load_palettes:
    lda #$3F
    sta PPUADDR
    ldx #0
    stx PPUADDR
@next:
    lda palettes,x
    sta PPUDATA
    inx
    cpx #32
    bne @next
    rts

draw_screens:
    lda #<title_map
    ldx #>title_map
    ldy #>NAMETABLE_TITLE
    jsr draw_screen
    lda #<court_map
    ldx #>court_map
    ldy #>NAMETABLE_COURT
    jsr draw_screen
    ldx #0
    jsr draw_picture         ; leaves X at the next one
    jsr draw_picture
    jmp draw_picture
