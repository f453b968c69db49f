// SPDX-License-Identifier: Apache-2.0

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/** A function for AWS's Java runtime interface client: does what its event says. */
public class Probe implements RequestHandler<Map<String, Object>, Map<String, Object>> {
	static {
		if ("init".equals(System.getenv("PROBE_FAILS"))) {
			throw new IllegalStateException("the init is to fail");
		}
	}

	@Override
	public Map<String, Object> handleRequest(Map<String, Object> event, Context context) {
		if (event.containsKey("error")) {
			throw new IllegalArgumentException("the event is to fail");
		}
		if (event.containsKey("hang")) {
			hang(Path.of((String) event.get("hang")));
		}
		if (event.containsKey("meet")) {
			meet(((Number) event.get("meet")).intValue());
		}
		int bytes = ((Number) event.getOrDefault("answer_bytes", 0)).intValue();
		return new TreeMap<>(Map.of("got", event, "pad", "x".repeat(bytes)));
	}

	/** Until somebody at that port says a byte. */
	private static void meet(int port) {
		try (Socket peer = new Socket("127.0.0.1", port)) {
			peer.getInputStream().read();
		} catch (IOException e) {
			throw new IllegalStateException(e);
		}
	}

	private static void hang(Path file) {
		try {
			Files.writeString(file, Long.toString(ProcessHandle.current().pid()));
			Thread.sleep(600_000);
		} catch (Exception e) {
			throw new IllegalStateException(e);
		}
	}
}
