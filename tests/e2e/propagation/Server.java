// SPDX-License-Identifier: Apache-2.0
import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpServer;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.propagation.TextMapGetter;
import io.opentelemetry.sdk.trace.ReadableSpan;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import java.net.InetSocketAddress;

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

    public static void main(String[] args) throws Exception {
        Tracer tracer = SdkTracerProvider.builder().build().get("function");
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 16);
        server.createContext("/", exchange -> {
            Context context = W3CTraceContextPropagator.getInstance()
                    .extract(Context.root(), exchange.getRequestHeaders(), GETTER);
            Span span = tracer.spanBuilder("work").setSpanKind(SpanKind.SERVER).setParent(context).startSpan();
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
