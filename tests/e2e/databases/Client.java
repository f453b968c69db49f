// SPDX-License-Identifier: Apache-2.0
// A function that asks a database with JDBC, and Redis with Jedis: GET /SYSTEM/WHAT; databases.py says what for.
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.Pipeline;
import redis.clients.jedis.Transaction;

public class Client {
    static final String SETTINGS = System.getenv("DATABASE");
    static final String SECRET = setting("secret");

    static String setting(String name) {
        Matcher found = Pattern.compile("\"" + name + "\": \"?([^\",}]*)").matcher(SETTINGS);
        if (!found.find()) throw new IllegalStateException(name);
        return found.group(1);
    }

    interface Action {
        void run() throws Exception;
    }

    static void failing(Action action) {
        try {
            action.run();
        } catch (Exception error) {
            return;
        }
        throw new IllegalStateException("it did not fail");
    }

    static void ask(Connection client, String sql) throws SQLException {
        try (Statement statement = client.createStatement()) {
            for (boolean rows = statement.execute(sql); rows; rows = statement.getMoreResults())
                for (ResultSet set = statement.getResultSet(); set.next();) set.getString(1);
        }
    }

    static void asked(Connection client, String what, String late, String large) throws SQLException {
        switch (what) {
            case "simple", "tls" -> ask(client, "SELECT '" + SECRET + "'");
            case "values", "prepared" -> {
                try (PreparedStatement statement = client.prepareStatement("SELECT ?")) {
                    for (int i = 0; i < (what.equals("values") ? 1 : 2); i++) {
                        statement.setString(1, SECRET);
                        try (ResultSet set = statement.executeQuery()) {
                            while (set.next()) set.getString(1);
                        }
                    }
                }
            }
            case "failing" -> failing(() -> ask(client, "SELECT * FROM nowhere WHERE a = '" + SECRET + "'"));
            case "late" -> failing(() -> ask(client, late));
            case "transaction" -> {
                client.setAutoCommit(false);
                ask(client, "CREATE TEMPORARY TABLE t (a text)");
                ask(client, "INSERT INTO t VALUES ('" + SECRET + "')");
                client.commit();
            }
            case "batch" -> {
                ask(client, "CREATE TEMPORARY TABLE t (a text)");
                try (PreparedStatement statement = client.prepareStatement("INSERT INTO t VALUES (?)")) {
                    for (int i = 0; i < 3; i++) {
                        statement.setString(1, SECRET);
                        statement.addBatch();
                    }
                    statement.executeBatch();
                }
            }
            case "large" -> ask(client, large);
            default -> throw new IllegalStateException(what);
        }
    }

    static void sql(String kind, String what, String options, String late, String large) throws SQLException {
        String url = "jdbc:" + kind + "://127.0.0.1:" + setting("port") + "/" + setting("database") + options;
        String password = what.equals("stranger") ? "not " + setting("password") : setting("password");
        if (what.equals("stranger")) {
            failing(() -> DriverManager.getConnection(url, setting("user"), password).close());
            return;
        }
        try (Connection client = DriverManager.getConnection(url, setting("user"), password)) {
            asked(client, what, late, large);
        }
    }

    static void redis(String what) {
        HostAndPort where = new HostAndPort("127.0.0.1", Integer.parseInt(setting("port")));
        int database = what.equals("another") ? 3 : 0;
        try (Jedis client = new Jedis(where, DefaultJedisClientConfig.builder().password(setting("password")).database(database).build())) {
            switch (what) {
                case "simple", "another" -> {
                    client.set("key", SECRET);
                    client.get("key");
                }
                case "failing" -> {
                    client.set("key", SECRET);
                    failing(() -> client.lpush("key", SECRET));
                }
                case "pipeline" -> {
                    Pipeline all = client.pipelined();
                    all.set("a", SECRET);
                    all.get("a");
                    all.del("a");
                    all.sync();
                }
                case "multi" -> {
                    Transaction all = client.multi();
                    all.set("a", SECRET);
                    all.incr("n");
                    all.exec();
                }
                case "large" -> {
                    client.set("large", "x".repeat(1000000));
                    client.get("large");
                }
                case "script" -> failing(() -> client.eval("return redis.error_reply('" + SECRET + " is wrong')"));
                default -> throw new IllegalStateException(what);
            }
        }
    }

    static void asked(String system, String what) throws Exception {
        String tls = what.equals("tls") ? "require" : "disable";
        switch (system) {
            case "postgresql" -> sql("postgresql", what, "?gssEncMode=disable&sslmode=" + tls,
                "SELECT 1 / (1000 - n) FROM generate_series(1, 1000) AS n", "SELECT repeat('x', 1000) FROM generate_series(1, 2000)");
            case "mysql" -> sql("mariadb", what, what.equals("tls") ? "?sslMode=trust" : "?sslMode=disable"
                + (what.equals("prepared") ? "&useServerPrepStmts=true" : ""),
                "SELECT IF(seq < 900, seq, (SELECT 1 UNION SELECT 2)) FROM seq_1_to_1000", "SELECT REPEAT('x', 1000) FROM seq_1_to_2000");
            case "redis" -> redis(what);
            default -> System.exit(0);
        }
    }

    static void handle(HttpExchange exchange) throws IOException {
        String[] parts = exchange.getRequestURI().getPath().split("/", -1);
        String text = "null";
        int status = 200;
        if (parts[1].equals("exit")) {
            exchange.sendResponseHeaders(200, -1);
            exchange.close();
            new Thread(() -> System.exit(0)).start();
            return;
        }
        try {
            asked(parts[1], parts[2]);
        } catch (Exception error) {
            StringWriter trace = new StringWriter();
            error.printStackTrace(new PrintWriter(trace));
            text = trace.toString();
            status = 500;
        }
        byte[] body = text.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(status, body.length);
        try (OutputStream out = exchange.getResponseBody()) {
            out.write(body);
        }
    }

    public static void main(String[] args) throws IOException {
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        server.createContext("/", Client::handle);
        server.start();
        System.out.println("port " + server.getAddress().getPort());
    }
}
