// SPDX-License-Identifier: Apache-2.0
// Logs before it listens, and twice for each request: when it comes, and when it is answered.
import com.sun.net.httpserver.HttpServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

public class Server {
    public static void main(String[] arguments) throws Exception {
        CountDownLatch end = new CountDownLatch(1);
        ExecutorService threads = Executors.newFixedThreadPool(8);

        System.out.println("loading");
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            String name = exchange.getRequestURI().getPath().split("/")[1];
            System.out.println("begin " + name);
            try {
                Thread.sleep(3);
            } catch (InterruptedException e) {
                throw new RuntimeException(e);
            }
            System.err.println("end " + name);
            exchange.sendResponseHeaders(200, 7);
            exchange.getResponseBody().write("answer\n".getBytes());
            exchange.close();
            if (name.equals("exit"))
                end.countDown();
        });
        server.setExecutor(threads);
        server.start();
        System.out.println("port " + server.getAddress().getPort());
        end.await();
        server.stop(1);
        threads.shutdown();
    }
}
