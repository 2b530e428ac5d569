"""The page of the API's documentation at /openapi: introduction, and the texts of its errors.

The page uses Swagger UI's files from the installed package, and therefore works offline.
"""

from __future__ import annotations

from typing import Any

INTRODUCTION = """\
A session holds points on an axis and a Gaussian mixture, trained online from each increment.
A training from scratch, on all points, gives a second mixture. The API compares both.
A body is JSON and needs `Content-Type: application/json`; an answer is JSON.
The id of a session is its only key: whoever knows it may read and change the session.
Send an `Idempotency-Key` with a change, and it is safe to send it again.

**First steps**

1. `POST /api/v1/sessions` creates a session. Copy its `id`.
2. `POST /api/v1/sessions/{session_id}/points` with `{"x": [-0.71, -0.62, 0.42, 0.47]}` adds points
   and trains online. The answer has the new mixture.
3. `POST /api/v1/sessions/{session_id}/train` trains from scratch.
4. `GET /api/v1/sessions/{session_id}/comparison` returns the distance of the two mixtures.
5. `GET /api/v1/sessions/{session_id}/events` streams every change. It does not end by itself.

**Errors** have one form: `code` is for programs, `message` says what was expected and what came,
and `field` names the invalid value. A refused request changes nothing:

    {"error": {"code": "invalid", "message": "expected a number, got '0.2'", "field": "x.1"}}
"""

PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>API: Gaussian mixtures, online and from scratch</title>
<link rel="stylesheet" href="swagger/css/swagger-ui.css">
<style>
.scheme-container { display: none !important; /* nothing to log in to */ }
.swagger-ui code { overflow-wrap: anywhere; /* a path has no gap, and a phone is narrow */ }
</style>
</head>
<body style="margin: 0">
<main id="swagger-ui"></main>
<script src="swagger/js/swagger-ui-bundle.js"></script>
<script>
window.ui = SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
});
</script>
</body>
</html>
"""

_ID = "00000000000000000000000000000000"
_ERRORS: dict[int, tuple[str, str, str, Any]] = {
    400: (
        "the body is not JSON, or has a name twice",
        "malformed",
        "expected a body of JSON, got one that cannot be read",
        None,
    ),
    403: (
        "a page of another site asks for a change",
        "other_site",
        "expected a request by a page of this server, got a 'cross-site' one",
        None,
    ),
    404: (
        "no such session, run or timeline",
        "session_not_found",
        f"expected the id of a session, got '{_ID}'",
        None,
    ),
    409: (
        "the request does not apply to the current state",
        "unknown_point",
        "expected an active point, got 7.5",
        "x",
    ),
    413: ("the body is too large", "too_large", "expected at most 16777216 bytes, got more", None),
    415: (
        "the body's content type is not application/json",
        "not_json",
        "expected the content type application/json, got text/plain",
        None,
    ),
    421: (
        "the Host header is none of this server's names",
        "unknown_host",
        "expected a request under a name of this server, got 'another.example'; more names are "
        "allowed by GMM_ALLOWED_HOSTS",
        None,
    ),
    422: (
        "a value is missing, of the wrong type or out of its range",
        "invalid",
        "expected a number <= 50, got 51",
        "n_components",
    ),
    429: (
        "the address exceeded a rate limit; see Retry-After",
        "too_many",
        "expected at most 60 new sessions a minute from one address, got more",
        None,
    ),
    503: (
        "the store is unavailable, or the server is busy; see Retry-After",
        "busy",
        "expected at most 32 requests to wait at once, got one more; try again in 2 s",
        None,
    ),
}


def error_responses(*statuses: int) -> dict[int, dict[str, Any]]:
    """Return the descriptions of error answers, with examples; of all statuses by default."""
    return {status: _described(*_ERRORS[status]) for status in statuses or _ERRORS}


def _described(description: str, code: str, message: str, field: Any) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/ErrorAnswer"}
    example = {"error": {"code": code, "message": message, "field": field}}
    content = {"application/json": {"schema": schema, "example": example}}
    return {"description": description, "content": content}
