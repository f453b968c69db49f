#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The command line, the HTTP front door, bad input of every kind, and the end."""
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import threading

import faas

GOOD = "name: f\nmode: exec\ncommand: [cat]\n"


class CommandLine(faas.Case):
    def refused(self, *args, status=2):
        """Runs the binary; it must say why in one line and end with that status."""
        run = self.run_binary(*args)
        self.assertEqual(run.returncode, status, run.stderr)
        self.assertEqual(run.stdout, "")
        self.assertRegex(run.stderr, r"\Acoldspan-faas: [^\n]+\n\Z")
        return run.stderr

    def test_help_begins_with_examples_and_names_every_flag(self):
        run = self.run_binary("--help")
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        self.assertLess(run.stdout.index("coldspan-faas serve --functions"),
                        run.stdout.index("--listen HOST:PORT"))
        for flag in ("functions", "listen", "port-file", "pass-env", "timeout", "idle-timeout",
                     "concurrency", "max-payload-bytes"):
            self.assertRegex(run.stdout, rf"(?m)^  --{flag} ")
        self.assertEqual(self.run_binary("serve", "--help").stdout, run.stdout)
        self.assertRegex(self.run_binary("--version").stdout, r"^coldspan-faas \d+\.\d+\.\d+\n$")

    def test_usage_mistakes(self):
        folder = str(self.functions.path)
        for args, text in [
                ([], "no command given"),
                (["srve"], 'did you mean "serve"?'),
                (["serve"], "--functions DIR is missing"),
                (["serve", "--functions"], "--functions needs a value"),
                (["serve", "--functons", "x"], 'did you mean "--functions"?'),
                (["serve", "--zzz"], "see coldspan-faas --help"),
                (["serve", "--functions", folder, "extra"], 'unexpected argument "extra"'),
                (["serve", "--functions", folder, "--listen", "0.0.0.0:80"], "not a loopback"),
                (["serve", "--functions", folder, "--listen", "[::]:80"], "not a loopback"),
                (["serve", "--functions", folder, "--listen", "localhost"], "not HOST:PORT"),
                (["serve", "--functions", folder, "--listen", "127.0.0.1:70000"],
                 "not HOST:PORT"),
                (["serve", "--functions", folder, "--timeout", "3"], "not a duration"),
                (["serve", "--functions", folder, "--timeout", "16m"], "up to 15m"),
                (["serve", "--functions", folder, "--idle-timeout=0s"], "not a duration"),
                (["serve", "--functions", folder, "--concurrency", "-1"], "from 1 to"),
                (["serve", "--functions", folder, "--max-payload-bytes", "x"], "from 1 to"),
                (["serve", "--functions", folder, "--pass-env", "A,,B"], '"" is neither'),
                (["serve", "--functions", folder, "--pass-env", "A=1"], '"A=1" is neither'),
                (["serve", "--functions", folder, "--pass-env", "*"], '"*" is neither')]:
            with self.subTest(args=args):
                self.assertIn(text, self.refused(*args))

    def test_no_folder_and_no_functions(self):
        self.assertIn("No such file or directory",
                      self.refused("serve", "--functions", "/does/not/exist"))
        self.assertIn("no folder in it has a function.yaml",
                      self.refused("serve", "--functions", str(self.functions.path)))

    def test_port_in_use(self):
        self.functions.add_shell("f", "true\n")
        taken = self.serve()
        text = self.refused("serve", "--functions", str(self.functions.path),
                            "--listen", f"127.0.0.1:{taken.port}", status=1)
        self.assertIn(f"cannot listen on 127.0.0.1:{taken.port}: Address already in use", text)
        self.assertIn("--listen", text)

    def test_port_file_that_cannot_be_written(self):
        self.functions.add_shell("f", "true\n")
        text = self.refused("serve", "--functions", str(self.functions.path), "--listen",
                            "127.0.0.1:0", "--port-file", "/does/not/exist/port", status=1)
        self.assertIn("--port-file /does/not/exist/port: cannot be written", text)
        folder = self.scratch() / "there"
        folder.mkdir()
        text = self.refused("serve", "--functions", str(self.functions.path), "--listen",
                            "127.0.0.1:0", "--port-file", str(folder), status=1)
        self.assertIn("cannot be written: Is a directory", text)
        self.assertEqual(os.listdir(folder.parent), ["there"])

    def yaml(self, text, mode=0o644):
        folder = self.functions.path / "f"
        folder.mkdir(exist_ok=True)
        file = folder / "function.yaml"
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        file.chmod(mode)
        return file

    def test_mistakes_in_function_yaml_have_line_and_column(self):
        for text, place, what in [
                ("name: f\nmode: exec\ncommand: [cat]\nenviroment: {}\n", "4:1",
                 'unknown key "enviroment"; did you mean "environment"?'),
                ("name: f\nmode: exec\ncommand: [cat]\n\n  \ncolour: red\n", "6:1",
                 'unknown key "colour"'),
                ("name: f\nmode: exce\ncommand: [cat]\n", "2:7",
                 'mode: expected exec or http, found "exce"'),
                ("name: f\nmode: [exec]\ncommand: [cat]\n", "2:7", "found a list"),
                ("name: f\nmode: exec\ncommand: cat\n", "3:10", "command: expected a list"),
                ("name: f\nmode: exec\ncommand: []\n", "3:10", "found an empty list"),
                ("name: f\nmode: exec\ncommand: ['', a]\n", "3:11",
                 "command: the program's name is empty"),
                ("name: f\nmode: exec\ncommand: [cat, {a: b}]\n", "3:16",
                 "an entry of command: expected a string, found a mapping"),
                ("name: f\nmode: exec\ncommand: [cat]\nenvironment:\n  A: [1]\n", "5:6",
                 "A: expected a string, found a list"),
                ("name: f\nmode: exec\ncommand: [cat]\nenvironment: []\n", "4:14",
                 "environment: expected a mapping"),
                ("name: f\nmode: http\ncommand: [cat]\nenvironment:\n  PORT: 1\n", "5:3",
                 "is set by the runtime"),
                ("name: f\nmode: exec\ncommand: [cat]\ntimeout: 3\n", "4:10",
                 'timeout: expected a duration up to 15m, such as 500ms or 3s, found "3"'),
                ("name: f\nmode: exec\ncommand: [cat]\ntimeout: 16m\n", "4:10", "up to 15m"),
                ("name: f\nmode: exec\ncommand: [cat]\nconcurrency: many\n", "4:14",
                 "a whole number"),
                ("name: f\nmode: exec\ncommand: [cat]\nconcurrency: 0\n", "4:14",
                 "a whole number"),
                *[(f"name: f\nmode: exec\ncommand: [cat]\nconcurrency: {number}\n", "4:14",
                   f'found "{number}"')
                  for number in ("5x", "1.5", "1e9", "1_000", "0x10", "010", "+5", "1000001")],
                ("name: ../f\nmode: exec\ncommand: [cat]\n", "1:7", "name: expected letters"),
                ("mode: exec\ncommand: [cat]\n", "1:1", 'key "name" is missing'),
                ("name: f\nname: g\nmode: exec\ncommand: [cat]\n", "2:1", "stands twice"),
                ("name: f\nmode: exec\ncommand: [cat\n", "4:1", "not YAML"),
                ("name: f\n\tmode: exec\n", "2:1", "not YAML"),
                ("name: &a f\nmode: exec\ncommand: [*a]\n", "1:7", "anchors"),
                (GOOD + "---\n" + GOOD, "4:1", "second document"),
                ("- name: f\n", "1:1", "found a list"),
                ("just text\n", "1:1", "expected"),
                ("", "1:1", "the file is empty"),
                ('name: "f\\0"\nmode: exec\ncommand: [cat]\n', "1:7", "NUL"),
                (b"name: \xff\xfe\n", "1:7", "not YAML")]:
            with self.subTest(yaml=text):
                file = self.yaml(text)
                said = self.refused("serve", "--functions", str(self.functions.path))
                self.assertIn(f"{file}:{place}: ", said)
                self.assertIn(what, said)

    def test_function_yaml_that_cannot_be_read(self):
        file = self.yaml(GOOD)
        file.unlink()
        file.mkdir()
        self.assertIn("is not a regular file",
                      self.refused("serve", "--functions", str(self.functions.path)))
        file.rmdir()
        self.yaml("#" * 70000)
        self.assertIn("longer than 65536 bytes",
                      self.refused("serve", "--functions", str(self.functions.path)))
        file.unlink()
        os.symlink("function.yaml", file)
        self.assertIn("cannot be read: Too many levels of symbolic links",
                      self.refused("serve", "--functions", str(self.functions.path)))
        if os.getuid():
            file.unlink()
            self.yaml(GOOD, mode=0)
            self.assertIn("cannot be read: Permission denied",
                          self.refused("serve", "--functions", str(self.functions.path)))

    def test_two_functions_of_one_name(self):
        self.yaml(GOOD)
        (self.functions.path / "g").mkdir()
        (self.functions.path / "g" / "function.yaml").write_text(GOOD)
        self.assertIn('the name "f" is taken',
                      self.refused("serve", "--functions", str(self.functions.path)))

    def test_control_characters_of_a_file_do_not_reach_the_terminal(self):
        self.yaml('"\\e[31mkey": x\n')
        text = self.refused("serve", "--functions", str(self.functions.path))
        self.assertNotIn("\x1b", text)


