#!/usr/bin/env python3
"""A gateway in front of the door that answers 502 for as long as a file is there, as one with a full connection pool does.

gateway.py DOOR FLAG    prints "listening URL", and goes on until it is ended
"""
import http.server
import os
import sys
import urllib.error
import urllib.request

DOOR, FLAG = sys.argv[1:3]
# What belongs to one connection goes no further.
OWN = {"host", "connection", "content-length", "transfer-encoding", "keep-alive"}


class Gateway(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        if os.path.exists(FLAG):
            return self.answer(502, b"Bad Gateway")
        headers = {name: value for name, value in self.headers.items() if name.lower() not in OWN}
        request = urllib.request.Request(DOOR + self.path, data=body, headers=headers, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                self.answer(answer.status, answer.read())
        except urllib.error.HTTPError as refused:
            self.answer(refused.code, refused.read())
        except OSError:
            self.answer(502, b"Bad Gateway")

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Says nothing of each request."""


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Gateway)
print(f"listening http://127.0.0.1:{server.server_address[1]}", flush=True)
server.serve_forever()
