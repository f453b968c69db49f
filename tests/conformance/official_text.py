#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints a saved ExportTraceServiceRequest in protobuf's text format, by OpenTelemetry's own classes."""
import pathlib
import sys

from google.protobuf import text_format
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

message = ExportTraceServiceRequest.FromString(pathlib.Path(sys.argv[1]).read_bytes())
sys.stdout.write(text_format.MessageToString(message, as_utf8=False))
