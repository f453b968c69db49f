// SPDX-License-Identifier: Apache-2.0
// The JDK's own HTTP server; see README.md for what it answers.
import com.sun.net.httpserver.HttpServer;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.concurrent.Executors;

public class Server {
    public static void main(String[] arguments) throws Exception {
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        server.setExecutor(Executors.newCachedThreadPool());
        server.createContext("/hello", exchange -> {
            byte[] body = ("hello " + new String(exchange.getRequestBody().readAllBytes()) + "\n").getBytes();
            exchange.getResponseHeaders().set("Content-Type", "text/plain");
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        server.createContext("/hang", exchange -> {
            int port = Integer.parseInt(exchange.getRequestURI().getPath().substring(6));
            try (Socket peer = new Socket("127.0.0.1", port)) {
                peer.getInputStream().read();
            }
        });
        server.start();
    }
}
