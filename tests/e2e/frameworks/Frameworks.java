/* SPDX-License-Identifier: Apache-2.0 */

import io.undertow.Undertow;
import io.undertow.server.HttpHandler;
import io.undertow.server.handlers.BlockingHandler;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.apache.catalina.startup.Tomcat;

/** Servers that frameworks in Java stand on: the one that is named says whom it answers. */
class Frameworks {
    static String answer(String path, long length) {
        String name = path.substring(path.lastIndexOf('/') + 1);
        System.out.println("line " + name);
        return "hello " + name + " " + length;
    }

    static void tomcat(String folder) throws Exception {
        Tomcat tomcat = new Tomcat();
        tomcat.setBaseDir(folder);
        tomcat.setPort(0);
        tomcat.getConnector().setProperty("address", "127.0.0.1");
        var context = tomcat.addContext("", folder);
        Tomcat.addServlet(context, "hello", new HttpServlet() {
            @Override
            protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
                long length = request.getInputStream().readAllBytes().length;
                response.getOutputStream().write(answer(request.getRequestURI(), length).getBytes());
            }
        });
        context.addServletMappingDecoded("/*", "hello");
        tomcat.start();
    }

    static void undertow() {
        HttpHandler hello = exchange -> {
            long length = exchange.getInputStream().readAllBytes().length;
            exchange.getOutputStream().write(answer(exchange.getRequestPath(), length).getBytes());
        };
        Undertow.builder().addHttpListener(0, "127.0.0.1").setHandler(new BlockingHandler(hello)).build().start();
    }

    static void vertx(boolean epoll) {
        Vertx vertx = Vertx.vertx(new VertxOptions().setPreferNativeTransport(epoll));
        if (vertx.isNativeTransportEnabled() != epoll)
            throw new IllegalStateException(vertx.unavailableNativeTransportCause());
        vertx.createHttpServer()
            .requestHandler(request -> request.body().onSuccess(
                body -> request.response().end(answer(request.path(), body.length()))))
            .listen(0, "127.0.0.1");
    }

    public static void main(String[] args) throws Exception {
        switch (args[0]) {
        case "tomcat" -> tomcat(args[1]);
        case "undertow" -> undertow();
        case "vertx" -> vertx(false);
        case "vertx-epoll" -> vertx(true);
        default -> throw new IllegalArgumentException(args[0]);
        }
    }
}
