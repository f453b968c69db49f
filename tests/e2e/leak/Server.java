// SPDX-License-Identifier: Apache-2.0
import com.sun.net.httpserver.HttpServer;
import java.io.FileOutputStream;
import java.io.FileDescriptor;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.InetSocketAddress;
import java.net.URL;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * As server.c does its work, by a pool of threads; with a second argument each request has a virtual one.
 * First argument: the backend's port.
 */
public class Server {
    private static final OutputStream OUT = new FileOutputStream(FileDescriptor.out);

    private static void say(String what, String id) throws Exception {
        OUT.write((what + " " + id + "\n").getBytes());
    }

    private static void call(String port, String id) throws Exception {
        HttpURLConnection connection = (HttpURLConnection)
                new URL("http://127.0.0.1:" + port + "/call/" + id).openConnection();
        connection.getInputStream().readAllBytes();
    }

    /** Compiled where there are none, too. */
    private static ExecutorService virtualThreads() throws Exception {
        return (ExecutorService) Executors.class.getMethod("newVirtualThreadPerTaskExecutor").invoke(null);
    }

    public static void main(String[] args) throws Exception {
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 512);
        server.setExecutor(args.length > 1 ? virtualThreads() : Executors.newFixedThreadPool(220));
        server.createContext("/", exchange -> {
            String path = exchange.getRequestURI().getPath();
            String id = path.substring(path.lastIndexOf('/') + 1);
            try {
                say("begin", id);
                Thread.sleep(25);
                call(args[0], id);
                say("end", id);
            } catch (Exception error) {
                error.printStackTrace();
                System.exit(1);
            }
            exchange.sendResponseHeaders(200, -1);
            exchange.close();
        });
        server.start();
    }
}
