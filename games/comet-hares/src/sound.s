; Sound: three tracks of notes (lead on pulse 2, bass on the triangle, effects on pulse 1) and a noise that fades.
; A pulse sounds CPU / 16 / period Hz, with the CPU at 1,789,773 Hz; the registers take the period less one. The triangle
; sounds an octave lower. Nothing uses the DMC, which would disturb the pads.

.include "game.inc"
.include "notes.inc"

LEAD   = 0
BASS   = 1
EFFECT = 2

TONE_PERIOD = 254            ; 1,789,773 / 16 / 254 = 440.40 Hz: A4

.code
sound_init:
    lda #%00001000           ; no sweep
    sta PULSE1+1
    sta PULSE1+5
    jsr sound_resume
    ldx #2
@track:
    jsr silence
    dex
    bpl @track
    lda #$30
    sta NOISE
    lda #0
    sta NOISE+3
    rts

; One frame of sound.
sound_update:
    lda tone
    bne @done
    lda state
    cmp #STATE_PAUSE
    beq @done
    ldx #EFFECT
@track:
    jsr track_update
    dex
    bpl @track
    lda noise_volume
    beq @quiet
    dec noise_volume
@quiet:
    ora #%00110000
    sta NOISE
@done:
    rts

sound_hush:
    lda #0
    sta APUSTATUS
    rts

sound_resume:
    lda #%00001111
    sta APUSTATUS
    lda #0
    sta NOISE+3              ; switching it off emptied its length counter
    rts

; The test tone: a square wave of 440.40 Hz at full volume, and nothing else.
tone_on:
    lda tone
    bne @done
    lda #%00000001
    sta tone
    sta APUSTATUS
    lda #%10111111
    sta PULSE1
    lda #<(TONE_PERIOD - 1)
    sta PULSE1+2
    lda #>(TONE_PERIOD - 1)
    sta PULSE1+3
@done:
    rts

tone_off:
    lda tone
    beq @done
    ldx #EFFECT
    jsr silence
    lda #0
    sta tone
    jmp sound_resume
@done:
    rts

; Starts tune A on lead and bass.
play_tune:
    asl a
    asl a
    tay
    ldx #LEAD
    jsr start_track
    ldx #BASS

; Starts track X at the address in `tunes` + Y; Y moves on.
start_track:
    lda tunes,y
    sta track_low,x
    sta track_loop_low,x
    lda tunes+1,y
    sta track_high,x
    sta track_loop_high,x
    iny
    iny
    lda #1
    sta track_left,x
    rts

; Starts effect A. Keeps X.
play_effect:
    asl a
    tay
    lda effects,y
    sta track_low+EFFECT
    lda effects+1,y
    sta track_high+EFFECT
    lda #1
    sta track_left+EFFECT
    rts

; A burst of noise that begins with volume A and fades.
play_noise:
    sta noise_volume
    lda #8
    sta NOISE+2
    rts

; One frame of track X. Keeps X.
track_update:
    lda track_high,x
    beq @done
    dec track_left,x
    bne fade
    lda track_low,x
    sta pointer
    lda track_high,x
    sta pointer+1
@note:
    ldy #0
    lda (pointer),y
    cmp #TRACK_END
    beq silence
    cmp #TRACK_LOOP
    bne @play
    lda track_loop_low,x
    sta pointer
    lda track_loop_high,x
    sta pointer+1
    bne @note
@play:
    pha
    iny
    lda (pointer),y
    sta track_left,x
    lda pointer
    clc
    adc #2
    sta track_low,x
    lda pointer+1
    adc #0
    sta track_high,x
    pla
    cmp #REST
    beq mute
    jmp sound_note
@done:
    rts

; Every fourth frame of a note is a little softer.
fade:
    lda track_left,x
    and #%00000011
    bne @done
    lda track_volume,x
    cmp #4
    bcc @done
    dec track_volume,x
    jmp set_volume
@done:
    rts

; Ends track X.
silence:
    lda #0
    sta track_high,x
mute:
    lda #0
    sta track_volume,x

; Writes the volume of track X. The triangle is on or off.
set_volume:
    ldy channel,x
    cpx #BASS
    beq @triangle
    lda track_volume,x
    ora duty,x
    sta PULSE1,y
    rts
@triangle:
    lda track_volume,x
    beq @off
    lda #$FF
@off:
    ora #$80
    sta TRIANGLE
    rts

; Begins note A on track X.
sound_note:
    ldy #0
@octave:
    cmp #12
    bcc @found
    sbc #12
    iny
    bne @octave
@found:
    sty scratch+2            ; octaves above the table
    tay
    lda period_low,y
    sta scratch
    lda period_high,y
    sta scratch+1
    ldy scratch+2
    beq @period
@halve:
    lsr scratch+1
    ror scratch
    dey
    bne @halve
@period:
    lda loudness,x
    sta track_volume,x
    jsr set_volume
    ldy channel,x
    lda scratch
    sec
    sbc #1
    sta PULSE1+2,y
    lda scratch+1
    sbc #0
    sta PULSE1+3,y
    rts

.rodata
channel:                     ; registers of the tracks, from PULSE1 on
    .byte 4, 8, 0
loudness:
    .byte 8, 15, 11
duty:                        ; and: no length counter, constant volume
    .byte %01110000, 0, %10110000

; Periods of the twelve notes from A1 (55 Hz) up; each octave halves them.
.define PERIODS 2034, 1920, 1812, 1710, 1614, 1524, 1438, 1357, 1281, 1209, 1141, 1077
period_low:
    .lobytes PERIODS
period_high:
    .hibytes PERIODS
