#!/usr/bin/env python3
"""Tries what is recorded by OpenTelemetry alone: Python's SDK with its exporters of protobuf and of JSON, and a real server.

Where the server comes from: installation.py.
"""

import contextlib
import importlib
import json
import os
import threading
import unittest
from unittest import mock

from opentelemetry._logs import LogRecord
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExportResult

from installation import POSTGRES, Installation, new_database


class Exporters:
    """Exporters of one encoding."""

    def __init__(self, encoding):
        self.encoding = encoding
        http = f"opentelemetry.exporter.otlp.{encoding}.http"
        self.of_spans = importlib.import_module(f"{http}.trace_exporter").OTLPSpanExporter
        self.of_logs = importlib.import_module(f"{http}._log_exporter").OTLPLogExporter
        self.of_metrics = importlib.import_module(f"{http}.metric_exporter").OTLPMetricExporter


BOTH = [Exporters("proto"), Exporters("json")]
SHOP = Resource({"service.name": "shop"})
QUESTION = [{"role": "user", "parts": [{"type": "text", "content": "Where is my order?"}]}]


class Sqlite(unittest.TestCase):
    database = None

    @classmethod
    def setUpClass(cls):
        cls.there = Installation("workflows", cls.database)

    @classmethod
    def tearDownClass(cls):
        cls.there.close()

    @contextlib.contextmanager
    def variables(self, key=None, **more):
        """What an agent is given: where it sends to, and as whom."""
        given = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"{self.there.url}/otlp",
            "OTEL_EXPORTER_OTLP_HEADERS": f"authorization=Bearer%20{key or self.there.key}",
            **more,
        }
        with mock.patch.dict(os.environ, given):
            yield

    def found(self, path):
        return self.there.call("GET", path, session=self.there.session)

    def execution(self, trace_id):
        [execution] = self.found(f"/v1/executions?trace_id={trace_id:032x}")["executions"]
        return execution

    @staticmethod
    def handle_a_request(tracer):
        """A request of a web server, within which an agent asks a model and calls a tool that fails; the trace's id."""
        with tracer.start_as_current_span("POST /questions") as request:
            agent = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "support", "gen_ai.conversation.id": "thread-7"}
            with tracer.start_as_current_span("invoke_agent support", attributes=agent):
                chat = {
                    "gen_ai.operation.name": "chat",
                    "gen_ai.provider.name": "openai",
                    "gen_ai.request.model": "gpt-5",
                    "gen_ai.usage.input_tokens": 1200,
                    "gen_ai.usage.output_tokens": 85,
                    "gen_ai.response.finish_reasons": ["tool_calls"],
                    "gen_ai.input.messages": json.dumps(QUESTION),
                }
                with tracer.start_as_current_span("chat gpt-5", attributes=chat):
                    pass
                tool = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "find_order"}
                with contextlib.suppress(KeyError), tracer.start_as_current_span("execute_tool find_order", attributes=tool):
                    raise KeyError("order")
        return request.get_span_context().trace_id

    def test_two_variables_are_all_that_an_agent_needs(self):
        for exporters in BOTH:
            for compression in ("none", "gzip"):
                with self.subTest(exporters.encoding, compression=compression):
                    with self.variables(OTEL_EXPORTER_OTLP_COMPRESSION=compression):
                        provider = TracerProvider(resource=SHOP)
                        provider.add_span_processor(BatchSpanProcessor(exporters.of_spans()))
                        trace_id = self.handle_a_request(provider.get_tracer("test"))
                        provider.shutdown()
                    execution = self.execution(trace_id)
                    self.assertEqual((execution["status"], execution["workflow"], execution["step_count"]), ("completed", "shop", 3))
                    self.assertEqual((execution["usage"]["input"], execution["told"]["agent_name"]), (1200, "support"))
                    self.assertIsNotNone(execution["conversation"])
                    steps = {step["kind"]: step for step in self.found(f"/v1/steps?execution={execution['id']}")["steps"]}
                    self.assertEqual((steps["model"]["request_model"], steps["model"]["finish_reasons"]), ("gpt-5", ["tool_calls"]))
                    self.assertEqual((steps["tool"]["name"], steps["tool"]["outcome"]), ("find_order", "failed"))
                    self.assertEqual(steps["tool"]["error_type"], "KeyError")
                    self.assertEqual(self.found(f"/v1/steps/{steps['model']['id']}")["input"], QUESTION)

    def test_log_records_are_steps_and_points_of_metrics_fail_no_exporter(self):
        for exporters in BOTH:
            with self.subTest(exporters.encoding), self.variables():
                tracers, loggers = TracerProvider(resource=SHOP), LoggerProvider(resource=SHOP)
                loggers.add_log_record_processor(BatchLogRecordProcessor(exporters.of_logs()))
                with tracers.get_tracer("test").start_as_current_span("chat") as span:
                    record = LogRecord(event_name="gen_ai.choice", body={"message": {"content": "It is on its way."}})
                    loggers.get_logger("test").emit(record)
                loggers.shutdown()
                execution = self.execution(span.get_span_context().trace_id)
                self.assertEqual((execution["status"], execution["step_count"]), ("running", 1))
                exporter = exporters.of_metrics()
                meters = MeterProvider([PeriodicExportingMetricReader(exporter)], SHOP)
                meters.get_meter("test").create_counter("orders").add(1)
                with self.assertNoLogs("opentelemetry", "ERROR"):
                    self.assertTrue(meters.force_flush())
                meters.shutdown()

    def test_a_batch_waits_for_a_server_that_comes_back(self):
        listening = self.there.url.removeprefix("http://")
        for exporters in BOTH:
            with self.subTest(exporters.encoding), self.variables():
                provider = TracerProvider(resource=SHOP)
                provider.add_span_processor(BatchSpanProcessor(exporters.of_spans()))
                trace_id = self.handle_a_request(provider.get_tracer("test"))
                self.there.kill()
                again = threading.Timer(0.3, self.there.start, [listening])
                again.start()
                provider.shutdown()
                again.join()
                self.assertEqual(self.execution(trace_id)["step_count"], 3)

    def test_whose_key_is_not_good_is_told_so(self):
        for exporters in BOTH:
            with self.subTest(exporters.encoding), self.variables(key="prb_x"), self.assertLogs("opentelemetry", "ERROR") as logs:
                self.assertIs(exporters.of_spans().export([]), SpanExportResult.FAILURE)
                self.assertIn("401", logs.output[0])


@unittest.skipUnless(POSTGRES, "PROBITY_TEST_POSTGRES is not set")
class Postgres(Sqlite):
    @classmethod
    def setUpClass(cls):
        cls.database = new_database()
        super().setUpClass()


if __name__ == "__main__":
    unittest.main()
