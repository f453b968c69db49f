#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Mode exec: a process per request, its environment, its input and output, its end."""
import hashlib
import os
import signal
import threading

import faas

ECHO = "import sys\nsys.stdout.buffer.write(sys.stdin.buffer.read())\n"
SHOW_ENV = "import os, sys\nsys.stdout.buffer.write(open('/proc/self/environ', 'rb').read())\n"


def variables(answer):
    items = [item.split(b"=", 1) for item in answer.body.split(b"\0") if item]
    found = {name.decode(): value.decode() for name, value in items}
    assert len(found) == len(items), "a variable is set twice"
    return found


class Exec(faas.Case):
    def test_body_goes_to_stdin_and_stdout_comes_back(self):
        self.functions.add("echo", ECHO)
        answer = self.serve().call("/function/echo", b"hello\0world")
        self.assertEqual((answer.status, answer.body), (200, b"hello\0world"))
        self.assertRegex(answer.headers["X-Duration-Seconds"], r"^\d+\.\d{6}$")
        self.assertRegex(answer.headers["X-Call-Id"],
                         r"^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")

    def test_content_type_is_the_requests_unless_the_function_names_one(self):
        self.functions.add("echo", ECHO)
        self.functions.add("json", ECHO, more="content_type: application/json\n")
        runtime = self.serve()
        kind = {"Content-Type": "text/x-test"}
        self.assertEqual(runtime.call("/function/echo", b"x", headers=kind)
                         .headers["Content-Type"], "text/x-test")
        self.assertEqual(runtime.call("/function/json", b"x", headers=kind)
                         .headers["Content-Type"], "application/json")

    def test_five_megabytes_go_both_ways(self):
        self.functions.add("echo", ECHO)
        body = os.urandom(5 << 20)
        answer = self.serve("--timeout", "60s").call("/function/echo", body)
        self.assertEqual(answer.status, 200)
        self.assertEqual(hashlib.sha256(answer.body).digest(), hashlib.sha256(body).digest())

    def test_answer_that_is_written_while_input_is_read_does_not_deadlock(self):
        self.functions.add("cat", "exec cat\n", interpreter="/bin/sh")
        body = os.urandom(5 << 20)
        self.assertEqual(self.serve("--timeout", "60s").call("/function/cat", body).body, body)

    def test_function_may_ignore_its_input(self):
        self.functions.add_shell("deaf", "echo done\n")
        answer = self.serve("--timeout", "60s").call("/function/deaf", bytes(5 << 20))
        self.assertEqual((answer.status, answer.body), (200, b"done\n"))

    def test_environment_is_exactly_what_is_promised(self):
        self.functions.add("env", SHOW_ENV, more="environment:\n  GREETING: hi there\n"
                                                 "  LANG: tlh\n  NUMBER: 5\n")
        given = {"PATH": os.environ["PATH"], "HOME": "/nowhere", "LANG": "C", "TZ": "UTC",
                 "SECRET": "s", "LD_LIBRARY_PATH": "/x", "COLDSPAN_A": "1", "COLDSPAN_B": "2",
                 "COLD": "3", "ONE": "1"}
        runtime = self.serve("--pass-env", "COLDSPAN_*,ONE", env=given)
        connection = runtime.connect()
        connection.putrequest("POST", "/function/env/a%20b?q=1&r=2", skip_accept_encoding=True)
        for name, value in (("x-request-id", "r1"), ("X-REQUEST-ID", "second"),
                            ("traceparent", "00-aa-bb-01"), ("Proxy", "http://evil"),
                            ("Method", "FAKE"), ("X-Call-Id", "call-7"), ("Content-Length", "2")):
            connection.putheader(name, value)
        connection.endheaders(b"ab")
        answer = faas.Answer(connection.getresponse())
        connection.close()
        self.assertEqual(variables(answer), {
            "PATH": given["PATH"], "HOME": "/nowhere", "LANG": "tlh", "TZ": "UTC",
            "GREETING": "hi there", "NUMBER": "5", "COLDSPAN_A": "1", "COLDSPAN_B": "2",
            "ONE": "1", "Http_Method": "POST", "Http_Path": "/a b", "Http_Query": "q=1&r=2",
            "Http_Host": f"127.0.0.1:{runtime.port}", "Http_ContentLength": "2",
            "Http_Content_Length": "2", "Http_X_Request_Id": "r1",
            "Http_Traceparent": "00-aa-bb-01", "Http_X_Call_Id": "call-7"})
        self.assertEqual(answer.headers["X-Call-Id"], "call-7")

    def test_path_that_no_variable_can_hold(self):
        self.functions.add_shell("f", "true\n")
        answer = self.serve().call("/function/f/a%00b")
        self.assertEqual(answer.status, 400)
        self.assertIn("the path has a NUL byte", answer.text)

    def test_get_without_body_or_path(self):
        self.functions.add("env", SHOW_ENV)
        found = variables(self.serve(env={"PATH": "/bin"}).call("/function/env"))
        self.assertEqual((found["Http_Method"], found["Http_Path"], found["Http_ContentLength"]),
                         ("GET", "/", "0"))
        self.assertNotIn("Http_Query", found)

    def test_process_starts_clean(self):
        self.functions.add("state", """
import os, signal
status = dict(l.split(':\\t') for l in open('/proc/self/status').read().splitlines() if ':\\t' in l)
print(sorted(int(f) for f in os.listdir('/proc/self/fd'))[:-1], status['SigBlk'],
      int(status['SigIgn'], 16) & (1 << (signal.SIGCHLD - 1)), os.getpgid(0) == os.getpid(),
      os.getcwd())
""")
        ends = os.pipe()  # the runtime inherits two descriptors that nobody closes on exec
        for fd in ends:
            os.set_inheritable(fd, True)
            self.addCleanup(os.close, fd)
        answer = self.serve().call("/function/state", b"")
        folder = (self.functions.path / "state").resolve()
        self.assertEqual(answer.text, f"[0, 1, 2] {'0' * 16} 0 True {folder}\n")

    def test_sigpipe_kills_a_function_as_usual(self):
        self.functions.add_shell("yes", "yes | head -1\n")
        self.assertEqual(self.serve().call("/function/yes").body, b"y\n")

    def test_failure_is_a_500_that_says_why(self):
        self.functions.add_shell("three", "echo to-stdout; echo 'bad thing' >&2; exit 3\n")
        self.functions.add_shell("shot", "kill -SEGV $$\n")
        runtime = self.serve()
        answer = runtime.call("/function/three")
        self.assertEqual(answer.status, 500)
        self.assertIn("function three exited with status 3", answer.text)
        self.assertIn("bad thing", answer.text)
        self.assertNotIn("to-stdout", answer.text)
        self.assertIn("three: bad thing\n", runtime.log())
        self.assertIn("was killed by signal 11", runtime.call("/function/shot").text)

    def test_time_out_kills_the_whole_group_and_answers_504(self):
        pids = self.scratch() / "pids"
        limits = ("1500ms", "9s", "50s")  # the next one where not all had begun by then
        for limit in limits:
            self.functions.add_shell(
                f"slow{limit}", f"echo $$ > {pids}\nsleep 1000 & echo $! >> {pids}\n"
                                f"sh -c 'sleep 1000 & echo $! >> {pids}; wait' &\nwait\n",
                more=f"timeout: {limit}\n")
        runtime = self.serve()
        for limit in limits:
            answer = runtime.call(f"/function/slow{limit}", b"x")
            self.assertEqual(answer.status, 504)
            self.assertIn(f"no answer within {limit}", answer.text)
            found = [int(pid) for pid in pids.read_text().split()] if pids.exists() else []
            if len(found) == 3:
                break
        self.assertEqual(len(found), 3)
        for pid in found:
            faas.until(lambda: not faas.alive(pid), f"{pid} ends")
        self.assertEqual(runtime.call("/healthz").status, 200)

    def test_what_a_function_leaves_behind_in_its_group_is_ended(self):
        self.functions.add_shell("leaves", "sleep 1000 >/dev/null 2>&1 & echo $!\n")
        answer = self.serve().call("/function/leaves")
        self.assertEqual(answer.status, 200)
        faas.until(lambda: not faas.alive(int(answer.text)), "the left process ends")

    def test_a_left_process_that_holds_the_pipe_does_not_delay_the_answer(self):
        self.functions.add("daemon", """
import os, time
gone, left = os.pipe()
if os.fork() == 0:
    os.setsid()
    print(os.getpid(), flush=True)
    os.write(left, b'.')
    time.sleep(1000)
os.read(gone, 1)
""", more="timeout: 60s\n")
        answer = self.serve().call("/function/daemon")
        self.addCleanup(os.kill, int(answer.text), signal.SIGKILL)
        self.assertEqual(answer.status, 200)

    def test_too_long_an_answer_is_stopped(self):
        self.functions.add_shell("endless", "exec yes\n", more="timeout: 60s\n")
        answer = self.serve("--max-payload-bytes", "100000").call("/function/endless")
        self.assertEqual(answer.status, 502)
        self.assertIn("more than 100000 bytes", answer.text)

    def test_missing_program_and_bad_script(self):
        folder = self.functions.add_shell("gone", "true\n")
        (folder / "main").unlink()
        folder = self.functions.add_shell("text", "true\n")
        (folder / "main").write_text("no interpreter line\n")
        runtime = self.serve()
        self.assertIn('program "./main" is not there', runtime.log())
        answer = runtime.call("/function/gone")
        self.assertEqual(answer.status, 500)
        self.assertIn('"./main" or its interpreter was not found', answer.text)
        self.assertIn("a script begins with #!", runtime.call("/function/text").text)

    def test_requests_run_side_by_side_up_to_the_limit(self):
        gate = self.scratch() / "gate"
        self.functions.add_shell("wait", f"while [ ! -e {gate} ]; do sleep 0.01; done\n",
                                 more="concurrency: 2\ntimeout: 60s\n")
        runtime = self.serve()
        answers = []
        threads = [threading.Thread(target=lambda: answers.append(runtime.call("/function/wait")))
                   for _ in range(2)]
        for thread in threads:
            thread.start()
        faas.until(lambda: len(faas.children(runtime.process.pid)) == 2, "two run")
        refused = runtime.call("/function/wait")
        self.assertEqual((refused.status, refused.reason), (429, "Too Many Requests"))
        self.assertIn("already has as many requests as it may: 2", refused.text)
        gate.touch()
        for thread in threads:
            thread.join(faas.LIMIT_S)
        self.assertEqual([answer.status for answer in answers], [200, 200])
        self.assertEqual(runtime.call("/function/wait").status, 200)

    def test_many_requests_at_once_leave_nothing_behind(self):
        self.functions.add_shell("echo", "exec cat\n", more="timeout: 60s\n")
        runtime = self.serve()
        before = len(os.listdir(f"/proc/{runtime.process.pid}/fd"))
        wrong = []

        def caller(number):
            for i in range(10):
                body = f"{number}.{i}".encode() * 1000
                if runtime.call("/function/echo", body).body != body:
                    wrong.append((number, i))
        threads = [threading.Thread(target=caller, args=(n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
        self.assertEqual(wrong, [])
        faas.until(lambda: len(os.listdir(f"/proc/{runtime.process.pid}/fd")) <= before,
                   "descriptors are closed")
        self.assertEqual(faas.children(runtime.process.pid), [])

    def test_head_has_the_length_and_no_body(self):
        self.functions.add_shell("hi", "echo hi\n")
        connection = self.serve().connect()
        self.addCleanup(connection.close)
        for _ in range(2):  # a body that slipped out would be taken for the second answer
            connection.request("HEAD", "/function/hi")
            answer = faas.Answer(connection.getresponse())
            self.assertEqual((answer.status, answer.headers["Content-Length"]), (200, "3"))


if __name__ == "__main__":
    faas.main(__doc__)
