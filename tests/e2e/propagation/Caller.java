// SPDX-License-Identifier: Apache-2.0
import com.sun.net.httpserver.HttpServer;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;

/** As caller.py, in Java. */
public class Caller {
    private static byte[] spawn() throws Exception {
        Process process = new ProcessBuilder(System.getenv("CHILD").split(" "))
                .redirectError(ProcessBuilder.Redirect.INHERIT).start();
        try (InputStream out = process.getInputStream()) {
            return out.readAllBytes();
        }
    }

    private static byte[] call(String port, boolean client) throws Exception {
        URI uri = URI.create("http://127.0.0.1:" + port + "/");
        if (client) {
            HttpRequest request = HttpRequest.newBuilder(uri).version(HttpClient.Version.HTTP_1_1)
                    .POST(HttpRequest.BodyPublishers.ofString("body")).build();
            return HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofByteArray()).body();
        }
        HttpURLConnection connection = (HttpURLConnection) uri.toURL().openConnection();
        connection.setDoOutput(true);
        connection.getOutputStream().write("body".getBytes());
        try (InputStream in = connection.getInputStream()) {
            return in.readAllBytes();
        }
    }

    public static void main(String[] args) throws Exception {
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 16);
        server.createContext("/", exchange -> {
            String[] path = exchange.getRequestURI().getPath().split("/");
            byte[] body;
            try {
                body = path[1].equals("spawn") ? spawn() : call(path[2], path.length > 3);
            } catch (Exception e) {
                body = e.toString().getBytes();
            }
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        server.start();
    }
}
