"""Asks Metering's sidecar before Tyk forwards a request (Tyk 5, Python rich plugin, hook post_key_auth)."""

import http.client
import json
import os
import threading
import uuid

from tyk.decorators import Hook

SIDECAR = os.environ.get("METERING_SIDECAR", "127.0.0.1:8081")
FEATURE = os.environ.get("METERING_FEATURE", "summarize")
FAILS_OPEN = os.environ.get("METERING_FAILURE", "closed") == "open"

# A check may wait up to one second for the server that holds the quota.
TIMEOUT_SECONDS = 1.5

# What the service may hear of Metering comes from the check alone.
ABOUT_THE_REQUEST = ("X-Meter-Customer", "X-Meter-Reservation")
SPOOFABLE = ABOUT_THE_REQUEST + ("X-Meter-Feature", "X-Meter-Units", "X-Meter-Flavor", "X-Meter-Request-Id")

# Headers that describe the connection are Tyk's own business.
NOT_COPIED = ("connection", "content-length", "transfer-encoding", "keep-alive", "date")

UNDECIDED = json.dumps({
    "type": "urn:metering:problem:not-available",
    "title": "The request can not be decided now",
    "status": 503,
    "reason": "sidecar_unreachable",
})

# Each of Tyk's threads keeps a connection of its own.
kept = threading.local()


@Hook
def MeteringCheck(request, session, spec):
    question = questions(request)
    for name in SPOOFABLE:
        request.delete_header(name)

    answer = ask(question)
    if answer is None:
        if not FAILS_OPEN:
            deny(request, 503, {"Content-Type": "application/problem+json", "Retry-After": "1"}, UNDECIDED)
    elif answer[0] == 200:
        for name in ABOUT_THE_REQUEST:
            request.add_header(name, answer[1][name])
    else:
        deny(request, *answer)

    return request, session


def questions(request):
    """Nothing of the client reaches the check but its key, so that it can not name its own feature, units or request."""
    return {
        "Authorization": request.get_header("Authorization") or "",
        "X-Api-Key": request.get_header("X-Api-Key") or "",
        "X-Meter-Feature": FEATURE,
        "X-Meter-Request-Id": str(uuid.uuid4()),
        "X-Original-Content-Length": request.get_header("Content-Length") or "",
    }


def ask(question):
    """Status, headers and body; None when nobody answered, or not in time. An idle connection may have been closed: asked once more."""
    for is_new in (False, True):
        connection = None if is_new else getattr(kept, "connection", None)
        is_new = connection is None
        try:
            connection = connection or http.client.HTTPConnection(SIDECAR, timeout=TIMEOUT_SECONDS)
            connection.request("GET", "/v1/check", headers=question)
            answer = connection.getresponse()
            body = answer.read().decode()
            kept.connection = connection
            return answer.status, answer.headers, body
        except (OSError, http.client.HTTPException) as problem:
            connection.close()
            kept.connection = None
            if is_new or isinstance(problem, TimeoutError):
                return None

    return None


def deny(request, status, headers, body):
    overrides = request.object.return_overrides
    overrides.response_code = status
    overrides.response_error = body
    for name, value in headers.items():
        if name.lower() not in NOT_COPIED:
            overrides.headers[name] = value