class Binary(faas.Case):
    """A fair guest: what it links, and how it starts processes."""

    def read(self, *args):
        if not shutil.which("readelf"):
            self.skipTest("readelf is not installed")
        return subprocess.run(["readelf", "-W", *args, faas.BINARY], capture_output=True,
                              text=True, check=True, timeout=faas.LIMIT_S).stdout

    def test_it_needs_nothing_of_ours(self):
        needed = re.findall(r"\(NEEDED\).*\[(.*)\]", self.read("-d"))
        self.assertIn("libc.so.6", needed)
        allowed = r"lib(event_core|event_extra|cyaml|yaml|jemalloc|c|m|gcc_s|asan|ubsan|tsan)[-.]"
        for name in needed:
            self.assertRegex(name, allowed)

    def test_processes_start_by_calls_that_a_preload_sees(self):
        symbols = self.read("--dyn-syms")
        if "__asan_init" in symbols or "__tsan_init" in symbols:
            self.skipTest("a sanitizer has its own names for them")
        undefined = set(re.findall(r" UND (\w+)", symbols))
        self.assertLessEqual({"vfork", "execve", "waitpid", "kill"}, undefined)
        self.assertFalse(undefined & {"fork", "posix_spawn", "posix_spawnp", "system", "popen"})


class FrontDoor(faas.Case):
    def setUp(self):
        super().setUp()
        self.functions.add_shell("echo", "exec cat\n")

    def raw(self, runtime, data, finish=True):
        """Sends bytes and returns all that comes until the runtime closes."""
        with socket.create_connection(("127.0.0.1", runtime.port), faas.LIMIT_S) as connection:
            connection.sendall(data)
            if finish:
                connection.shutdown(socket.SHUT_WR)
            got = b""
            while True:
                piece = connection.recv(65536)
                if not piece:
                    return got
                got += piece

    def test_one_line_says_the_address(self):
        file = self.scratch() / "port"
        runtime = self.serve("--port-file", str(file))
        self.assertEqual(runtime.line, f"listening on http://127.0.0.1:{runtime.port}\n")
        self.assertEqual(file.read_text(), f"{runtime.port}\n")

    def test_port_file_that_is_none(self):
        """What is no regular file stays what it is; a link stays one, too."""
        folder = self.scratch()
        fifo, link = folder / "fifo", folder / "link"
        os.mkfifo(fifo)
        reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
        self.addCleanup(os.close, reader)
        runtime = self.serve("--port-file", str(fifo))
        self.assertEqual(os.read(reader, 100), b"%d\n" % runtime.port)
        self.assertTrue(fifo.is_fifo())
        (folder / "port").write_text("an old one\n")
        link.symlink_to("port")
        runtime = self.serve("--port-file", str(link))
        self.assertEqual((folder / "port").read_text(), f"{runtime.port}\n")
        self.assertTrue(link.is_symlink())
        self.assertEqual(sorted(os.listdir(folder)), ["fifo", "link", "port"])

    def test_ipv6_loopback(self):
        try:
            with socket.socket(socket.AF_INET6) as probe:
                probe.bind(("::1", 0))
        except OSError:
            self.skipTest("no IPv6 on this machine")
        runtime = self.serve(listen="[::1]:0")
        self.assertRegex(runtime.line, r"^listening on http://\[::1\]:\d+\n$")

    def test_unknown_function_and_path(self):
        runtime = self.serve()
        for path in ("/function/none", "/function/", "/function/Echo", "/function/echo%20"):
            answer = runtime.call(path, b"x")
            self.assertEqual(answer.status, 404, path)
            self.assertIn("there is: echo", answer.text)
        for path in ("/", "/function", "/functions/echo", "/healthz/x"):
            self.assertEqual(runtime.call(path).status, 404, path)

    def test_health(self):
        runtime = self.serve()
        self.assertEqual((runtime.call("/healthz").status, runtime.call("/healthz").text),
                         (200, "ok\n"))
        answer = runtime.call("/healthz", b"", method="POST")
        self.assertEqual((answer.status, answer.headers["Allow"]), (405, "GET, HEAD"))

    def test_methods(self):
        runtime = self.serve()
        for method in ("GET", "PUT", "DELETE", "PATCH", "OPTIONS"):
            self.assertEqual(runtime.call("/function/echo", b"x", method=method).status, 200)
        for method in ("TRACE", "CONNECT"):
            answer = runtime.call("/function/echo", method=method)
            self.assertEqual(answer.status, 405)
            self.assertIn("POST", answer.headers["Allow"])
        self.assertEqual(runtime.call("/function/echo", method="BREW").status, 501)

    def test_malformed_requests_get_400_and_the_runtime_lives(self):
        runtime = self.serve()
        for data in (b"\r\n\r\n", b"garbage\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n",
                     b"POST /function/echo HTTP/1.1\r\nno colon here\r\n\r\n",
                     b"POST /function/echo HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
                     b"POST /function/echo HTTP/1.1\r\nContent-Length: x\r\n\r\n",
                     b"\0\1\2\3\xff\r\n\r\n", b"\x16\x03\x01\x02\0\1\0\1\xfc\x03\x03\r\n\r\n"):
            with self.subTest(data=data):
                self.assertRegex(self.raw(runtime, data, finish=False),
                                 rb"\AHTTP/1\.[01] (400|404|505) ")
        self.raw(runtime, b"POST /function/echo HTTP/1.1\r\nContent-Le")  # cut off
        self.assertEqual(runtime.call("/function/echo", b"y").body, b"y")

    def test_a_body_with_two_lengths_is_refused_and_the_connection_closed(self):
        runtime = self.serve()
        for framing in (b"Content-Length: 2\r\nContent-Length: 40\r\n",
                        b"Content-Length: 7\r\nTransfer-Encoding: chunked\r\n"):
            got = self.raw(runtime, b"POST /function/echo HTTP/1.1\r\n" + framing +
                           b"\r\n2\r\nok\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\n\r\n",
                           finish=False)
            self.assertRegex(got, rb"\AHTTP/1\.1 400 ")
            self.assertEqual(got.count(b"HTTP/1.1 "), 1, got)
        twice = b"Content-Length: 2\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
        got = self.raw(runtime, b"POST /function/echo HTTP/1.1\r\n" + twice, finish=False)
        self.assertRegex(got, rb"\AHTTP/1\.1 200 ")

    def test_what_others_could_read_otherwise_is_refused_and_the_connection_closed(self):
        runtime = self.serve()
        more = b"GET /healthz HTTP/1.1\r\n\r\n"
        for request, what in [
                (b"/function/echo HTTP/1.1\r\nContent-Length : 28\r\n", b"name of a header"),
                (b"/function/echo HTTP/1.1\r\n: x\r\nContent-Length: 0\r\n", b"name of a header"),
                (b"/function/echo HTTP/1.1\r\nTransfer-Encoding: xchunked\r\n", b"Transfer-Encoding"),
                (b"/function/echo HTTP/1.1\r\nTransfer-Encoding: identity\r\n"
                 b"Transfer-Encoding: chunked\r\n", b"Transfer-Encoding"),
                (b"/function/echo HTTP/1.1\r\nHost: a\r\nHost: b\r\nContent-Length: 0\r\n",
                 b"Host is given twice"),
                (b"/function/echo/a b HTTP/1.1\r\nContent-Length: 0\r\n", b"the target"),
                (b"/function/echo?\x01 HTTP/1.1\r\nContent-Length: 0\r\n", b"the target")]:
            with self.subTest(request=request):
                body = b"0\r\n\r\n" if b"chunked" in request else b""
                got = self.raw(runtime, b"POST " + request + b"\r\n" + body + more, finish=False)
                self.assertRegex(got, rb"\AHTTP/1\.1 400 ")
                self.assertIn(what, got)
                self.assertEqual(got.count(b"HTTP/1.1 "), 1, got)
        self.assertEqual(runtime.call("/function/echo", b"y").body, b"y")

    def test_header_that_is_too_long(self):
        runtime = self.serve()
        got = self.raw(runtime, b"GET /function/echo HTTP/1.1\r\nX: " + b"x" * 70000 +
                       b"\r\n\r\n", finish=False)
        self.assertRegex(got, rb"\AHTTP/1\.[01] (400|413|431) ")
        self.assertEqual(runtime.call("/function/echo", b"y").body, b"y")

    def test_body_that_is_too_long(self):
        runtime = self.serve("--max-payload-bytes", "1000")
        self.assertEqual(runtime.call("/function/echo", b"x" * 1000).status, 200)
        self.assertEqual(runtime.call("/function/echo", b"x" * 1001).status, 413)
        self.assertEqual(runtime.call("/function/echo", b"x" * 3000000).status, 413)
        chunked = b"POST /function/echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + \
            b"400\r\n" + b"x" * 1024 + b"\r\n0\r\n\r\n"
        self.assertRegex(self.raw(runtime, chunked, finish=False), rb"\AHTTP/1\.[01] 413 ")

    def test_chunked_body_and_expect(self):
        runtime = self.serve()
        got = self.raw(runtime, b"POST /function/echo HTTP/1.1\r\nHost: x\r\n"
                       b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
                       b"3\r\nabc\r\n4\r\ndefg\r\n0\r\nTrailer: t\r\n\r\n")
        self.assertTrue(got.endswith(b"\r\n\r\nabcdefg"), got)
        with socket.create_connection(("127.0.0.1", runtime.port), faas.LIMIT_S) as connection:
            connection.sendall(b"POST /function/echo HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n"
                               b"Expect: 100-continue\r\nConnection: close\r\n\r\n")
            self.assertTrue(connection.recv(100).startswith(b"HTTP/1.1 100 "))
            connection.sendall(b"ok")
            got = b""
            while piece := connection.recv(65536):
                got += piece
            self.assertTrue(got.endswith(b"\r\n\r\nok"), got)

    def test_keep_alive_serves_many_requests_on_one_connection(self):
        runtime = self.serve()
        connection = runtime.connect()
        self.addCleanup(connection.close)
        for i in range(20):
            body = str(i).encode()
            connection.request("POST", "/function/echo", body)
            self.assertEqual(faas.Answer(connection.getresponse()).body, body)

    def test_running_out_of_descriptors_is_survived(self):
        def few_descriptors():
            resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))
        runtime = self.serve(before_exec=few_descriptors)
        idle = []
        try:
            for _ in range(60):
                idle.append(socket.create_connection(("127.0.0.1", runtime.port), faas.LIMIT_S))
            faas.until(lambda: "cannot accept connections" in runtime.log(), "it says so")
            said = runtime.log().count("cannot accept")
        finally:
            for connection in idle:
                connection.close()
        self.assertEqual(runtime.call("/function/echo", b"y").body, b"y")
        self.assertLess(said, 50)  # it did not spin

    def test_client_that_goes_away_harms_nobody(self):
        begun = self.scratch() / "begun"
        self.functions.add_shell("slow", f"echo x >> {begun}; sleep 0.3; echo done\n")
        runtime = self.serve()
        for _ in range(5):
            with socket.create_connection(("127.0.0.1", runtime.port), faas.LIMIT_S) as gone:
                gone.sendall(b"GET /function/slow HTTP/1.1\r\nHost: x\r\n\r\n")
        faas.until(begun.exists, "a call runs")
        faas.until(lambda: not faas.children(runtime.process.pid), "the calls end")
        self.assertEqual(runtime.call("/function/slow").body, b"done\n")


