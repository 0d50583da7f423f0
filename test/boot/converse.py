# SPDX-License-Identifier: Apache-2.0
"""A conversation with an emulator whose serial port is its standard input and output."""
import os
import re
import select
import subprocess
import time

ESCAPES = re.compile(rb"\x1b\[[=?]?[0-9;]*[A-Za-z]")


def converse(command, steps, limit, ends=True):
    """Wait for each text, then send the answer. What was printed, without escapes.

    `ends`: the emulator must end by itself then, with status 0; else it is ended.
    """
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True) as process:
        try:
            seen, at, end = b"", 0, time.monotonic() + limit
            for wanted, answer in steps:
                while (found := seen.find(wanted, at)) < 0:
                    left = end - time.monotonic()
                    if left <= 0 or not select.select([process.stdout], [], [], left)[0]:
                        raise RuntimeError(f"{wanted!r} did not come within {limit} s: {seen[-1500:]!r}")
                    piece = os.read(process.stdout.fileno(), 65536)
                    if not piece:
                        raise RuntimeError(f"the emulator ended before {wanted!r}: {seen[-1500:]!r}")
                    seen = seen + piece
                at = found + len(wanted)
                process.stdin.write(answer)
                process.stdin.flush()
            if ends:
                rest, _ = process.communicate(timeout=max(1, end - time.monotonic()))
                seen += rest
                if process.returncode != 0:
                    raise RuntimeError(f"the emulator ended with status {process.returncode}")
            return ESCAPES.sub(b"", seen).decode(errors="replace")
        finally:
            if process.poll() is None:
                process.kill()


def expect(text, *patterns):
    for pattern in patterns:
        if not re.search(pattern, text):
            raise RuntimeError(f"'{pattern}' is not in: {text[-3000:]}")
