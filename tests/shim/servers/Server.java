// SPDX-License-Identifier: Apache-2.0
// An ordinary HTTP server; http_servers.py says what it must answer.
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

public class Server {
    private static final CyclicBarrier MEETING = new CyclicBarrier(2);
    private static final CountDownLatch ASKED_TO_END = new CountDownLatch(1);

    private static void answer(HttpExchange exchange) throws IOException {
        String kind = exchange.getRequestURI().getPath().split("/")[1];
        int length = exchange.getRequestBody().readAllBytes().length;
        byte[] text = (exchange.getRequestMethod() + " " + kind + " " + length + "\n").getBytes();
        int status = kind.equals("missing") ? 404 : kind.equals("empty") ? 204 : 200;

        if (kind.equals("meet")) {
            try {
                MEETING.await(60, TimeUnit.SECONDS);
            } catch (Exception e) {
                throw new IOException(e);
            }
        }
        if (status == 204 || exchange.getRequestMethod().equals("HEAD")) {
            exchange.sendResponseHeaders(status, -1);
        } else if (kind.equals("chunked")) {
            exchange.sendResponseHeaders(status, 0);
            try (OutputStream out = exchange.getResponseBody()) {
                for (int i = 0; i < 300; i++)
                    out.write(text);
            }
        } else {
            exchange.sendResponseHeaders(status, text.length);
            exchange.getResponseBody().write(text);
        }
        exchange.close();
        if (kind.equals("exit"))
            ASKED_TO_END.countDown();
    }

    public static void main(String[] arguments) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(4);
        HttpServer server = HttpServer.create(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);

        server.createContext("/", Server::answer);
        server.setExecutor(threads);
        server.start();
        System.out.println("port " + server.getAddress().getPort());
        System.out.flush();
        ASKED_TO_END.await();
        threads.shutdown();
        threads.awaitTermination(60, TimeUnit.SECONDS);
        server.stop(0);
    }
}
