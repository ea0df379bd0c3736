#!/usr/bin/env python3
"""Tries the tools of MCP with the clients of Python and a real server, which ../langgraph/installation.py starts.

PROBITY_TEST_MCP names, with colons between them, interpreters that have the package `mcp`.
"""

import json
import os
import pathlib
import subprocess
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "langgraph"))
from installation import POSTGRES, Installation, new_database

PYTHONS = os.environ["PROBITY_TEST_MCP"].split(":")


class Sqlite(unittest.TestCase):
    database = None

    @classmethod
    def setUpClass(cls):
        cls.there = Installation("read,governance,workflows", cls.database)

    @classmethod
    def tearDownClass(cls):
        cls.there.close()

    def test_each_client(self):
        given = {"url": self.there.url, "key": self.there.key, "session": self.there.session}
        running = []
        for python in PYTHONS:
            ran = subprocess.Popen(
                [python, str(HERE / "call_tools.py")],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            )
            ran.stdin.write(json.dumps(given))
            ran.stdin.close()
            running.append((python, ran))
        for python, ran in running:
            with self.subTest(python=python):
                said = ran.stdout.read()
                ran.stdout.close()
                self.assertEqual(ran.wait(), 0, said)


@unittest.skipUnless(POSTGRES, "PROBITY_TEST_POSTGRES is not set")
class Postgres(Sqlite):
    @classmethod
    def setUpClass(cls):
        cls.database = new_database()
        super().setUpClass()


if __name__ == "__main__":
    unittest.main()
