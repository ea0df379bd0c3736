#!/usr/bin/env python3
"""Tries probity_guard.py with LangChain, LangGraph, a model that only says what it is told to, and a real server.

Where the server comes from: installation.py.
"""

import asyncio
import threading
import unittest
import uuid

from langchain.agents import create_agent
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_core.tools import tool
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, StateGraph
from langgraph.types import Command, interrupt

from installation import POSTGRES, Installation, new_database
from probity_guard import Guard, Probity, Refused, guarded

POLICIES = """
[[governance.policies]]
action = "tool.look_up"
verdict = "allow"

[[governance.policies]]
action = "tool.delete"
verdict = "deny"

[[governance.policies]]
action = "tool.slow"
verdict = "ask"
expires_s = 1
"""


def page_id(page):
    return page.rsplit("/", 1)[1]


def says(*messages):
    """A model that says this, in this order."""
    return Bound(messages=iter(messages))


class Bound(GenericFakeChatModel):
    def bind_tools(self, tools, **_):
        return self


def calls(name, id="call-1", **arguments):
    return AIMessage("", tool_calls=[{"name": name, "args": arguments, "id": id, "type": "tool_call"}])


def asked():
    return {"messages": [HumanMessage("do it")]}


def told(state):
    return [message for message in state["messages"] if isinstance(message, ToolMessage)]


class Killed(BaseException):
    """Stands for the end of the process."""


