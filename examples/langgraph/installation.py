"""A server for tests.

PROBITY_BIN is the server; target/debug/probity unless set. With PROBITY_TEST_POSTGRES, the address of a PostgreSQL where
databases may be made and where `psql` finds it, everything is tried on PostgreSQL too.
"""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import urllib.request
import uuid

ROOT = pathlib.Path(__file__).resolve().parents[2]
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR") or ROOT / "target").resolve()
BINARY = os.environ.get("PROBITY_BIN") or str(TARGET / "debug" / "probity")
POSTGRES = os.environ.get("PROBITY_TEST_POSTGRES")
PASSWORD = "correct horse battery staple"


class Installation:
    """A log with an agent and a person who votes, and its server."""

    def __init__(self, scopes, database=None, settings=""):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="probity-langgraph-"))
        self.data = self.folder / "data"
        self.database = ["--database", database] if database else []
        # No setting of the caller's shall count.
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("PROBITY_")}
        self.run("init")
        (self.data / "development.toml").write_text(settings)
        self.run("user", "create", "olga", "--role", "admin", "--password-stdin", given=PASSWORD)
        self.run("agent", "create", "support")
        self.key = self.run("key", "create", "--agent", "support", "--name", "test", "--scopes", scopes, "--quiet").strip()
        self.process, self.url = None, None
        self.start("127.0.0.1:0")
        self.session = self.call("POST", "/v1/auth/login", {"username": "olga", "password": PASSWORD})["token"]

    def command(self, *arguments):
        return [BINARY, *arguments, "--data-dir", str(self.data), *self.database]

    def run(self, *arguments, given=""):
        ran = subprocess.run(
            self.command(*arguments), cwd=self.folder, env=self.environment, input=given, text=True, capture_output=True
        )
        if ran.returncode != 0:
            raise RuntimeError(f"{arguments}: {ran.stderr}")
        return ran.stdout

    def start(self, listen):
        arguments = self.command("serve", "--output", "json", "--listen", listen)
        log = open(self.folder / "server.log", "ab")
        with log:
            self.process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=log, cwd=self.folder, env=self.environment)
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError((self.folder / "server.log").read_text())
        self.url = json.loads(line)["listening"]

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()

    def close(self):
        self.kill()
        shutil.rmtree(self.folder)

    def call(self, method, path, body=None, session=None):
        headers = {"Content-Type": "application/json"}
        if session:
            headers["Authorization"] = f"Bearer {session}"
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(urllib.request.Request(self.url + path, data, headers, method=method)) as answer:
            return json.load(answer)

    def approvals(self):
        return self.call("GET", "/v1/approvals", session=self.session)["approvals"]

    def vote(self, id, approve=True, **more):
        body = {"approve": approve, **more}
        return self.call("POST", f"/v1/approvals/{id}/vote", body, self.session)


def new_database():
    """The address of an empty database on PostgreSQL."""
    name = f"probity_{uuid.uuid4().hex[:12]}"
    subprocess.run(["psql", "--quiet", "--command", f"CREATE DATABASE {name}", POSTGRES], check=True)
    return f"{POSTGRES.rsplit('/', 1)[0]}/{name}"
