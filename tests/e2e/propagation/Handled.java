// SPDX-License-Identifier: Apache-2.0
import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestStreamHandler;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.Socket;
import java.net.URI;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** As handled.py, in Java. */
public class Handled implements RequestStreamHandler {
    private static int number(String event, String name) {
        Matcher found = Pattern.compile("\"" + name + "\": *(\\d+)").matcher(event);
        return found.find() ? Integer.parseInt(found.group(1)) : 0;
    }

    private static String ask(int port) throws IOException {
        URI uri = URI.create("http://127.0.0.1:" + port + "/");
        HttpURLConnection connection = (HttpURLConnection) uri.toURL().openConnection();
        connection.setDoOutput(true);
        connection.getOutputStream().write("body".getBytes());
        try (InputStream in = connection.getInputStream()) {
            return new String(in.readAllBytes());
        }
    }

    private static String child() throws IOException {
        Process process = new ProcessBuilder(System.getenv("CHILD").split(" "))
                .redirectError(ProcessBuilder.Redirect.INHERIT).start();
        try (InputStream out = process.getInputStream()) {
            return new String(out.readAllBytes());
        }
    }

    @Override
    public void handleRequest(InputStream in, OutputStream out, Context context) throws IOException {
        String event = new String(in.readAllBytes());
        int meet = number(event, "meet");
        if (meet != 0) {
            try (Socket peer = new Socket("127.0.0.1", meet)) {
                peer.getInputStream().read();
            }
        }
        String call = ask(number(event, "port"));
        out.write(("{\"call\": " + call + ", \"child\": " + child() + "}").getBytes());
    }
}
