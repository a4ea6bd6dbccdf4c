"""Registers with a key of a running lab and signs in, with the standard library alone.

The environment has CTAPLAB_URL, CTAPLAB_TOKEN and CTAPLAB_DEVICE (udp:HOST:PORT). With TOUCH=others somebody else
touches the key. Prints one line of JSON.
"""
import hashlib
import json
import os
import socket
import struct
import threading
import urllib.request

RP_ID = "example.com"
ORIGIN = "https://login.example.com"


def api(method, path, body=None):
    request = urllib.request.Request(os.environ["CTAPLAB_URL"] + path, method=method)
    request.add_header("Authorization", "Bearer " + os.environ["CTAPLAB_TOKEN"])
    if body is not None:
        request.add_header("Content-Type", "application/json")
        request.data = json.dumps(body).encode()
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def head(major, value):
    if value < 24:
        return bytes([major << 5 | value])
    if value < 256:
        return bytes([major << 5 | 24, value])
    return bytes([major << 5 | 25]) + struct.pack(">H", value)


def encode(value):
    if value is True or value is False:
        return b"\xf5" if value else b"\xf4"
    if isinstance(value, int):
        return head(0, value) if value >= 0 else head(1, -1 - value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        return head(3, len(value.encode())) + value.encode()
    if isinstance(value, list):
        return head(4, len(value)) + b"".join(map(encode, value))
    members = sorted(((encode(key), encode(member)) for key, member in value.items()), key=lambda pair: (len(pair[0]), pair[0]))
    return head(5, len(members)) + b"".join(key + member for key, member in members)


def decode(data, at=0):
    major, short = data[at] >> 5, data[at] & 31
    at += 1
    if major == 7:
        return {20: False, 21: True, 22: None}[short], at
    size = {24: 1, 25: 2, 26: 4, 27: 8}.get(short, 0)
    value = int.from_bytes(data[at : at + size], "big") if size else short
    at += size
    if major < 2:
        return (value if major == 0 else -1 - value), at
    if major < 4:
        raw = bytes(data[at : at + value])
        return (raw if major == 2 else raw.decode()), at + value
    if major == 4:
        items = []
        for _ in range(value):
            item, at = decode(data, at)
            items.append(item)
        return items, at
    members = {}
    for _ in range(value):
        key, at = decode(data, at)
        members[key], at = decode(data, at)
    return members, at


class Key:
    """CTAPHID in UDP datagrams."""

    def __init__(self, device):
        _, host, port = device.split(":")
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.settimeout(60)
        self.socket.connect((host, int(port)))
        nonce = os.urandom(8)
        self.channel = b"\xff" * 4
        answer = self.call(0x06, nonce)
        assert answer[:8] == nonce
        self.channel = answer[8:12]

    def call(self, command, payload):
        packets = [self.channel + bytes([0x80 | command]) + struct.pack(">H", len(payload)) + payload[:57]]
        for number, start in enumerate(range(57, len(payload), 59)):
            packets.append(self.channel + bytes([number]) + payload[start : start + 59])
        for packet in packets:
            self.socket.send(packet.ljust(64, b"\0"))
        while True:
            packet = self.socket.recv(64)
            if packet[:4] != self.channel or packet[4] == 0xBB:
                continue  # somebody else's, or a keepalive
            assert packet[4] == 0x80 | command, packet.hex()
            length = struct.unpack(">H", packet[5:7])[0]
            answer = packet[7:]
            while len(answer) < length:
                answer += self.socket.recv(64)[5:]
            return answer[:length]

    def cbor(self, command, parameters):
        answer = self.call(0x10, bytes([command]) + encode(parameters))
        assert answer[0] == 0, "CTAP status 0x%02x" % answer[0]
        return decode(answer[1:])[0]


# P-256 (FIPS 186-5): enough of it to verify a signature.
P = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
G = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)


def add(a, b):
    if a is None or b is None:
        return a or b
    if a[0] == b[0] and (a[1] + b[1]) % P == 0:
        return None
    slope = (3 * a[0] * a[0] - 3) * pow(2 * a[1], -1, P) if a == b else (b[1] - a[1]) * pow(b[0] - a[0], -1, P)
    x = (slope * slope - a[0] - b[0]) % P
    return x, (slope * (a[0] - x) - a[1]) % P


def times(scalar, point):
    total = None
    while scalar:
        if scalar & 1:
            total = add(total, point)
        point, scalar = add(point, point), scalar >> 1
    return total


def verify(public, signature, message):
    numbers, at = [], 2
    for _ in range(2):
        length = signature[at + 1]
        numbers.append(int.from_bytes(signature[at + 2 : at + 2 + length], "big"))
        at += 2 + length
    r, s = numbers
    inverse = pow(s, -1, N)
    digest = int.from_bytes(hashlib.sha256(message).digest(), "big")
    point = add(times(digest * inverse % N, G), times(r * inverse % N, public))
    return point is not None and point[0] % N == r


def client_data(kind, challenge):
    text = json.dumps({"type": "webauthn." + kind, "challenge": challenge.hex(), "origin": ORIGIN, "crossOrigin": False})
    return hashlib.sha256(text.encode()).digest()


asked = []


def with_touch(action):
    """Runs a command that waits for a touch; touches meanwhile, unless others do."""
    if os.environ.get("TOUCH") == "others":
        return action()
    outcome = []
    thread = threading.Thread(target=lambda: outcome.append(action()))
    thread.start()
    pending = api("GET", "/keys/1/pending?wait=60000")["pending"]
    asked.append(pending[0]["operation"])
    api("POST", "/keys/1/touch")
    thread.join()
    return outcome[0]


key = Key(os.environ["CTAPLAB_DEVICE"])
made = with_touch(
    lambda: key.cbor(
        1,
        {
            1: client_data("create", os.urandom(32)),
            2: {"id": RP_ID, "name": "Example"},
            3: {"id": b"alice", "name": "alice", "displayName": "Alice"},
            4: [{"alg": -7, "type": "public-key"}],
            7: {"rk": True},
        },
    )
)
data = made[2]
assert data[:32] == hashlib.sha256(RP_ID.encode()).digest()
length = struct.unpack(">H", data[53:55])[0]
credential_id = data[55 : 55 + length]
cose = decode(data, 55 + length)[0]
public = int.from_bytes(cose[-2], "big"), int.from_bytes(cose[-3], "big")

digest = client_data("get", os.urandom(32))
descriptor = {"id": credential_id, "type": "public-key"}
given = with_touch(lambda: key.cbor(2, {1: RP_ID, 2: digest, 3: [descriptor]}))
assert given[1]["id"] == credential_id
signed_in = verify(public, given[3], given[2] + digest)
forged = verify(public, given[3], given[2] + hashlib.sha256(digest).digest())

passkeys = api("GET", "/keys/1/passkeys")["passkeys"]
trace = [entry["name"] for entry in api("GET", "/keys/1/trace")["entries"] if entry["type"] == "command"]
print(json.dumps({"signedIn": signed_in, "forged": forged, "asked": asked, "passkeys": len(passkeys), "trace": trace}))
