"""A name that is public when it is looked up first and inside when it is looked up again.

Usage, as root of a network namespace of its own: rebinding.py COMMAND [ARGUMENT...]

Answers for the name `rebinding.example` on the loopback address's port 53: an address of the outside (which
this namespace holds itself) to the first question, 127.0.0.1 to every one after that. A web server on port
80 tells on which of the two it was reached. Then runs the command, with those two behind its back.
"""

import http.server
import socket
import struct
import subprocess
import sys
import threading

PUBLIC = "93.184.216.34"


def resolver():
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 53))

    def answer():
        asked = 0
        while True:
            query, peer = server.recvfrom(512)
            end = query.index(b"\0", 12) + 5
            kind = struct.unpack(">H", query[end - 4:end - 2])[0]
            header = query[:2] + struct.pack(">HHHHH", 0x8180, 1, int(kind == 1), 0, 0)
            reply = header + query[12:end]
            if kind == 1:
                address = PUBLIC if asked == 0 else "127.0.0.1"
                asked += 1
                # A time to live of zero: nobody may remember it.
                reply += struct.pack(">HHHIH", 0xC00C, 1, 1, 0, 4) + socket.inet_aton(address)
            server.sendto(reply, peer)

    threading.Thread(target=answer, daemon=True).start()


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        inside = self.connection.getsockname()[0] != PUBLIC
        body = b"SECRET OF THE INSIDE" if inside else b"a public page"
        self.send_response(404 if self.path == "/robots.txt" else 200)
        self.send_header("content-type", "text/plain")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
subprocess.run(["ip", "address", "add", f"{PUBLIC}/32", "dev", "lo"], check=True)
resolver()
web = http.server.ThreadingHTTPServer(("0.0.0.0", 80), Page)
threading.Thread(target=web.serve_forever, daemon=True).start()
sys.exit(subprocess.run(sys.argv[1:]).returncode)
