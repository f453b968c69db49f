// SPDX-License-Identifier: Apache-2.0
// A server that calls others, as caller.js, by java.net.http.HttpClient.
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.FileInputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.concurrent.Executors;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

public class Caller {
    static HttpClient client;

    static String get(String url) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create(url)).build();
        HttpResponse<String> response = client.send(request, HttpResponse.BodyHandlers.ofString());
        return response.statusCode() + " " + response.body();
    }

    static String failing(String url) {
        try {
            return get(url);
        } catch (Exception error) {
            return error.getClass().getSimpleName();
        }
    }

    static String redis(String port) throws Exception {
        try (Socket socket = new Socket("127.0.0.1", Integer.parseInt(port))) {
            byte[] got = new byte[100];
            socket.getOutputStream().write("*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$6\r\nsecret\r\n".getBytes());
            socket.getInputStream().read(got);
            socket.getOutputStream().write("*2\r\n$3\r\nGET\r\n$3\r\nkey\r\n".getBytes());
            return new String(got, 0, socket.getInputStream().read(got));
        }
    }

    static String does(String what, String argument) throws Exception {
        switch (what) {
        case "http":
            return get("http://localhost:" + argument + "/first?key=secret")
                + get("http://localhost:" + argument + "/missing");
        case "https":
            return get("https://localhost:" + argument + "/first")
                + get("https://localhost:" + argument + "/second");
        case "fetch":
            return get("http://localhost:" + argument + "/fetched");
        case "name":
            return failing("http://" + argument + "/");
        case "refused":
            return failing("http://127.0.0.1:" + argument + "/");
        case "redis":
            return redis(argument);
        default:
            return get("http://localhost:" + argument + "/hang");
        }
    }

    static void answer(HttpExchange exchange) {
        String[] parts = exchange.getRequestURI().getPath().split("/");
        boolean exit = parts[1].equals("exit");

        try (exchange) {
            byte[] body = (exit ? "" : does(parts[1], parts[2])).getBytes();
            exchange.sendResponseHeaders(200, body.length == 0 ? -1 : body.length);
            exchange.getResponseBody().write(body);
        } catch (Exception error) {
            error.printStackTrace();
        }
        if (exit)
            Runtime.getRuntime().halt(0);
    }

    public static void main(String[] args) throws Exception {
        HttpClient.Builder builder = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1);

        if (System.getenv("CALLS_CA") != null) {
            KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
            store.load(null, null);
            try (FileInputStream file = new FileInputStream(System.getenv("CALLS_CA"))) {
                store.setCertificateEntry("ca", CertificateFactory.getInstance("X.509").generateCertificate(file));
            }
            TrustManagerFactory trust =
                TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(store);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, trust.getTrustManagers(), null);
            builder.sslContext(context);
        }
        client = builder.build();
        if (System.getenv("CALLS_AT_START") != null)
            get("http://localhost:" + System.getenv("CALLS_AT_START") + "/configuration");
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        server.setExecutor(Executors.newFixedThreadPool(4));
        server.createContext("/", Caller::answer);
        server.start();
        System.out.println("port " + server.getAddress().getPort());
    }
}
