"""What an agent does with Probity by MCP, with the client of the `mcp` package that is installed: 1.30 or 2.3.

Reads from standard input a JSON object: `url`, `key` of an agent, and `session` of a person who votes. The client of 2.3
runs in each of its modes. Ends with status 0 where all of it went as it should.
"""

import asyncio
import contextlib
import json
import sys
import urllib.request
from importlib.metadata import version

from mcp.client.streamable_http import streamable_http_client

NEW = int(version("mcp").split(".")[0]) >= 2
MODES = ["auto", "legacy", "2026-07-28"] if NEW else ["legacy"]
TOOLS = [
    "execution_start", "execution_step", "execution_finish", "propose_action", "approval_status", "approval_use",
    "approval_outcome", "audit_search", "audit_receipt", "activity_list", "whoami",
]


@contextlib.asynccontextmanager
async def connected(url, key, mode):
    headers = {"Authorization": f"Bearer {key}"}
    if NEW:
        import httpx2
        from mcp import Client

        async with httpx2.AsyncClient(headers=headers, timeout=60) as http:
            async with Client(streamable_http_client(url, http_client=http), mode=mode) as client:
                yield client
    else:
        import httpx
        from mcp import ClientSession

        async with httpx.AsyncClient(headers=headers, timeout=60) as http:
            async with streamable_http_client(url, http_client=http) as (read, write, _):
                async with ClientSession(read, write) as client:
                    await client.initialize()
                    yield client


def member(result, old, new):
    return getattr(result, new if NEW else old)


async def called(client, name, **arguments):
    """What a tool gives; the client holds it against the tool's schema."""
    result = await client.call_tool(name, arguments)
    assert not member(result, "isError", "is_error"), result
    told = member(result, "structuredContent", "structured_content")
    assert json.loads(result.content[0].text) == told
    return told


async def refused(client, name, **arguments):
    """The problem that a tool refuses with."""
    result = await client.call_tool(name, arguments)
    assert member(result, "isError", "is_error"), result
    problem = json.loads(result.content[0].text)
    assert problem["next"], problem
    return problem["code"]


def vote(url, session, id):
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {session}"}
    body = json.dumps({"approve": True}).encode()
    urllib.request.urlopen(urllib.request.Request(f"{url}/v1/approvals/{id}/vote", body, headers)).close()


async def act(url, key, session, mode):
    async with connected(f"{url}/mcp", key, mode) as client:
        listed = (await client.list_tools()).tools
        assert [tool.name for tool in listed] == TOOLS, listed
        assert (await called(client, "whoami"))["agent"]["name"] == "support"

        execution = (await called(client, "execution_start", workflow="triage"))["id"]
        await called(client, "execution_step", id=execution, steps=[{"kind": "tool", "name": "look_up"}])

        action = {"action": "payment.refund", "arguments": {"amount": 80, "customer": "c-17"}}
        asked = await called(client, "propose_action", **action, execution=execution)
        assert asked["status"] == "pending", asked
        assert await refused(client, "approval_use", id=asked["id"], **action) == "approval_not_granted"
        waiting = asyncio.create_task(called(client, "approval_status", id=asked["id"], wait_seconds=25))
        await asyncio.to_thread(vote, url, session, asked["id"])
        assert (await waiting)["status"] == "granted"
        changed = {"action": "payment.refund", "arguments": {"amount": 800, "customer": "c-17"}}
        assert await refused(client, "approval_use", id=asked["id"], **changed) == "approval_differs"
        assert (await called(client, "approval_use", id=asked["id"], **action))["status"] == "used"
        assert await refused(client, "approval_use", id=asked["id"], **action) == "approval_not_granted"
        await called(client, "approval_outcome", id=asked["id"], outcome="succeeded", result={"refund": "r-1"})

        ended = await called(client, "execution_finish", id=execution, outcome="completed", result={"refunds": 1})
        assert ended["status"] == "completed", ended
        entries = (await called(client, "audit_search", target=execution, limit=10))["entries"]
        assert entries, "no entry of the execution"
        receipt = await called(client, "audit_receipt", id=entries[0]["id"])
        assert receipt["receipt"].startswith("c2sp.org/tlog-proof@v1")
        assert (await called(client, "activity_list", limit=3))["activities"]
        assert await refused(client, "audit_search", limit=0) == "invalid_field"


async def main(**given):
    for mode in MODES:
        await act(**given, mode=mode)


asyncio.run(main(**json.load(sys.stdin)))
