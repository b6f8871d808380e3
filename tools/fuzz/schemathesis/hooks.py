"""Rules that the schemas of the API document cannot express. Loaded by schemathesis."""

import itertools
import os
import re

import schemathesis
from schemathesis.core.failures import Failure
from schemathesis.specs.openapi.checks import positive_data_acceptance

KEY = "Idempotency-Key"
run = f"{os.getpid()}-{os.urandom(4).hex()}"
numbers = itertools.count()


@schemathesis.hook
def before_call(ctx, case, kwargs):
    """Gives four of five requests new keys and ids. Otherwise nearly all would be refused as repeats."""
    # The HTTP client refuses to send other characters in headers.
    for name, value in list((case.headers or {}).items()):
        if isinstance(value, str):
            case.headers[name] = re.sub(r"[^\t -~\xa0-\xff]", "", value).strip()
    sent = (case.headers or {}).get(KEY)
    number = next(numbers)
    if isinstance(sent, str) and re.fullmatch(r'"?[\w-]{1,200}"?', sent) and number % 5:
        case.headers[KEY] = f"{run}-{number}"
    if case.operation.path == "/v1/events" and number % 5:
        for index, event in enumerate(case.body if isinstance(case.body, list) else [case.body]):
            if isinstance(event, dict):
                renew(event, f"-{number}-{index}")


def renew(event, suffix):
    """Gives an event a new id and a time in the past. Invalid values stay invalid."""
    if isinstance(event.get("id"), str) and 0 < len(event["id"]) <= 200:
        event["id"] = event["id"][: 200 - len(suffix)] + suffix
    time = event.get("occurredAt")
    if isinstance(time, str) and re.match(r"\d{4}-", time) and time[:4] > "2024":
        event["occurredAt"] = "2024" + time[4:]


# Error codes for requests that are valid by their schemas but conflict with data in the ledger.
STATEFUL = {"version-conflict", "idempotency-key-reused", "event-id-reused", "transition-not-allowed"}
# Starts of error details for rules that JSON Schema cannot express, or that schemathesis ignores.
RULES = (
    "contains a NUL or a lone surrogate",
    "is a number beyond the range of a double",
    "is a whole number beyond 2^53 - 1",
    "is not allowed as a key",
    "lies more than a year ahead",
    "must lie in the years 1 to 9999",
    "is nested deeper than",
    "must be a nextCursor",
    "needs destination",
    "must not be later than",
    "must be at most one hour before to",
    "and to must not be given with batch",
)


@schemathesis.check
def valid_data_acceptance(ctx, response, case):
    """Valid requests must be accepted, or refused for a reason that no schema can express."""
    try:
        positive_data_acceptance(ctx, response, case)
    except Failure:
        if not is_understandable(response.json()):
            raise


def is_understandable(problem):
    if problem.get("code") in STATEFUL:
        return True
    problems = [problem, *(result.get("problem", {}) for result in problem.get("results", []))]
    details = [error["detail"] for one in problems for error in one.get("errors", [])]
    if "errors" not in problem and "results" not in problem:
        # Errors of parameters have the form `name: detail; name: detail`.
        details = [part.partition(": ")[2] for part in problem.get("detail", "").split("; ")]
    codes = {result["problem"]["code"] for result in problem.get("results", []) if "problem" in result}
    if codes & STATEFUL:
        return True
    return bool(details) and all(detail.startswith(RULES) for detail in details)
