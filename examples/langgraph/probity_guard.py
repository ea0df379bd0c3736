"""Tools that run only with the approval of Probity, for LangChain and LangGraph.

`Guard` is a middleware for `create_agent`, `guarded` a decorator for any function. Both propose the call with its exact
arguments, wait until policy or people have decided, use the grant, run exactly what was granted, and report what came of it.
Where it is refused, has expired, or cannot be asked for, nothing runs.

Copy this file into your project. Besides LangChain it needs the standard library only.
"""

import asyncio
import functools
import inspect
import json
import logging
import time
import urllib.error
import urllib.request
import uuid

from langchain.agents.middleware import AgentMiddleware
from langchain_core.messages import ToolMessage
from langchain_core.tools import ToolException

LOG = logging.getLogger(__name__)

# Longest time that one request waits for a decision, in seconds; Probity allows 30.
WAIT_S = 25
# How long an answer may take besides, in seconds.
TIMEOUT_S = 10
# How often what may be sent again is sent, and how long a pause is at most, in seconds.
TRIES = 5
PAUSE_MAX_S = 5
# A namespace of our own for ids that are made of a thread and a call (RFC 9562, version 5).
CALLS = uuid.UUID("5f1b8a52-6d0f-4c39-9a3e-3f6d3c1c8f10")


class Refused(ToolException):
    """Nothing ran. `code` is Probity's code or the approval's status, `suggested` what a person would agree to."""

    def __init__(self, code, detail, approval=None, suggested=None):
        self.code, self.approval, self.suggested = code, approval, suggested
        text = f"Not done: {detail}"
        if suggested is not None:
            text += f" Suggested arguments, to be asked for anew: {json.dumps(suggested, sort_keys=True)}"
        super().__init__(text)


class Probity:
    """A server, and the API key of an agent.

    `patience_s`: for how long a call waits for a decision, in seconds; without it, until the approval expires.
    `shown`: is called once with the address of the page where a person decides, where one has to.
    """

    def __init__(self, url, key, patience_s=None, shown=None):
        self.url, self.key, self.patience_s = url.rstrip("/"), key, patience_s
        self.shown = shown or (lambda page: LOG.info("waiting for a decision: %s", page))

    def permission(self, action, arguments, reason=None, id=None):
        """Asks, waits and uses: the approval, used for exactly these arguments. Raises `Refused`."""
        proposal = {"id": str(id or uuid.uuid4()), "action": action, "arguments": arguments}
        if reason is not None:
            proposal["reason"] = reason
        approval = self._again("POST", "/v1/approvals", proposal)
        approval = self._decided(approval)
        if approval["status"] != "granted":
            raise _refused(approval)
        path = f"/v1/approvals/{approval['id']}/use"
        try:
            # Once: if the answer is lost, nobody knows whether the grant is used, and it must not be used for two runs.
            return self._send("POST", path, {"action": action, "arguments": arguments})
        except OSError as error:
            detail = f"Probity did not answer ({error}), so whether the permission was used is not known."
            raise Refused("outcome_unknown", detail, approval["id"]) from error

    def report(self, approval, outcome, result=None):
        """Says what came of it. What cannot be said is logged; Probity shows the approval as unreported after a day."""
        try:
            self._again("POST", f"/v1/approvals/{approval['id']}/outcome", {"outcome": outcome, "result": result})
        except Refused as refused:
            LOG.error("what came of approval %s (%s) was not reported: %s", approval["id"], outcome, refused)

    def _decided(self, approval):
        until = None if self.patience_s is None else time.monotonic() + self.patience_s
        if approval["status"] == "pending":
            self.shown(self.url + approval["page"])
        while approval["status"] == "pending":
            left = WAIT_S if until is None else int(min(WAIT_S, until - time.monotonic()))
            if left < 1:
                detail = f"nobody has decided yet; approval {approval['id']} is still pending."
                raise Refused("pending", detail, approval["id"])
            began = time.monotonic()
            approval = self._again("GET", f"/v1/approvals/{approval['id']}?wait={left}")
            # Where too many wait already, the answer comes at once.
            if approval["status"] == "pending" and time.monotonic() - began < 1:
                time.sleep(1)
        return approval

    def _again(self, method, path, body=None):
        """A request that may be sent twice: after a lost connection or a busy server it is sent again."""
        for tries in range(1, TRIES + 1):
            try:
                return self._send(method, path, body)
            except (OSError, Refused) as error:
                busy = isinstance(error, Refused) and error.code in ("rate_limited", "overloaded", "database_unavailable")
                if isinstance(error, Refused) and not busy:
                    raise
                if tries == TRIES:
                    raise Refused("unreachable", f"Probity cannot be asked ({error}).") from error
                time.sleep(min(2**tries / 4, PAUSE_MAX_S))
        raise AssertionError("unreachable")

    def _send(self, method, path, body=None):
        data = None if body is None else json.dumps(body, allow_nan=False).encode()
        headers = {"Authorization": f"Bearer {self.key}", "Accept": "application/json"}
        if data is not None:
            headers["Content-Type"] = "application/json"
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=WAIT_S + TIMEOUT_S) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                text = error.read()
            try:
                problem = json.loads(text)
                code, detail = problem["code"], problem["detail"]
            except (ValueError, KeyError, TypeError):
                # Not Probity's own: a proxy before it, most likely.
                raise OSError(f"status {error.code}") from error
            raise Refused(code, f"{detail} ({code})") from error


