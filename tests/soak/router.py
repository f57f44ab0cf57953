#!/usr/bin/env python3
"""A bad network between two network namespaces: packets go from one TUN device to the other through this program.

router.py NETNS_FILE SEED: makes a device with 10.77.0.1 in the namespace it is started in and one with 10.77.0.2 in that of
the file. Each line of standard input is a JSON object that replaces the present impairment; {} is a good network. With the
end of the input it ends and prints what it did. Probabilities lie in [0, 1] and hold for each packet:

  delay_ms, jitter_ms   each packet waits delay_ms, and up to jitter_ms more, so that packets overtake each other
  loss, duplicate       a packet is dropped, or sent twice
  reset                 both ends of the packet's TCP connection get a reset
  partition             true: nothing passes
  rate                  bytes a second in each direction, with a queue of one second
"""
import ctypes
import fcntl
import heapq
import json
import os
import random
import select
import struct
import subprocess
import sys
import time

CLONE_NEWNET = 0x40000000
TUNSETIFF = 0x400454CA
IFF_TUN_NO_PI = 0x0001 | 0x1000
NAME = "soak0"
HERE, THERE = "10.77.0.1", "10.77.0.2"


def enter(fd):
    if ctypes.CDLL(None, use_errno=True).setns(fd, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "enter the network namespace")


def make_device(address):
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH22x", NAME.encode(), IFF_TUN_NO_PI))
    for command in (["ip", "addr", "add", address + "/24", "dev", NAME], ["ip", "link", "set", NAME, "up"],
                    ["ip", "link", "set", "lo", "up"]):
        subprocess.run(command, check=True)
    return device


def ones_sum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def reset_packet(source, target, source_port, target_port, sequence, acknowledged):
    """An IPv4 packet that resets the connection as if `source` had sent it."""
    tcp = struct.pack("!HHIIBBHHH", source_port, target_port, sequence, acknowledged, 5 << 4, 0x14, 0, 0, 0)
    pseudo = source + target + struct.pack("!BBH", 0, 6, len(tcp))
    tcp = tcp[:16] + struct.pack("!H", ones_sum(pseudo + tcp)) + tcp[18:]
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0, source, target)
    return head[:10] + struct.pack("!H", ones_sum(head)) + head[12:] + tcp


def resets_of(packet):
    """(to the receiver, to the sender) for a TCP packet of an open connection, else None."""
    if len(packet) < 40 or packet[0] >> 4 != 4 or packet[9] != 6:
        return None
    start = (packet[0] & 15) * 4
    source_port, target_port, sequence, acknowledged, offset, flags = struct.unpack_from("!HHIIBB", packet, start)
    if flags & 0x06 or not flags & 0x10:  # SYN or RST, or no ACK
        return None
    source, target = packet[12:16], packet[16:20]
    payload = len(packet) - start - (offset >> 4) * 4
    return (reset_packet(source, target, source_port, target_port, sequence, acknowledged),
            reset_packet(target, source, target_port, source_port, acknowledged, (sequence + payload) & 0xFFFFFFFF))


class Router:
    def __init__(self, devices, seed):
        self.devices = devices
        self.chance = random.Random(seed)
        self.rules = {}
        self.waiting = []
        self.order = 0
        self.free_at = {device: 0.0 for device in devices}
        self.done = dict.fromkeys(("packets", "lost", "duplicated", "delayed", "resets"), 0)

    def happens(self, rule):
        return self.rules.get(rule, 0) and self.chance.random() < self.rules[rule]

    def send_at(self, due, device, packet):
        self.order += 1
        heapq.heappush(self.waiting, (due, self.order, device, packet))

    def take(self, source, packet):
        target = self.devices[1 - self.devices.index(source)]
        now = time.monotonic()
        self.done["packets"] += 1
        if self.rules.get("partition") or self.happens("loss"):
            self.done["lost"] += 1
            return
        if self.happens("reset"):
            resets = resets_of(packet)
            if resets:
                self.done["resets"] += 1
                self.send_at(now, target, resets[0])
                self.send_at(now, source, resets[1])
                return
        due = now + (self.rules.get("delay_ms", 0) + self.chance.random() * self.rules.get("jitter_ms", 0)) / 1000
        rate = self.rules.get("rate", 0)
        if rate:
            self.free_at[target] = max(self.free_at[target], now) + len(packet) / rate
            if self.free_at[target] - now > 1:
                self.free_at[target] -= len(packet) / rate
                self.done["lost"] += 1
                return
            due = max(due, self.free_at[target])
        self.done["delayed"] += due > now
        self.send_at(due, target, packet)
        if self.happens("duplicate"):
            self.done["duplicated"] += 1
            self.send_at(due, target, packet)

    def send_due(self):
        while self.waiting and self.waiting[0][0] <= time.monotonic():
            _, _, device, packet = heapq.heappop(self.waiting)
            try:
                os.write(device, packet)
            except (BlockingIOError, OSError):
                self.done["lost"] += 1

    def drain(self, device):
        for _ in range(64):
            try:
                self.take(device, os.read(device, 65536))
            except BlockingIOError:
                return

    def run(self):
        text = b""
        while True:
            wait = max(0, self.waiting[0][0] - time.monotonic()) if self.waiting else None
            ready, _, _ = select.select([0, *self.devices], [], [], wait)
            for device in self.devices:
                if device in ready:
                    self.drain(device)
            if 0 in ready:
                piece = os.read(0, 4096)
                if not piece:
                    return
                text += piece
                while b"\n" in text:
                    line, text = text.split(b"\n", 1)
                    self.rules = json.loads(line)
            self.send_due()


def main():
    home = os.open("/proc/self/ns/net", os.O_RDONLY)
    away = os.open(sys.argv[1], os.O_RDONLY)
    here = make_device(HERE)
    enter(away)
    there = make_device(THERE)
    enter(home)
    router = Router([here, there], int(sys.argv[2]))
    print("ready", flush=True)
    router.run()
    print(json.dumps(router.done), flush=True)


main()
