// SPDX-License-Identifier: Apache-2.0
// A function with OpenTelemetry's SDK in it: makes a span for each request, below whatever the request
// says, and answers with that span's trace and parent.
const http = require('http');
const { ROOT_CONTEXT, SpanKind, defaultTextMapGetter } = require('@opentelemetry/api');
const { W3CTraceContextPropagator } = require('@opentelemetry/core');
const { BasicTracerProvider } = require('@opentelemetry/sdk-trace-base');

const tracer = new BasicTracerProvider().getTracer('function');
const propagator = new W3CTraceContextPropagator();

const server = http.createServer((request, response) => {
  const context = propagator.extract(ROOT_CONTEXT, request.headers, defaultTextMapGetter);
  const span = tracer.startSpan('work', { kind: SpanKind.SERVER }, context);
  span.end();
  const parent = span.parentSpanContext;
  response.end(JSON.stringify({ trace: span.spanContext().traceId, parent: parent ? parent.spanId : '' }));
});
server.listen(0, '127.0.0.1');
