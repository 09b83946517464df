"""One-time codes as RFC 6238 has them, with nothing but Python's standard library.

Usage: totp.py SECRET    (base32, without padding)

Prints a JSON object: the codes of the step before this one, of this one and of the next one, and how many
seconds this one still has.
"""

import base64
import hmac
import json
import sys
import time

PERIOD = 30


def code(secret, step):
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.new(key, step.to_bytes(8, "big"), "sha1").digest()
    start = digest[-1] & 15
    number = int.from_bytes(digest[start : start + 4], "big") & 0x7FFFFFFF
    return f"{number % 1_000_000:06}"


def main(secret):
    now = time.time()
    step = int(now // PERIOD)
    codes = {name: code(secret, step + offset) for name, offset in [("before", -1), ("now", 0), ("next", 1)]}
    print(json.dumps({**codes, "seconds_left": PERIOD - now % PERIOD}))


if __name__ == "__main__":
    main(sys.argv[1])