class Sqlite(unittest.TestCase):
    database = None

    @classmethod
    def setUpClass(cls):
        cls.there = Installation("governance", cls.database, POLICIES)

    @classmethod
    def tearDownClass(cls):
        cls.there.close()

    def setUp(self):
        self.ran = []
        self.before = {approval["id"] for approval in self.there.approvals()}

    def asked_for(self):
        return [approval for approval in self.there.approvals() if approval["id"] not in self.before]

    def probity(self, decide=None, **more):
        """A client, whose approvals a person decides as soon as they are shown."""
        return Probity(self.there.url, self.there.key, shown=decide or self.there_votes(), **more)

    def there_votes(self, approve=True, **more):
        return lambda page: self.there.vote(page_id(page), approve, **more)

    def tools(self):
        ran = self.ran

        @tool
        def refund(customer: str, amount: float) -> str:
            """Pays something back."""
            ran.append(("refund", customer, amount))
            if amount > 1_000:
                raise ValueError("the bank refuses it")
            return f"{amount} went to {customer}"

        @tool
        def look_up(customer: str) -> str:
            """Looks somebody up."""
            ran.append(("look_up", customer))
            return "a good customer"

        @tool
        def delete(customer: str) -> str:
            """Deletes somebody."""
            ran.append(("delete", customer))
            return "gone"

        @tool
        def slow(customer: str) -> str:
            """Takes its time."""
            ran.append(("slow", customer))
            return "done"

        return [refund, look_up, delete, slow]

    def agent(self, guard, *messages, **more):
        return create_agent(says(*messages), self.tools(), middleware=[guard], **more)

    def test_what_a_person_allows_runs_once_and_its_end_is_reported(self):
        agent = self.agent(Guard(self.probity()), calls("refund", customer="c-17", amount=80), AIMessage("done"))
        message = told(agent.invoke(asked()))[0]
        self.assertEqual((message.status, message.content), ("success", "80.0 went to c-17"))
        self.assertEqual(self.ran, [("refund", "c-17", 80)])
        [approval] = self.asked_for()
        self.assertEqual((approval["action"], approval["status"]), ("tool.refund", "used"))
        self.assertEqual(approval["arguments"], {"customer": "c-17", "amount": 80})
        self.assertEqual(approval["outcome"]["outcome"], "succeeded")
        self.assertEqual(approval["outcome"]["result"], {"value": "80.0 went to c-17"})

    def test_the_same_when_awaited(self):
        agent = self.agent(Guard(self.probity()), calls("refund", customer="c-18", amount=1), AIMessage("done"))
        message = told(asyncio.run(agent.ainvoke(asked())))[0]
        self.assertEqual((message.status, self.ran), ("success", [("refund", "c-18", 1)]))
        self.assertEqual(self.asked_for()[0]["outcome"]["outcome"], "succeeded")

    def test_what_a_person_refuses_does_not_run_and_the_model_is_told_what_would(self):
        decide = self.there_votes(False, reason="too much", suggested_arguments={"customer": "c-17", "amount": 40})
        agent = self.agent(Guard(self.probity(decide)), calls("refund", customer="c-17", amount=80), AIMessage("sorry"))
        message = told(agent.invoke(asked()))[0]
        self.assertEqual(self.ran, [])
        self.assertEqual(message.status, "error")
        self.assertIn("a person refused it: too much", message.content)
        self.assertIn('{"amount": 40, "customer": "c-17"}', message.content)

    def test_policies_decide_at_once(self):
        messages = [calls("look_up", customer="c-1"), calls("delete", id="call-2", customer="c-1"), AIMessage("well")]
        nobody = self.probity(lambda page: self.fail(f"a person was asked: {page}"))
        found, gone = told(self.agent(Guard(nobody), *messages).invoke(asked()))
        self.assertEqual((found.status, found.content), ("success", "a good customer"))
        self.assertEqual(gone.status, "error")
        self.assertIn("governance.policies[1] denies it", gone.content)
        self.assertEqual(self.ran, [("look_up", "c-1")])

    def test_what_nobody_decides_in_time_does_not_run(self):
        agent = self.agent(Guard(self.probity(lambda page: None)), calls("slow", customer="c-1"), AIMessage("well"))
        message = told(agent.invoke(asked()))[0]
        self.assertIn("the time to decide it has passed", message.content)
        # Whose patience ends before is told so.
        impatient = self.probity(lambda page: None, patience_s=1)
        agent = self.agent(Guard(impatient), calls("refund", customer="c-1", amount=1), AIMessage("well"))
        self.assertIn("still pending", told(agent.invoke(asked()))[0].content)
        self.assertEqual(self.ran, [])

    def test_a_tool_that_fails_is_reported_so(self):
        agent = self.agent(Guard(self.probity()), calls("refund", customer="c-9", amount=2_000), AIMessage("well"))
        with self.assertRaisesRegex(ValueError, "the bank refuses it"):
            agent.invoke(asked())
        outcome = self.asked_for()[0]["outcome"]
        self.assertEqual((outcome["outcome"], outcome["result"]), ("failed", {"error": "ValueError"}))

    def test_tools_that_are_not_named_need_nothing(self):
        guard = Guard(self.probity(), tools=["delete"])
        agent = self.agent(guard, calls("refund", customer="c-1", amount=1), AIMessage("done"))
        self.assertEqual(told(agent.invoke(asked()))[0].status, "success")
        self.assertEqual(self.asked_for(), [])

    def test_a_call_that_was_broken_off_finds_its_approval_again(self):
        memory, thread = InMemorySaver(), {"configurable": {"thread_id": str(uuid.uuid4())}}
        first = self.agent(
            Guard(self.probity(self.end_of_the_process)), calls("refund", customer="c-2", amount=5), checkpointer=memory
        )
        with self.assertRaises(Killed):
            first.invoke(asked(), thread)
        [approval] = self.asked_for()
        self.there.vote(approval["id"])
        again = self.agent(Guard(self.probity()), AIMessage("done"), checkpointer=memory)
        self.assertEqual(told(again.invoke(None, thread))[0].status, "success")
        self.assertEqual(self.ran, [("refund", "c-2", 5)])
        self.assertEqual([approval["status"] for approval in self.asked_for()], ["used"])

    def test_other_arguments_on_resume_do_not_run(self):
        memory, thread = InMemorySaver(), {"configurable": {"thread_id": str(uuid.uuid4())}}
        first = self.agent(
            Guard(self.probity(self.end_of_the_process)), calls("refund", customer="c-3", amount=5), checkpointer=memory
        )
        with self.assertRaises(Killed):
            first.invoke(asked(), thread)
        self.there.vote(self.asked_for()[0]["id"])
        again = self.agent(Guard(self.probity()), AIMessage("done"), checkpointer=memory)
        message = again.get_state(thread).values["messages"][-1]
        changed = message.model_copy(update={"tool_calls": [{**message.tool_calls[0], "args": {"customer": "evil", "amount": 900}}]})
        again.update_state(thread, {"messages": [changed]}, as_node="model")
        answer = told(again.invoke(None, thread))[0]
        self.assertEqual(self.ran, [])
        self.assertEqual(answer.status, "error")
        self.assertIn("id_conflict", answer.content)

    def test_a_model_that_changes_its_mind_in_an_interrupted_node_asks_anew(self):
        """A node is run again from its beginning after an interrupt, and its model may say something else."""
        amounts, ran, pending = iter([5, 900]), self.ran, []
        probity = self.probity(pending.append, patience_s=1)

        @guarded(probity, action="tool.pay")
        def pay(customer, amount):
            ran.append((customer, amount))

        def node(state):
            amount = next(amounts)
            interrupt({"amount": amount})
            try:
                pay("c-4", amount)
            except Refused as refused:
                return {"said": str(refused)}
            return {"said": "paid"}

        graph = StateGraph(dict)
        graph.add_node("node", node)
        graph.add_edge(START, "node")
        graph.add_edge("node", END)
        thread = {"configurable": {"thread_id": "t"}}
        graph = graph.compile(checkpointer=InMemorySaver())
        graph.invoke({}, thread)
        # Somebody agreed to the 5 that the interrupt showed; what is asked for now is 900, and nobody agreed to that.
        answer = graph.invoke(Command(resume=True), thread)
        self.assertIn("still pending", answer["said"])
        self.assertEqual(ran, [])
        self.assertEqual([approval["arguments"]["amount"] for approval in self.asked_for()], [900])

    def test_a_server_that_is_killed_meanwhile_forgets_nothing(self):
        listening = self.there.url.removeprefix("http://")

        def decide(page):
            self.there.kill()

            def later():
                self.there.start(listening)
                self.there.vote(page_id(page))

            threading.Thread(target=later).start()

        agent = self.agent(Guard(self.probity(decide)), calls("refund", customer="c-5", amount=7), AIMessage("done"))
        self.assertEqual(told(agent.invoke(asked()))[0].status, "success")
        self.assertEqual(self.ran, [("refund", "c-5", 7)])

    def test_nothing_runs_where_it_is_not_known_whether_the_grant_was_used(self):
        class Lossy(Probity):
            def _send(self, method, path, body=None):
                answer = super()._send(method, path, body)
                if path.endswith("/use"):
                    raise OSError("the answer was lost")
                return answer

        lossy = Lossy(self.there.url, self.there.key, shown=self.there_votes())
        agent = self.agent(Guard(lossy), calls("refund", customer="c-6", amount=1), AIMessage("well"))
        self.assertIn("is not known", told(agent.invoke(asked()))[0].content)
        self.assertEqual(self.ran, [])

    def test_a_function_is_guarded_with_what_it_takes_where_nothing_is_given(self):
        @guarded(self.probity())
        def send(to, *copies, text="hello", **more):
            self.ran.append((to, copies, text, more))
            return len(copies)

        self.assertEqual(send("ann", "ben", "carla", urgent=True), 2)
        self.assertEqual(self.ran, [("ann", ("ben", "carla"), "hello", {"urgent": True})])
        [approval] = self.asked_for()
        expected = {"to": "ann", "copies": ["ben", "carla"], "text": "hello", "more": {"urgent": True}}
        self.assertEqual((approval["action"], approval["arguments"]), ("tool.send", expected))
        with self.assertRaisesRegex(Refused, "not plain JSON"):
            send(object())
        with self.assertRaisesRegex(Refused, "not plain JSON"):
            send(float("nan"))

        @guarded(self.probity(), action="mail.send")
        async def later(to):
            self.ran.append(to)
            return to

        self.assertEqual(asyncio.run(later("ben")), "ben")
        [mail] = [approval for approval in self.asked_for() if approval["action"] == "mail.send"]
        self.assertEqual(mail["outcome"]["result"], {"value": "ben"})

    def test_a_server_that_is_not_there_lets_nothing_run(self):
        gone = Probity("http://127.0.0.1:9", self.there.key)
        agent = self.agent(Guard(gone), calls("refund", customer="c-7", amount=1), AIMessage("well"))
        self.assertIn("cannot be asked", told(agent.invoke(asked()))[0].content)
        self.assertEqual(self.ran, [])

    @staticmethod
    def end_of_the_process(page):
        raise Killed(page)


@unittest.skipUnless(POSTGRES, "PROBITY_TEST_POSTGRES is not set")
class Postgres(Sqlite):
    @classmethod
    def setUpClass(cls):
        cls.database = new_database()
        super().setUpClass()


if __name__ == "__main__":
    unittest.main()
