"""The 64 labels of the Morse data and their codes, in the order of the classes.

All codes of up to four symbols, 22 of five, 12 of six. `(` and `H^` have the same code, as in the data that was
published: who reads it without error is right on 63 of 64, and on no more.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

CODEBOOK: Mapping[str, str] = MappingProxyType(
    {
        "!": "-.-.--",
        '"': ".-..-.",
        "'": ".----.",
        "(": "-.--.",
        ")": "-.--.-",
        "+": ".-.-.",
        ",": "--..--",
        "-": "-....-",
        ".": ".-.-.-",
        "/": "-..-.",
        "0": "-----",
        "1": ".----",
        "2": "..---",
        "3": "...--",
        "4": "....-",
        "5": ".....",
        "6": "-....",
        "7": "--...",
        "8": "---..",
        "9": "----.",
        ":": "---...",
        ";": "-.-.-.",
        "=": "-...-",
        "?": "..--..",
        "@": ".--.-.",
        "_": "..--.-",
        "A": ".-",
        "B": "-...",
        "C": "-.-.",
        "D": "-..",
        "E": ".",
        "F": "..-.",
        "G": "--.",
        "H": "....",
        "I": "..",
        "J": ".---",
        "K": "-.-",
        "L": ".-..",
        "M": "--",
        "N": "-.",
        "O": "---",
        "P": ".--.",
        "Q": "--.-",
        "R": ".-.",
        "S": "...",
        "T": "-",
        "U": "..-",
        "V": "...-",
        "W": ".--",
        "X": "-..-",
        "Y": "-.--",
        "Z": "--..",
        "A..": ".-.-",
        "C,": "-.-..",
        "CH": "----",
        "D-": "..--.",
        "E`": "..-..",
        "G^": "--.-.",
        "H^": "-.--.",
        "J^": ".---.",
        "N~": "--.--",
        "O..": "---.",
        "S^": "...-.",
        "U..": "..--",
    }
)
