"""The plugin against a server that answers as each case says:  cd samples/gateways/tyk && python3 spec/metering_spec.py"""

import http.server
import os
import sys
import threading
import types
import unittest

decorators = types.ModuleType("tyk.decorators")
decorators.Hook = lambda function: function
sys.modules["tyk"] = types.ModuleType("tyk")
sys.modules["tyk.decorators"] = decorators
sys.path.insert(0, os.getcwd())


class Sidecar(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    answer = (200, {}, "")
    asked = []
    connections = 0

    def setup(self):
        Sidecar.connections += 1
        super().setup()

    def do_GET(self):
        Sidecar.asked.append((self.path, dict(self.headers)))
        status, headers, body = Sidecar.answer
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *args):
        pass


class Request:
    def __init__(self):
        self.headers = {"Authorization": "Bearer key", "X-Meter-Units": "0", "X-Meter-Customer": "somebody-else", "Content-Length": "18"}
        self.object = types.SimpleNamespace(return_overrides=types.SimpleNamespace(response_code=0, response_error="", headers={}))

    def get_header(self, name):
        return self.headers.get(name)

    def add_header(self, name, value):
        self.headers[name] = value

    def delete_header(self, name):
        self.headers.pop(name, None)


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Sidecar)
threading.Thread(target=server.serve_forever, daemon=True).start()
os.environ["METERING_SIDECAR"] = "127.0.0.1:%d" % server.server_port
import metering  # noqa: E402 - it reads its settings when it is loaded.

ALLOWED = (200, {"X-Meter-Customer": "customer", "X-Meter-Reservation": "reservation"}, "")


class MeteringSpec(unittest.TestCase):
    def run_check(self, answer):
        Sidecar.answer = answer
        Sidecar.asked.clear()
        return metering.MeteringCheck(Request(), None, None)[0]

    def test_the_check_is_asked_with_the_key_and_nothing_else_of_the_client(self):
        self.run_check(ALLOWED)
        (path, headers), = Sidecar.asked
        self.assertEqual("/v1/check", path)
        self.assertEqual(("Bearer key", "summarize", "18"),
                         (headers["Authorization"], headers["X-Meter-Feature"], headers["X-Original-Content-Length"]))
        self.assertNotIn("X-Meter-Units", headers)

    def test_an_admitted_request_goes_on_with_the_customer_that_the_check_named(self):
        request = self.run_check(ALLOWED)
        self.assertEqual(0, request.object.return_overrides.response_code)
        self.assertEqual("customer", request.headers["X-Meter-Customer"])
        self.assertNotIn("X-Meter-Units", request.headers)

    def test_a_denial_is_passed_on_as_it_is(self):
        for status in (401, 402, 403, 413, 429, 503):
            overrides = self.run_check((status, {"Retry-After": "7", "Content-Type": "application/problem+json"}, "{}")).object.return_overrides
            self.assertEqual((status, "{}", "7"), (overrides.response_code, overrides.response_error, overrides.headers["Retry-After"]))
            self.assertNotIn("Content-Length", overrides.headers)

    def test_many_checks_use_one_connection(self):
        self.run_check(ALLOWED)
        before = Sidecar.connections
        for _ in range(20):
            self.run_check(ALLOWED)
        self.assertEqual(before, Sidecar.connections)

    def test_without_an_answer_nothing_passes_unless_the_operator_chose_so(self):
        metering.kept.connection = None
        known, metering.SIDECAR = metering.SIDECAR, "127.0.0.1:1"
        try:
            self.assertEqual(503, self.run_check(ALLOWED).object.return_overrides.response_code)
            metering.FAILS_OPEN = True
            request = self.run_check(ALLOWED)
            self.assertEqual(0, request.object.return_overrides.response_code)
            self.assertNotIn("X-Meter-Customer", request.headers)
        finally:
            metering.SIDECAR, metering.FAILS_OPEN = known, False


unittest.main()
