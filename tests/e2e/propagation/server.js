// SPDX-License-Identifier: Apache-2.0
// A function with OpenTelemetry's SDK in it: makes a span for each request, below whatever the request
// says, and answers with that span's trace and parent. With CALLEE it asks that port meanwhile, without a word of
// the trace; with COLLECTOR the SDK sends its spans there, as OTLP/HTTP in JSON.
const http = require('http');
const { ROOT_CONTEXT, SpanKind, defaultTextMapGetter } = require('@opentelemetry/api');
const { W3CTraceContextPropagator } = require('@opentelemetry/core');
const { BasicTracerProvider, SimpleSpanProcessor } = require('@opentelemetry/sdk-trace-base');

const { OTEL_SERVICE_NAME, COLLECTOR, CALLEE } = process.env;

function post(port, path, body, done) {
  const headers = { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) };
  const request = http.request({ host: '127.0.0.1', port, path, method: 'POST', headers }, (response) => {
    response.resume().on('end', done);
  });
  request.end(body);
}

const nanoseconds = ([seconds, rest]) => `${BigInt(seconds) * 1000000000n + BigInt(rest)}`;

const exporter = {
  export(spans, done) {
    const told = spans.map((span) => ({
      ...span.spanContext(), parentSpanId: span.parentSpanContext ? span.parentSpanContext.spanId : '', name: span.name,
      kind: 2, startTimeUnixNano: nanoseconds(span.startTime), endTimeUnixNano: nanoseconds(span.endTime),
    })).map(({ traceFlags, traceState, isRemote, ...rest }) => rest);
    const attributes = [{ key: 'service.name', value: { stringValue: `${OTEL_SERVICE_NAME} sdk` } }];
    post(COLLECTOR, '/v1/traces', JSON.stringify({
      resourceSpans: [{ resource: { attributes }, scopeSpans: [{ spans: told }] }],
    }), () => done({ code: 0 }));
  },
  shutdown: () => Promise.resolve(),
};

const provider = new BasicTracerProvider({ spanProcessors: COLLECTOR ? [new SimpleSpanProcessor(exporter)] : [] });
const tracer = provider.getTracer('function');
const propagator = new W3CTraceContextPropagator();

const server = http.createServer((request, response) => {
  const context = propagator.extract(ROOT_CONTEXT, request.headers, defaultTextMapGetter);
  const span = tracer.startSpan('work', { kind: SpanKind.SERVER }, context);
  const answer = async () => {
    span.end();
    await provider.forceFlush();
    const parent = span.parentSpanContext;
    response.end(JSON.stringify({ trace: span.spanContext().traceId, parent: parent ? parent.spanId : '' }));
  };
  if (CALLEE) post(CALLEE, '/', '{}', answer);
  else answer();
});
server.listen(0, '127.0.0.1');
