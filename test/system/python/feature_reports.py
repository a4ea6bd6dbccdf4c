"""Sends an APDU in feature reports to a hidraw node, by the ioctls of linux/hidraw.h, and prints the answer in hexadecimal.

Usage: feature_reports.py NODE APDU
"""
import fcntl
import sys
import time

SIZE = 65  # report id 0, then 64 bytes
CHUNK = 61


def ioctl_number(number):
    return (3 << 30) | (SIZE << 16) | (ord("H") << 8) | number  # read and write


SET_FEATURE, GET_FEATURE = ioctl_number(0x06), ioctl_number(0x07)
node, apdu = sys.argv[1], bytes.fromhex(sys.argv[2])
with open(node, "rb+", buffering=0) as device:
    chunks = [apdu[start : start + CHUNK] for start in range(0, len(apdu), CHUNK)]
    for number, chunk in enumerate(chunks):
        more = 0x20 if number + 1 < len(chunks) else 0
        frame = bytes([0, 0x21, more | number % 16, len(chunk)]) + chunk
        fcntl.ioctl(device, SET_FEATURE, frame.ljust(SIZE, b"\0"))
    answer, number = b"", 0
    while True:
        frame = fcntl.ioctl(device, GET_FEATURE, bytes(SIZE))
        assert frame[:2] == b"\0\x21", frame
        if frame[2] & 0xF0 == 0xC0:
            time.sleep(0.01)  # still at work
            continue
        assert frame[2] & 0x0F == number % 16, frame
        answer += frame[4 : 4 + frame[3]]
        number += 1
        if not frame[2] & 0x20:
            break
print(answer.hex())