class Stop(faas.Case):
    def busy(self, program, count=1):
        """A runtime with calls in flight, and the processes that handle them."""
        self.functions.add_shell("busy", program, more="timeout: 60s\n")
        runtime = self.serve()
        answers = []

        def call():
            try:
                answers.append(runtime.call("/function/busy"))
            except OSError as error:
                answers.append(error)
        threads = [threading.Thread(target=call) for _ in range(count)]
        for thread in threads:
            thread.start()
        pids = faas.until(lambda: (found := faas.children(runtime.process.pid)) and
                          len(found) == count and found, "the calls run")
        return runtime, pids, threads, answers

    def test_signals_end_it_with_status_0(self):
        self.functions.add_shell("f", "true\n")
        for signum in (signal.SIGTERM, signal.SIGINT):
            self.assertEqual(self.serve().stop(signum), 0)

    def test_signals_that_the_caller_had_blocked(self):
        """A blocked mask is inherited: neither the end of a function nor the stop may wait for it."""
        self.functions.add_shell("echo", "exec cat\n")
        runtime = self.serve(before_exec=lambda: signal.pthread_sigmask(
            signal.SIG_BLOCK, [signal.SIGCHLD, signal.SIGTERM, signal.SIGINT]))
        self.assertEqual(runtime.call("/function/echo", b"x").body, b"x")
        self.assertEqual(runtime.stop(), 0)

    def test_calls_in_flight_are_ended_and_answered(self):
        runtime, pids, threads, answers = self.busy("sleep 1000 & echo $! >&2; wait\n", 3)
        faas.until(lambda: len(re.findall(r"busy: \d+", runtime.log())) == 3, "all have begun")
        left = [int(pid) for pid in re.findall(r"busy: (\d+)", runtime.log())]
        self.assertEqual(runtime.stop(), 0)
        for thread in threads:
            thread.join(faas.LIMIT_S)
        self.assertEqual([answer.status for answer in answers], [503, 503, 503])
        for pid in pids + left:
            faas.until(lambda: not faas.alive(pid), f"{pid} ends")

    def test_what_ignores_sigterm_is_killed(self):
        runtime, pids, threads, _ = self.busy("trap '' TERM; echo up >&2\n"
                                              "while :; do sleep 1000; done\n")
        faas.until(lambda: "busy: up" in runtime.log(), "the trap is set")
        self.assertEqual(runtime.stop(), 0)
        threads[0].join(faas.LIMIT_S)
        self.assertFalse(faas.alive(pids[0]))

    def test_kill_9_of_the_runtime_takes_the_functions_along(self):
        runtime, pids, threads, _ = self.busy("exec sleep 1000\n", 2)
        runtime.stop(signal.SIGKILL)
        for thread in threads:
            thread.join(faas.LIMIT_S)
        for pid in pids:
            faas.until(lambda: not faas.alive(pid), f"{pid} ends")

    def test_nobody_reads_its_stderr(self):
        """A full pipe there must not stop the loop."""
        self.functions.add_shell("loud", "head -c 300000 /dev/zero | tr '\\0' 'x' | fold >&2\n"
                                         "echo done\n", more="timeout: 60s\n")
        ours, its = os.pipe()
        self.addCleanup(os.close, ours)
        runtime = self.serve()
        runtime.stop()
        process = subprocess.Popen(
            [faas.BINARY, "serve", "--functions", str(self.functions.path), "--listen",
             "127.0.0.1:0"], stdout=subprocess.PIPE, stderr=its)
        os.close(its)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        runtime.port = int(process.stdout.readline().rpartition(b":")[2])
        self.assertEqual(runtime.call("/function/loud").body, b"done\n")
        self.assertEqual(runtime.call("/healthz").status, 200)


if __name__ == "__main__":
    faas.main(__doc__)
