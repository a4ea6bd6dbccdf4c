"""Prints, for each layout named on the command line (as fr or fr-bepo), what its keys read: letters and top row."""
import ctypes
import json
import re
import subprocess
import sys

xkb = ctypes.CDLL("libxkbcommon.so.0")
xkb.xkb_keysym_from_name.restype = ctypes.c_uint32
xkb.xkb_keysym_to_utf32.restype = ctypes.c_uint32
DEAD = {"dead_circumflex": "^", "dead_diaeresis": "¨", "dead_caron": "ˇ", "dead_acute": "´", "dead_grave": "`"}
PLACES = {
    letter: f"{row}{index + 1:02d}"
    for row, letters in (("AD", "qwertyuiop"), ("AC", "asdfghjkl"), ("AB", "zxcvbnm"))
    for index, letter in enumerate(letters)
}
LETTERS = [PLACES[letter] for letter in "abcdefghijklmnopqrstuvwxyz"]
TOP_ROW = [f"AE{index + 1:02d}" for index in range(10)]


def character(name):
    code = xkb.xkb_keysym_to_utf32(xkb.xkb_keysym_from_name(name.encode(), 0))
    return chr(code) if code else DEAD[name]


def keys(layout, variant):
    command = ["xkbcli", "compile-keymap", "--layout", layout] + (["--variant", variant] if variant else [])
    keymap = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found = {}
    for key, body in re.findall(r"key <(\w+)>\s*\{(.*?)\};", keymap, re.S):
        symbols = re.search(r"symbols\[Group1\]=\s*\[([^\]]*)\]", body) or re.search(r"\[([^\]]*)\]\s*$", body.strip())
        if symbols:
            found[key] = [name.strip() for name in symbols.group(1).split(",")]
    return found


result = {}
for name in sys.argv[1:]:
    layout, _, variant = name.partition("-")
    found = keys(layout, variant)

    def read(places, level):
        return "".join(character(found[place][level]) for place in places)

    result[name] = {
        "plain": read(LETTERS, 0),
        "shifted": read(LETTERS, 1),
        "topRow": read(TOP_ROW, 0),
        "shiftedTopRow": read(TOP_ROW, 1),
    }
print(json.dumps(result))