def _refused(approval):
    status, rule = approval["status"], (approval.get("policy") or {}).get("rule")
    against = [vote for vote in approval["votes"] if not vote["approve"]]
    reason = next((vote["reason"] for vote in against if vote["reason"]), None)
    suggested = next((vote["suggested_arguments"] for vote in against if vote["suggested_arguments"]), None)
    details = {
        "denied": f"the policy {rule} denies it, whatever anybody would say.",
        "rejected": "a person refused it" + (f": {reason}" if reason else "."),
        "expired": "the time to decide it has passed.",
        "withdrawn": "it was withdrawn.",
        "used": "the permission was used before, and a call is run once; whether it ran to its end is not known.",
    }
    return Refused(status, details.get(status, f"the approval is {status}."), approval["id"], suggested)


def _copied(arguments, what):
    """Arguments as JSON has them, which is what is granted and what runs."""
    try:
        return json.loads(json.dumps(arguments, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise Refused("invalid_field", f"the arguments of {what} are not plain JSON ({error}).") from error


def _said(value):
    """What a call gave, as a result to report; none where it is no JSON, or large."""
    try:
        text = json.dumps(value, allow_nan=False)
    except (TypeError, ValueError):
        return None
    return {"value": value} if len(text) <= 10_000 else None


def _failed(error):
    return "failed", {"error": type(error).__name__}


def _run(probity, approval, call, came):
    """Runs what was granted, and reports what came of it."""
    try:
        result = call()
    except BaseException as error:
        probity.report(approval, *_failed(error))
        raise
    probity.report(approval, *came(result))
    return result


async def _arun(probity, approval, call, came):
    """The same for what is awaited. Whoever cancels the call does not cancel the report of it."""
    try:
        result = await call()
    except BaseException as error:
        await asyncio.shield(asyncio.to_thread(probity.report, approval, *_failed(error)))
        raise
    await asyncio.shield(asyncio.to_thread(probity.report, approval, *came(result)))
    return result


class Guard(AgentMiddleware):
    """Lets tools run only with a grant: all of them, or those that `tools` names.

    The action of a tool is `tool.` and its name in lower case, unless `actions` has another one. With a checkpointer a call that
    was broken off while it waited finds its approval again: the id is made of the thread and the call. If the arguments are
    others by then, Probity refuses, and nothing runs.
    """

    def __init__(self, probity, tools=None, actions=None, reason=None):
        super().__init__()
        self.probity, self.reason = probity, reason
        self.only = None if tools is None else frozenset(tools)
        self.actions = dict(actions or {})

    def wrap_tool_call(self, request, handler):
        if self._is_free(request):
            return handler(request)
        try:
            approval, request = self._ask(request)
        except Refused as refused:
            return _told(request, refused)
        return _run(self.probity, approval, lambda: handler(request), _came)

    async def awrap_tool_call(self, request, handler):
        if self._is_free(request):
            return await handler(request)
        try:
            approval, request = await asyncio.to_thread(self._ask, request)
        except Refused as refused:
            return _told(request, refused)
        return await _arun(self.probity, approval, lambda: handler(request), _came)

    def _is_free(self, request):
        return self.only is not None and request.tool_call["name"] not in self.only

    def _ask(self, request):
        call = request.tool_call
        name = call["name"]
        arguments = _copied(call["args"], name)
        action = self.actions.get(name, f"tool.{name.lower()}")
        approval = self.probity.permission(action, arguments, self.reason, _call_id(request))
        # What runs is the copy that was granted, whatever happened to the original meanwhile.
        return approval, request.override(tool_call={**call, "args": arguments})


def _came(result):
    """What the result of a tool says of its end."""
    message = isinstance(result, ToolMessage)
    failed = message and result.status == "error"
    return ("failed" if failed else "succeeded"), _said(result.content) if message else None


def _call_id(request):
    config = getattr(request.runtime, "config", None) or {}
    thread = (config.get("configurable") or {}).get("thread_id")
    call = request.tool_call.get("id")
    return uuid.uuid5(CALLS, f"{thread}\n{call}") if thread and call else None


def _told(request, refused):
    call = request.tool_call
    return ToolMessage(content=str(refused), name=call["name"], tool_call_id=call["id"], status="error")


def guarded(probity, action=None, reason=None):
    """A function that runs only with a grant; raises `Refused` where there is none, and nothing ran.

    Its arguments are named as its parameters are, with what it takes where nothing is given, and must be plain JSON.
    """

    def around(function):
        signature = inspect.signature(function)
        what = action or f"tool.{function.__name__.lower()}"

        def ask(args, kwargs):
            bound = signature.bind(*args, **kwargs)
            bound.apply_defaults()
            arguments = _copied(dict(bound.arguments), function.__name__)
            approval = probity.permission(what, arguments, reason)
            bound.arguments.update(arguments)
            return approval, bound

        def came(result):
            return "succeeded", _said(result)

        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def run(*args, **kwargs):
                approval, bound = await asyncio.to_thread(ask, args, kwargs)
                return await _arun(probity, approval, lambda: function(*bound.args, **bound.kwargs), came)

        else:

            @functools.wraps(function)
            def run(*args, **kwargs):
                approval, bound = ask(args, kwargs)
                return _run(probity, approval, lambda: function(*bound.args, **bound.kwargs), came)

        return run

    return around
