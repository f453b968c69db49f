// SPDX-License-Identifier: Apache-2.0
// The matrix guest in Java: reports on itself, spawns a child.
import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

public class Probe {
    public static void main(String[] args) throws Exception {
        List<String> lines = new ArrayList<>();
        // Files come and go by the JVM's own threads; what is no file is somebody's.
        for (File fd : new File("/proc/self/fd").listFiles()) {
            try {
                String target = Files.readSymbolicLink(fd.toPath()).toString();
                if (!target.startsWith("/") || target.startsWith("/memfd:"))
                    lines.add("fd=" + target);
            } catch (IOException e) {
                // closed meanwhile
            }
        }
        for (int fd = 0; fd < 3; fd++) {
            try {
                lines.add("fd." + fd + "=" + Files.readSymbolicLink(Path.of("/proc/self/fd/" + fd)));
            } catch (IOException e) {
                lines.add("fd." + fd + "=" + e.getClass());
            }
        }
        new TreeMap<>(System.getenv()).forEach((k, v) -> lines.add("env=" + k + "=" + v));
        for (String l : Files.readAllLines(Path.of("/proc/self/status")))
            if (l.startsWith("SigBlk") || l.startsWith("SigIgn") || l.startsWith("SigCgt"))
                lines.add(l);
        try {
            Process child = new ProcessBuilder("/bin/sh", "-c", "echo child; exit 4").start();
            lines.add("child=" + new String(child.getInputStream().readAllBytes()) + child.waitFor());
        } catch (IOException e) {
            lines.add("child=" + e.getClass());
        }
        try {
            new FileInputStream("/nonexistent/filter-from-here-on").close(); // late_filter.c
        } catch (IOException e) {
            lines.add("open=" + e.getClass());
        }
        for (String l : Files.readAllLines(Path.of("/proc/self/status")))
            if (l.startsWith("Seccomp:"))
                lines.add("seccomp=" + l.substring(9));
        byte[] data = System.in.readNBytes(6);
        System.out.write(data, 0, data.length);
        System.out.flush();
        System.err.println("to stderr");
        Files.write(Path.of(System.getenv("MATRIX_REPORT")), lines);
        System.exit(7);
    }
}
