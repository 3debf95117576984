"""RC2 (RFC 2268), for the one old PKCS #12 profile that still needs it. Broken: never use it elsewhere."""

from __future__ import annotations

from typing import Final

_PI: Final = bytes.fromhex(
    "d978f9c419ddb5ed28e9fd794aa0d89dc67e37832b76538e624c6488448bfba2179a59f587b34f1361456d8d09817d32bd8f40eb86b77b0b"
    "f09521225c6b4e8254d66593ce60b21c7356c014a78cf1dc1275ca1f3bbee4d1423dd430a33cb6266fbf0eda4669075727f21d9bbc944303"
    "f811c7f690ef3ee706c3d52fc8661ed708e8eade8052eef784aa72ac354d6a2a961ad2715a1549744b9fd05e0418a4ecc2e0416e0f51cbcc"
    "2491af50a1f47039997c3a8523b8b47afc02365b25559731 2d5dfa98e38a92ae05df2910676cbac9d300e6cfe19ea82c6316013f58e289a9"
    "0d38341bab33ffb0bb480c5fb9b1cd2ec5f3db47e5a59c770aa62068fe7fc1ad".replace(" ", "")
)


def encrypt_cbc(key: bytes, iv: bytes, data: bytes, effective_bits: int) -> bytes:
    """Adds PKCS #7 padding."""
    words = _expanded(key, effective_bits)
    fill = 8 - len(data) % 8
    data += bytes([fill]) * fill
    out = bytearray()
    previous = iv
    for at in range(0, len(data), 8):
        block = bytes(left ^ right for left, right in zip(data[at : at + 8], previous, strict=True))
        previous = _block(words, block)
        out += previous
    return bytes(out)


def _expanded(key: bytes, effective_bits: int) -> list[int]:
    table = bytearray(key) + bytearray(128 - len(key))
    for at in range(len(key), 128):
        table[at] = _PI[(table[at - 1] + table[at - len(key)]) & 0xFF]
    size = (effective_bits + 7) // 8
    table[128 - size] = _PI[table[128 - size] & (0xFF >> (8 * size - effective_bits))]
    for at in range(127 - size, -1, -1):
        table[at] = _PI[table[at + 1] ^ table[at + size]]
    return [table[2 * at] | table[2 * at + 1] << 8 for at in range(64)]


def _block(words: list[int], block: bytes) -> bytes:
    r = [block[2 * at] | block[2 * at + 1] << 8 for at in range(4)]
    key = 0
    for number in range(16):
        for at, turn in enumerate((1, 2, 3, 5)):
            mixed = r[at] + words[key] + (r[at - 1] & r[at - 2]) + (~r[at - 1] & 0xFFFF & r[at - 3])
            mixed &= 0xFFFF
            r[at] = (mixed << turn | mixed >> (16 - turn)) & 0xFFFF
            key += 1
        if number in (4, 10):
            for at in range(4):
                r[at] = (r[at] + words[r[at - 1] & 63]) & 0xFFFF
    return b"".join(word.to_bytes(2, "little") for word in r)
