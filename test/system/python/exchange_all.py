"""Talks CTAPHID to all hidraw nodes that it is given at once: each packet goes to every key before the next one goes.

Key number N, the Nth node, must answer INIT with its number as build number, CBOR with 0 and its number, PING with
what it was sent.
"""
import os
import select
import struct
import sys

BROADCAST = 0xFFFFFFFF
PING, INIT, CBOR, KEEPALIVE = 0x81, 0x86, 0x90, 0xBB
PACKET = 64
PATIENCE = 60


def packets(channel, command, data):
    yield struct.pack('>IBH', channel, command, len(data)) + data[:PACKET - 7]
    rest = data[PACKET - 7:]
    for sequence, start in enumerate(range(0, len(rest), PACKET - 5)):
        yield struct.pack('>IB', channel, sequence) + rest[start:start + PACKET - 5]


class Key:
    def __init__(self, node):
        self.node = node
        self.file = os.open(node, os.O_RDWR)
        self.channel = BROADCAST

    def write(self, packet):
        os.write(self.file, b'\0' + packet.ljust(PACKET, b'\0'))  # a report id of zero comes first

    def read_packet(self):
        if not select.select([self.file], [], [], PATIENCE)[0]:
            sys.exit(f'expected {self.node} to answer within {PATIENCE} s')
        return os.read(self.file, PACKET)

    def read(self, command):
        answered = KEEPALIVE
        while answered == KEEPALIVE:
            packet = self.read_packet()
            channel, answered, length = struct.unpack_from('>IBH', packet)
        assert (channel, answered) == (self.channel, command), f'{self.node} answered {packet.hex()}'
        data = packet[7:]
        while len(data) < length:
            data += self.read_packet()[5:]
        return data[:length]


def exchange(keys, command, requests):
    """The same command to all keys, their packets interleaved; then all answers."""
    streams = [packets(key.channel, command, request) for key, request in zip(keys, requests)]
    for together in zip(*streams):
        for key, packet in zip(keys, together):
            key.write(packet)
    return [key.read(command) for key in keys]


def main(nodes):
    keys = [Key(node) for node in nodes]
    nonces = [os.urandom(8) for _ in keys]
    for number, (key, nonce, answer) in enumerate(zip(keys, nonces, exchange(keys, INIT, nonces))):
        assert answer[:8] == nonce, f'{key.node}: another nonce'
        key.channel, _, _, _, build, _ = struct.unpack_from('>IBBBBB', answer, 8)
        assert build == number, f'{key.node} is key {build}, not {number}'
    for size in (0, 58, 1650):  # the last is the longest message that fits the kernel's queue
        data = [os.urandom(size) for _ in keys]
        assert exchange(keys, PING, data) == data, f'a PING of {size} bytes'
    for _ in range(5):
        answers = exchange(keys, CBOR, [b'\4'] * len(keys))
        assert answers == [bytes([0, number]) for number in range(len(keys))], answers
    print(f'{len(keys)} keys answered')


main(sys.argv[1:])
