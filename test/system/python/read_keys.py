"""Takes the key events of the keyboard called NAME, away from the console, until its key END is released; prints them
as JSON: [code, value] pairs.

Usage: read_keys.py NAME END [COUNT] -- COUNT such releases; 1 unless told. Says "ready" once it listens.
"""
import fcntl
import glob
import json
import struct
import sys

EVENT = struct.Struct("llHHi")
EV_KEY = 1
EVIOCGRAB = 0x40044590
name, end, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 1


def is_keyboard(event):
    with open(f"{event}/device/name") as file:
        if file.read().strip() != name:
            return False
    with open(f"{event}/device/capabilities/key") as file:
        return file.read().strip() != "0"


node = next(event for event in glob.glob("/sys/class/input/event*") if is_keyboard(event)).rsplit("/", 1)[1]
events = []
with open(f"/dev/input/{node}", "rb", buffering=0) as device:
    fcntl.ioctl(device, EVIOCGRAB, 1)
    print("ready", flush=True)
    while count > 0:
        _, _, kind, code, value = EVENT.unpack(device.read(EVENT.size))
        if kind == EV_KEY:
            events.append([code, value])
            if code == end and value == 0:
                count -= 1
print(json.dumps(events))
