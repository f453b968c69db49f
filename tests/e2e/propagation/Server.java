// SPDX-License-Identifier: Apache-2.0
import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpServer;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.propagation.TextMapGetter;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.trace.ReadableSpan;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.SdkTracerProviderBuilder;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.Collection;

/** As server.js, in Java. */
public class Server {
    private static final TextMapGetter<Headers> GETTER = new TextMapGetter<>() {
        @Override
        public Iterable<String> keys(Headers headers) {
            return headers.keySet();
        }

        @Override
        public String get(Headers headers, String key) {
            return headers.getFirst(key);
        }
    };

    private static void post(String port, String path, String body) throws IOException {
        URI uri = URI.create("http://127.0.0.1:" + port + path);
        HttpURLConnection connection = (HttpURLConnection) uri.toURL().openConnection();
        connection.setDoOutput(true);
        connection.setRequestProperty("Content-Type", "application/json");
        connection.getOutputStream().write(body.getBytes());
        connection.getInputStream().readAllBytes();
    }

    /** OTLP/HTTP in JSON. */
    private static class Exporter implements SpanExporter {
        private static String told(SpanData span) {
            String parent = span.getParentSpanContext().isValid() ? span.getParentSpanId() : "";
            return String.format("{\"traceId\": \"%s\", \"spanId\": \"%s\", \"parentSpanId\": \"%s\","
                    + " \"name\": \"%s\", \"kind\": 2, \"startTimeUnixNano\": \"%d\", \"endTimeUnixNano\": \"%d\"}",
                    span.getTraceId(), span.getSpanId(), parent, span.getName(), span.getStartEpochNanos(),
                    span.getEndEpochNanos());
        }

        @Override
        public CompletableResultCode export(Collection<SpanData> spans) {
            String told = String.join(", ", spans.stream().map(Exporter::told).toList());
            try {
                post(System.getenv("COLLECTOR"), "/v1/traces", "{\"resourceSpans\": [{\"resource\": {\"attributes\":"
                        + " [{\"key\": \"service.name\", \"value\": {\"stringValue\": \""
                        + System.getenv("OTEL_SERVICE_NAME") + " sdk\"}}]}, \"scopeSpans\": [{\"spans\": [" + told
                        + "]}]}]}");
            } catch (IOException e) {
                return CompletableResultCode.ofFailure();
            }
            return CompletableResultCode.ofSuccess();
        }

        @Override
        public CompletableResultCode flush() {
            return CompletableResultCode.ofSuccess();
        }

        @Override
        public CompletableResultCode shutdown() {
            return CompletableResultCode.ofSuccess();
        }
    }

    public static void main(String[] args) throws Exception {
        SdkTracerProviderBuilder provider = SdkTracerProvider.builder();
        if (System.getenv("COLLECTOR") != null) {
            provider.addSpanProcessor(SimpleSpanProcessor.create(new Exporter()));
        }
        Tracer tracer = provider.build().get("function");
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 16);
        server.createContext("/", exchange -> {
            Context context = W3CTraceContextPropagator.getInstance()
                    .extract(Context.root(), exchange.getRequestHeaders(), GETTER);
            Span span = tracer.spanBuilder("work").setSpanKind(SpanKind.SERVER).setParent(context).startSpan();
            if (System.getenv("CALLEE") != null) {
                post(System.getenv("CALLEE"), "/", "{}");
            }
            span.end();
            var parent = ((ReadableSpan) span).getParentSpanContext();
            byte[] body = ("{\"trace\": \"" + span.getSpanContext().getTraceId() + "\", \"parent\": \""
                    + (parent.isValid() ? parent.getSpanId() : "") + "\"}").getBytes();
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        server.start();
    }
}
