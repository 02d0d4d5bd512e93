; The tunes and the effects, as pairs of note and frames.

.include "game.inc"
.include "notes.inc"

BEAT = 22                    ; frames of a quarter in the waltz
STEP = 9                     ; frames of an eighth in the match

; One bar of the waltz: the root, and its chord twice.
.macro waltz root, chord
    .byte root, BEAT, chord, BEAT / 2, REST, BEAT / 2, chord, BEAT / 2, REST, BEAT / 2
.endmacro

; Half a bar of the match: a note and its octave, twice.
.macro trot low, high
    .byte low, STEP, high, STEP, low, STEP, high, STEP
.endmacro

.rodata
tunes:                       ; lead and bass, in the order of the TUNE_ names
    .word title_lead, title_bass
    .word match_lead, match_bass
    .word won_lead, won_bass
    .word lost_lead, lost_bass

effects:                     ; in the order of the EFFECT_ names
    .word move_effect, catch_effect, throw_effect, swift_effect, bounce_effect, goal_effect, against_effect

; A waltz in C
title_lead:
    .byte E4, 2 * BEAT, G4, BEAT
    .byte A4, 2 * BEAT, G4, BEAT
    .byte C5, 2 * BEAT, D5, BEAT
    .byte E5, 3 * BEAT
    .byte D5, 2 * BEAT, C5, BEAT
    .byte A4, BEAT, B4, BEAT, C5, BEAT
    .byte G4, 3 * BEAT
    .byte REST, 3 * BEAT
    .byte E4, 2 * BEAT, G4, BEAT
    .byte A4, 2 * BEAT, C5, BEAT
    .byte D5, BEAT, E5, BEAT, D5, BEAT
    .byte G5, 3 * BEAT
    .byte E5, 2 * BEAT, D5, BEAT
    .byte C5, BEAT, A4, BEAT, B4, BEAT
    .byte C5, 3 * BEAT
    .byte REST, 3 * BEAT
    .byte TRACK_LOOP
title_bass:
    waltz C3, G3
    waltz F3, A3
    waltz A2, E3
    waltz C3, G3
    waltz F3, A3
    waltz D3, A3
    waltz G2, D3
    waltz G2, B3
    waltz C3, G3
    waltz F3, A3
    waltz G2, D3
    waltz C3, E3
    waltz A2, E3
    waltz G2, F3
    waltz C3, G3
    waltz C3, G3
    .byte TRACK_LOOP

; The match: a trotting bass in A minor, with a call and an answer above it
match_lead:
    .byte A4, STEP, C5, STEP, E5, 2 * STEP, D5, STEP, C5, STEP, D5, 2 * STEP
    .byte B4, STEP, G4, STEP, B4, 2 * STEP, REST, 4 * STEP
    .byte F4, STEP, A4, STEP, C5, 2 * STEP, B4, STEP, A4, STEP, B4, 2 * STEP
    .byte Gs4, STEP, B4, STEP, E5, 2 * STEP, REST, 4 * STEP
    .byte A5, 2 * STEP, E5, STEP, C5, STEP, D5, 2 * STEP, E5, 2 * STEP
    .byte D5, STEP, B4, STEP, G4, 2 * STEP, REST, 4 * STEP
    .byte F5, 2 * STEP, C5, STEP, A4, STEP, B4, 2 * STEP, Gs4, 2 * STEP
    .byte A4, 4 * STEP, REST, 4 * STEP
    .byte REST, 16 * STEP
    .byte E5, STEP, C5, STEP, A4, 2 * STEP, E5, STEP, C5, STEP, G4, 2 * STEP
    .byte F5, STEP, D5, STEP, A4, 2 * STEP, Gs4, 2 * STEP, B4, 2 * STEP
    .byte TRACK_LOOP
match_bass:
    .repeat 2
    trot A2, A3
    trot A2, A3
    trot G2, G3
    trot G2, G3
    trot F2, F3
    trot F2, F3
    trot E2, E3
    trot E2, E3
    .endrepeat
    .repeat 2
    trot A2, A3
    trot C3, C4
    trot D3, D4
    trot E3, E4
    .endrepeat
    .byte TRACK_LOOP

won_lead:
    .byte C5, 8, E5, 8, G5, 8, C6, 24, A5, 8, B5, 8, C6, 48
    .byte TRACK_END
won_bass:
    .byte C3, 24, G3, 24, F3, 16, C3, 48
    .byte TRACK_END

lost_lead:
    .byte E5, 16, D5, 16, C5, 16, B4, 32, A4, 60
    .byte TRACK_END
lost_bass:
    .byte A3, 16, G3, 16, F3, 16, E3, 32, A2, 60
    .byte TRACK_END

move_effect:
    .byte E5, 3, A5, 4, TRACK_END
catch_effect:
    .byte G5, 2, D5, 3, TRACK_END
throw_effect:
    .byte C5, 2, E5, 2, G5, 2, C6, 3, TRACK_END
swift_effect:
    .byte E5, 2, A5, 2, Cs6, 2, E6, 2, A6, 5, TRACK_END
bounce_effect:
    .byte A3, 2, E3, 3, TRACK_END
goal_effect:
    .byte C5, 4, E5, 4, G5, 4, C6, 4, E5, 4, G5, 4, C6, 4, E6, 16, TRACK_END
against_effect:
    .byte A4, 6, F4, 6, D4, 6, As3, 20, TRACK_END
