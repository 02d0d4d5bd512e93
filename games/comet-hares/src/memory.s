; Every variable, with its unit. Positions are pixels with a 1/256 fraction in the byte named _sub.

.include "game.inc"

.zeropage
pointer:         .res 2
scratch:         .res 4
left:            .res 1      ; the sprite about to be put down
top:             .res 1
tile:            .res 1
attribute:       .res 1

vblanks:         .res 1      ; counts vertical blanks
picture_ready:   .res 1      ; not 0: oam and queue are complete and wait for the vertical blank
ppu_ctrl:        .res 1      ; PPUCTRL for the next picture
pad_read:        .res 2      ; both pads as the vertical blank read them
lamp_history:    .res 1      ; bit n: a button was down n pictures ago
lamp_lag:        .res 1      ; 0 to 3 pictures

state:           .res 1
timer:           .res 1      ; frames left in this state, or frames since it began
pads:            .res 2      ; pads for the game: the second may be the machine's
pressed:         .res 2      ; buttons that went down in this frame
random_bits:     .res 2
sprite_next:     .res 1      ; offset of the next free sprite
queue_end:       .res 1

two_players:     .res 1      ; 0 or 1
level:           .res 1      ; the rival, 0 to RIVALS - 1
goals:           .res 2
server:          .res 1      ; the hare that starts with the comet
rally:           .res 1      ; catches since the serve, at most 99
new_best:        .res 1      ; 1: this game has beaten the best score
verdict:         .res 1      ; how the match ended: a name of result.s
paused_state:    .res 1      ; the state that a pause goes back to

hare_x:          .res 2      ; top left corner of the 16x24 sprite
hare_x_sub:      .res 2
hare_y:          .res 2
hare_y_sub:      .res 2
hare_pose:       .res 2
hare_step:       .res 2      ; counts steps, for the animation
hare_dash:       .res 2      ; counts down: dashing first, then out of breath
pace:            .res 1      ; pixels a frame
pace_sub:        .res 1

comet_x:         .res 1      ; its centre
comet_x_sub:     .res 1
comet_y:         .res 1
comet_y_sub:     .res 1
comet_vx:        .res 2      ; signed, 1/256 pixel a frame, low byte first
comet_vy:        .res 2
comet_spin:      .res 2      ; added to comet_vy each frame
comet_holder:    .res 1      ; 0, 1 or NOBODY
hold_time:       .res 1      ; frames since the catch

goal_for:        .res 1      ; the hare that scored
goal_worth:      .res 1      ; 0: no goal; 1, or 2 through the golden gate
overlay:         .res 2      ; eight letters to show over the court; high byte 0: none
banner:          .res 2      ; next row of the banner to queue; high byte 0: none
mend_row:        .res 1      ; next row of the court to repaint; 0: none

rival_error:     .res 1      ; signed pixels that the machine aims beside the comet
rival_wait:      .res 1      ; frames it keeps the comet
rival_aim:       .res 1      ; the cross as it throws
rival_button:    .res 1      ; A or B

trail_next:      .res 1
figure_turn:     .res 1      ; the figure of the court that was queued last

track_low:       .res 3      ; next note: lead (pulse 2), bass (triangle), effect (pulse 1)
track_high:      .res 3      ; 0: silent
track_loop_low:  .res 3
track_loop_high: .res 3
track_left:      .res 3      ; frames left of this note
track_volume:    .res 3
noise_volume:    .res 1
tone:            .res 1      ; not 0: the test tone sounds

.segment "OAM"
oam:             .res 256

.bss
queue:           .res 128    ; records of length, address high, address low, bytes; a length of 0 ends it
TRAIL = 8
trail_x:         .res TRAIL
trail_y:         .res TRAIL
score:           .res 4      ; decimal digits of the score's tens, highest first; its units are always 0

.segment "BATTERY"
battery_magic:   .res 4
battery_best:    .res 4      ; like score
battery_check:   .res 2      ; checksum of the eight bytes before, then its complement
