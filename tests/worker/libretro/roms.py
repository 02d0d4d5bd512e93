"""The smallest programs that change the picture's colour, one for each console; assembled here by hand.

None has the logo of a console's maker in it, so they start only where nobody insists on it: in emulators.
"""

import random
from pathlib import Path


def nes() -> bytes:
    """Assemble a 16 KiB NROM cartridge: writes the next backdrop colour in each vertical blank, and reads a pad."""
    code = bytes.fromhex(
        "78 d8 a2ff 9a"  # sei; cld; ldx #$ff; txs
        "2c0220 10fb"  # wait: bit $2002; bpl wait
        "a93f 8d0620 a900 8d0620"  # lda #$3f; sta $2006; lda #0; sta $2006
        "a500 293f 8d0720 e600"  # lda 0; and #$3f; sta $2007; inc 0
        "a900 8d0620 8d0620"  # lda #0; sta $2006; sta $2006: the backdrop is shown again
        "a901 8d1640 4a 8d1640 ad1640"  # lda #1; sta $4016; lsr; sta $4016; lda $4016
        "4c05c0"  # jmp wait
    )
    program = code.ljust(0x3FFA, b"\xea") + (0xC000).to_bytes(2, "little") * 3
    return b"NES\x1a\x01\x01" + bytes(10) + program + bytes(0x2000)


def game_boy() -> bytes:
    """Assemble a 32 KiB cartridge: writes the next palette in each vertical blank, and reads the pad."""
    rom = bytearray(0x8000)
    rom[0x100:0x104] = bytes.fromhex("00 c35001")  # nop; jp $0150
    rom[0x134:0x138] = b"TEST"
    checksum = 0
    for byte in rom[0x134:0x14D]:
        checksum = (checksum - byte - 1) & 0xFF
    rom[0x14D] = checksum
    code = bytes.fromhex(
        "f044 fe90 20fa"  # wait: ldh a,(LY); cp 144; jr nz,wait
        "04 78 e047"  # inc b; ld a,b; ldh (BGP),a
        "3e10 e000 f000"  # ld a,$10; ldh (P1),a; ldh a,(P1)
        "f044 fe90 28fa"  # past: ldh a,(LY); cp 144; jr z,past
        "18ea"  # jr wait
    )
    rom[0x150 : 0x150 + len(code)] = code
    return bytes(rom)


def game_boy_advance() -> bytes:
    """Assemble a cartridge that writes the next backdrop colour in each vertical blank."""
    rom = bytearray(0x1000)
    words = (
        0xE3A00301,  # mov r0, #0x04000000 (display)
        0xE3A02405,  # mov r2, #0x05000000 (palette)
        0xE3A01000,  # mov r1, #0
        0xE1C010B0,  # strh r1, [r0]
        0xE1D030B6,  # wait: ldrh r3, [r0, #6] (line)
        0xE35300A0,  # cmp r3, #160
        0x1AFFFFFC,  # bne wait
        0xE2844021,  # add r4, r4, #0x21
        0xE1C240B0,  # strh r4, [r2]
        0xE1D030B6,  # past: ldrh r3, [r0, #6]
        0xE35300A0,  # cmp r3, #160
        0x0AFFFFFC,  # beq past
        0xEAFFFFF6,  # b wait
    )
    rom[0:4] = (0xEA00002E).to_bytes(4, "little")  # b 0xc0
    rom[0xB2] = 0x96
    rom[0xBD] = (-0x19 - sum(rom[0xA0:0xBD])) & 0xFF
    rom[0xC0 : 0xC0 + 4 * len(words)] = b"".join(word.to_bytes(4, "little") for word in words)
    return bytes(rom)


def super_nes() -> bytes:
    """Assemble a 32 KiB LoROM cartridge: writes the next backdrop colour in each vertical blank."""
    rom = bytearray(0x8000)
    start = bytes.fromhex(
        "78 18 fb e220"  # sei; clc; xce; sep #$20
        "a90f 8d0021 a981 8d0042"  # screen on; vertical blank interrupt and pad reading on
        "80fe"  # bra itself
    )
    blank = bytes.fromhex(
        "9c2121 e610 a510 8d2221 9c2221"  # colour 0 is the next red
        "ad1042 40"  # lda $4210; rti
    )
    rom[: len(start)] = start
    rom[0x200 : 0x200 + len(blank)] = blank
    rom[0x7FC0:0x7FD5] = b"TEST".ljust(21)
    rom[0x7FD5:0x7FDA] = bytes([0x20, 0, 5, 0, 1])
    rom[0x7FEA:0x7FEC] = rom[0x7FFA:0x7FFC] = (0x8200).to_bytes(2, "little")
    rom[0x7FFC:0x7FFE] = (0x8000).to_bytes(2, "little")
    return bytes(rom)


def atari_2600() -> bytes:
    """Assemble a 4 KiB cartridge that changes the background's colour as fast as it can: stripes that never stand."""
    code = bytes.fromhex("e680 a580 8509 8502 4c00f0")  # inc $80; lda $80; sta COLUBK; sta WSYNC; jmp $f000
    return code.ljust(0xFFC, b"\xea") + (0xF000).to_bytes(2, "little") * 2


def pc_engine() -> bytes:
    """Assemble an 8 KiB card that changes the border's colour as fast as it can."""
    code = bytes.fromhex(
        "78 d4 a9ff 5301"  # sei; csh; lda #$ff; tam #1: the hardware's page to $0000
        "9c0204 a901 8d0304"  # again: colour $100
        "e8 8e0404 9c0504"  # inx; stx $0404; stz $0405
        "80ef"  # bra again
    )
    return code.ljust(0x1FFE, b"\xea") + (0xE000).to_bytes(2, "little")


def noise(size: int) -> bytes:
    """Make random bytes, the same each time."""
    return random.Random(size).randbytes(size)


def write(folder: Path, name: str, data: bytes) -> Path:
    """Write a ROM into a file."""
    path = folder / name
    path.write_bytes(data)
    return path
