/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A guest for tests of the collector's intake: makes segments with the real writer and announces
 * them as the shim does, or does what no shim would do.
 *
 *   announce SOCKET WHAT [N]
 *
 * WHAT is a row of the table at the end. Those that stay alive print "ready" and end when standard
 * input does.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "preload/wire/records.h"
#include "preload/wire/ring.h"
#include "preload/wire/segment.h"
#include "tests/support/announcing.h"

static const char *socket_path;
static int number = 1;

static void die(const char *what)
{
	fprintf(stderr, "announce: %s: %s\n", what, strerror(errno));
	_exit(99);
}

/* Its descriptor is gone afterwards, as a shim's. */
static void announce(struct announced_segment *segment)
{
	announced_send(segment, socket_path);
}

static void make_segment(struct announced_segment *segment, uint32_t slots)
{
	announced_make(segment, "/test/announce", slots, 1, ANNOUNCED_SEALS);
}

static int dial(void)
{
	return announcing_dial(socket_path);
}

/* A record that needs nothing else to make sense. Return: false: the ring is full. */
static bool reserve(struct announced_segment *segment, struct cs_claim *claim)
{
	struct cs_rec_listen listen = { .family = AF_INET, .port = 8080 };

	if (cs_ring_reserve(&segment->lanes.rings[0], (uint32_t)getpid(), CS_RECORD_LISTEN,
			    sizeof(listen), CS_PRIORITY_HIGH, claim) < 0)
		return false;
	claim->record->time_ns = announcing_now_ns(CLOCK_MONOTONIC);
	claim->record->thread = 1;
	memcpy(claim->record + 1, &listen, sizeof(listen));
	return true;
}

static bool write_record(struct announced_segment *segment)
{
	struct cs_claim claim = { 0 };

	if (!reserve(segment, &claim))
		return false;
	cs_ring_commit(&claim);
	return true;
}

static void stay(void)
{
	char byte;

	puts("ready");
	fflush(stdout);
	while (read(0, &byte, 1) > 0)
		continue;
}

/* ---- what shims do ---- */

static void do_good(void)
{
	struct announced_segment segment;

	for (int i = 0; i < number; i++) {
		make_segment(&segment, 1024);
		write_record(&segment);
		announce(&segment);
	}
	stay();
}

static void do_mapped(void) /* `good`, with the mappings dropped: a stand-in for many processes */
{
	struct announced_segment segment;

	for (int i = 0; i < number; i++) {
		make_segment(&segment, CS_SLOTS_DEFAULT);
		write_record(&segment);
		announce(&segment);
		munmap(segment.header, segment.header->segment_bytes);
	}
	stay();
}

static void do_short(void) /* many lives too short to be looked at while they last */
{
	int status;

	for (int i = 0; i < number; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			struct announced_segment segment;

			make_segment(&segment, 1024);
			announce(&segment);
			write_record(&segment);
			write_record(&segment);
			_exit(i % 2 ? 7 : 0);
		}
		if (pid < 0 || waitpid(pid, &status, 0) != pid)
			die("fork");
		if (WIFEXITED(status) && WEXITSTATUS(status) == 99)
			_exit(99);
	}
}

static void do_killed(void) /* dies between claim and commit, with a commit behind the hole */
{
	struct announced_segment segment;
	struct cs_claim claim = { 0 };

	make_segment(&segment, 1024);
	announce(&segment);
	write_record(&segment);
	reserve(&segment, &claim);
	write_record(&segment);
	kill(getpid(), SIGKILL);
}

static void do_jumped(void) /* goes on after a claim that it will never commit */
{
	struct announced_segment segment;
	struct cs_claim claim = { 0 };
	char byte;

	make_segment(&segment, 1024);
	announce(&segment);
	reserve(&segment, &claim);
	write_record(&segment);
	puts("ready");
	fflush(stdout);
	fcntl(0, F_SETFL, O_NONBLOCK);
	/* uses CPU, as one must to be called late; N seconds at most */
	for (uint64_t end = announcing_now_ns(CLOCK_MONOTONIC) + (uint64_t)number * 1000000000u;
	     announcing_now_ns(CLOCK_MONOTONIC) < end && read(0, &byte, 1) != 0;)
		continue;
}

static void do_frozen(void) /* the same, but asleep */
{
	struct announced_segment segment;
	struct cs_claim claim = { 0 };

	make_segment(&segment, 1024);
	announce(&segment);
	reserve(&segment, &claim);
	write_record(&segment);
	stay();
	cs_ring_commit(&claim);
}

static void do_orphan(void) /* a fork child goes on in the inherited ring when its parent is gone */
{
	struct announced_segment segment;

	make_segment(&segment, 1024);
	announce(&segment);
	write_record(&segment);
	if (fork() == 0) {
		write_record(&segment);
		stay();
		write_record(&segment);
		_exit(3);
	}
	_exit(4);
}

static void do_forks(void) /* N children that write and end before anybody looks */
{
	struct announced_segment segment;

	make_segment(&segment, CS_SLOTS_DEFAULT);
	announce(&segment);
	for (int i = 0; i < number; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			write_record(&segment);
			_exit(0);
		}
		if (pid < 0 || waitpid(pid, NULL, 0) != pid)
			die("fork");
	}
	stay();
}

static void do_container(void) /* pid 1 of a namespace of its own, with N short-lived children */
{
	struct announced_segment segment;
	pid_t pid;

	if (unshare(CLONE_NEWPID) < 0)
		_exit(77);
	pid = fork();
	if (pid) {
		int status;

		waitpid(pid, &status, 0);
		_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
	}
	make_segment(&segment, 1024);
	announce(&segment);
	for (int i = 0; i < number; i++) {
		pid = fork();
		if (pid == 0) {
			write_record(&segment);
			_exit(0);
		}
		waitpid(pid, NULL, 0);
	}
	pid = fork();
	if (pid == 0) {
		write_record(&segment);
		stay();
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	_exit(6);
}

static void do_burst(void) /* N records at full speed, waiting for nobody; prints how many fitted */
{
	struct announced_segment segment;
	int fitted = 0;

	make_segment(&segment, CS_SLOTS_DEFAULT);
	announce(&segment);
	for (int i = 0; i < number; i++)
		fitted += write_record(&segment);
	printf("%d\n", fitted);
}

static void put_into(struct cs_ring *ring, unsigned type, const void *payload, uint32_t len,
		     const char *text)
{
	uint32_t text_len = text ? (uint32_t)strlen(text) : 0;
	struct cs_claim claim = { 0 };

	if (cs_ring_reserve(ring, (uint32_t)getpid(), type, len + text_len, CS_PRIORITY_HIGH,
			    &claim) < 0)
		die("ring");
	claim.record->time_ns = announcing_now_ns(CLOCK_MONOTONIC);
	claim.record->thread = 1;
	memcpy(claim.record + 1, payload, len);
	if (text)
		memcpy((char *)(claim.record + 1) + len, text, text_len);
	cs_ring_commit(&claim);
}

static void put(struct announced_segment *segment, unsigned type, const void *payload, uint32_t len,
		const char *text)
{
	put_into(&segment->lanes.rings[0], type, payload, len, text);
}

/*
 * N invocations whose request, first and last byte three threads saw, each in a lane of its own;
 * and then one more lane with a writer that was killed in the middle of a record.
 */
static void do_lanes(void)
{
	struct announced_segment segment;
	struct cs_claim claim = { 0 };

	announced_make(&segment, "/test/announce", CS_SLOTS_DEFAULT, CS_LANES, ANNOUNCED_SEALS);
	for (unsigned i = 0; i < CS_LANES_MET_MAX; i++)
		cs_ring_met(&segment.lanes.rings[0]);
	for (int i = 0; i < number; i++) {
		struct cs_rec_request request = { .connection = 5,
						  .sequence = (uint32_t)i,
						  .method_len = 3,
						  .target_len = 2,
						  .version = 11 };
		struct cs_rec_response response = { .connection = 5,
						    .sequence = (uint32_t)i,
						    .status = 200 };
		struct cs_rec_response_end end = { .connection = 5,
						   .sequence = (uint32_t)i,
						   .status = 200 };
		struct cs_ring *lanes[3];

		for (unsigned k = 0; k < 3; k++)
			lanes[k] = cs_lanes_pick(&segment.lanes, (3 - k) << 12, 0);
		put_into(lanes[0], CS_RECORD_REQUEST, &request, sizeof(request), "GET/x");
		put_into(lanes[1], CS_RECORD_RESPONSE, &response, sizeof(response), NULL);
		put_into(lanes[2], CS_RECORD_RESPONSE_END, &end, sizeof(end), NULL);
	}
	cs_ring_reserve(&segment.lanes.rings[0], (uint32_t)getpid(), CS_RECORD_KILL, 16,
			CS_PRIORITY_HIGH, &claim);
	announce(&segment);
	stay();
}

static void do_exec(void) /* the same process with a second segment, after a record that says so */
{
	struct cs_rec_exec exec = { .pid = getpid(), .ppid = getppid() };
	struct announced_segment first, second;
	struct cs_claim claim = { 0 };

	make_segment(&first, 1024);
	announce(&first);
	if (cs_ring_reserve(&first.lanes.rings[0], (uint32_t)getpid(), CS_RECORD_EXEC, sizeof(exec),
			    CS_PRIORITY_HIGH, &claim) < 0)
		die("ring");
	claim.record->time_ns = announcing_now_ns(CLOCK_MONOTONIC);
	claim.record->thread = 1;
	memcpy(claim.record + 1, &exec, sizeof(exec));
	cs_ring_commit(&claim);
	make_segment(&second, 1024);
	announce(&second);
	stay();
}

static pid_t start_short(int status) /* a child that announces a segment of its own, and ends */
{
	pid_t pid = fork();

	if (pid == 0) {
		struct announced_segment own;

		make_segment(&own, 1024);
		announce(&own);
		_exit(status);
	}
	if (pid < 0 || waitid(P_PID, (id_t)pid, NULL, WEXITED | WNOWAIT) < 0)
		die("fork");
	return pid;
}

static void wait_and_tell(struct announced_segment *segment, pid_t pid)
{
	struct cs_rec_wait wait = { .pid = pid };

	if (waitpid(pid, &wait.status, 0) != pid)
		die("waitpid");
	put(segment, CS_RECORD_WAIT, &wait, sizeof(wait), NULL);
}

static void do_parent(void) /* reaps two children: one that was seen to end, and one after that */
{
	struct announced_segment segment;
	pid_t first, second;

	make_segment(&segment, 1024);
	announce(&segment);
	first = start_short(3);
	stay();
	second = start_short(4);
	wait_and_tell(&segment, second);
	wait_and_tell(&segment, first);
	puts("reaped");
	fflush(stdout);
	pause();
}

/* ---- what nobody should do ---- */

static void bad_seals(void)
{
	struct announced_segment segment;

	announced_make(&segment, "/test/announce", 64, 1, F_SEAL_SHRINK | F_SEAL_GROW);
	announce(&segment);
}

static void bad_write_seal(void)
{
	int fd = memfd_create("x", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	struct announced_segment segment;

	make_segment(&segment, 64);
	if (ftruncate(fd, (off_t)cs_segment_bytes(64, 1)) < 0 ||
	    fcntl(fd, F_ADD_SEALS, ANNOUNCED_SEALS | F_SEAL_WRITE) < 0)
		die("memfd");
	announced_send_fds(&segment, socket_path, &fd, 1);
}

static void bad_size(void) /* says more than the file has */
{
	struct announced_segment segment;
	int fd = memfd_create("x", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	make_segment(&segment, 1024);
	if (ftruncate(fd, 8192) < 0 || fcntl(fd, F_ADD_SEALS, ANNOUNCED_SEALS) < 0)
		die("memfd");
	announced_send_fds(&segment, socket_path, &fd, 1);
}

static void bad_file(const char *path, int flags)
{
	struct announced_segment segment;
	int fd = open(path, flags | O_CLOEXEC);

	if (fd < 0)
		die(path);
	make_segment(&segment, 64);
	announced_send_fds(&segment, socket_path, &fd, 1);
}

static void bad_folder(void)
{
	bad_file("/", O_RDONLY | O_DIRECTORY);
}

static void bad_device(void)
{
	bad_file("/dev/null", O_RDWR);
}

static void bad_pipe(void)
{
	struct announced_segment segment;
	int pipes[2];

	if (pipe(pipes) < 0)
		die("pipe");
	make_segment(&segment, 64);
	announced_send_fds(&segment, socket_path, &pipes[0], 1);
}

static void bad_linger(void) /* a socket whose close blocks for a minute */
{
	struct linger linger = { .l_onoff = 1, .l_linger = 60 };
	struct announced_segment segment;
	static char junk[65536];
	int pair[2], listener = socket(AF_INET, SOCK_STREAM, 0);
	struct sockaddr addr = { .sa_family = AF_INET, .sa_data = { 0, 0, 127, 0, 0, 1 } };
	socklen_t len = sizeof(addr);

	if (bind(listener, &addr, len) < 0 || listen(listener, 1) < 0 ||
	    getsockname(listener, &addr, &len) < 0)
		die("listen");
	pair[0] = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(pair[0], &addr, len) < 0)
		die("connect");
	pair[1] = accept(listener, NULL, NULL);
	fcntl(pair[0], F_SETFL, O_NONBLOCK);
	while (write(pair[0], junk, sizeof(junk)) > 0)
		continue;
	setsockopt(pair[0], SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	make_segment(&segment, 64);
	announced_send_fds(&segment, socket_path, &pair[0], 1);
	close(pair[0]);
	stay();
}

static void bad_many(void)
{
	struct announced_segment segment;
	int fds[ANNOUNCING_FDS_MAX];

	make_segment(&segment, 64);
	for (int i = 0; i < number && i < ANNOUNCING_FDS_MAX; i++)
		fds[i] = segment.fd;
	announced_send_fds(&segment, socket_path, fds, (unsigned)number);
}

static void bad_none(void)
{
	struct announced_segment segment;

	make_segment(&segment, 64);
	announced_send_fds(&segment, socket_path, NULL, 0);
}

static void bad_hello(void)
{
	struct announced_segment segment;
	int connection = dial();

	make_segment(&segment, 64);
	announcing_send(connection, "GET / HTTP/1.1\r\n\r\n", 18, &segment.fd, 1);
}

static void bad_long(void)
{
	static char junk[100000];
	struct announced_segment segment;
	int connection = dial();

	make_segment(&segment, 64);
	announcing_send(connection, junk, sizeof(junk), &segment.fd, 1);
}

static void bad_version(void)
{
	struct cs_hello hello = { .magic = CS_WIRE_MAGIC,
				  .version = CS_WIRE_VERSION + 1,
				  .hello_bytes = sizeof(hello),
				  .segment_bytes = cs_segment_bytes(64, 1) };
	struct announced_segment segment;

	make_segment(&segment, 64);
	announcing_send(dial(), &hello, sizeof(hello), &segment.fd, 1);
}

static void bad_header(void)
{
	struct announced_segment segment;

	make_segment(&segment, 64);
	segment.header->slots_offset += CS_PAGE_BYTES;
	announce(&segment);
}

static void bad_head(void) /* good until it is read */
{
	struct announced_segment segment;

	make_segment(&segment, 64);
	announce(&segment);
	atomic_store_explicit(&segment.header->head, 1ull << 40, memory_order_relaxed);
	stay();
}

static void bad_second(void) /* a good announce, and a second message behind it */
{
	struct announced_segment segment;
	int connection = dial(), pipes[2];
	struct cs_hello hello;

	make_segment(&segment, 64);
	hello = (struct cs_hello){ .magic = CS_WIRE_MAGIC,
				   .version = CS_WIRE_VERSION,
				   .hello_bytes = sizeof(hello),
				   .segment_bytes = cs_segment_bytes(64, 1),
				   .pid = getpid() };
	announcing_send(connection, &hello, sizeof(hello), &segment.fd, 1);
	if (pipe(pipes) < 0)
		die("pipe");
	announcing_send(connection, "x", 1, pipes, 2);
	stay();
}

static void bad_silence(void)
{
	dial();
	stay();
}

static void do_probe(void)
{
	close(dial());
}

/* ---- for tests/fuzz/fuzz_announce.c ---- */

static void do_dump(void) /* a hello and a small segment with one record of each type, on stdout */
{
	static const char head[] = "GET/hellotraceparent: 00-0af7651916cd43dd8448eb211c80319c-"
				   "b7ad6b7169203331-01\nx-request-id: 42\n";
	const struct cs_rec_process process = { .ppid = 1, .kind = CS_SPAWN_FORK };
	const struct cs_rec_spawn spawn = { .child_pid = 7, .kind = CS_SPAWN_VFORK, .end_ns = 9 };
	const struct cs_rec_exec exec = { .pid = 7, .path_len = 9 };
	const struct cs_rec_wait wait = { .pid = 7, .status = 9, .cpu_ns = 1 };
	const struct cs_rec_kill signal = { .pid = 7, .signal = 9 };
	const struct cs_rec_file file = { .file_class = CS_FILE_USER, .path_len = 7 };
	const struct cs_rec_listen listen = { .family = AF_INET, .port = 8080 };
	const struct cs_rec_request request = { .connection = 5,
						.method_len = 3,
						.target_len = 6,
						.headers_len = sizeof(head) - 10,
						.version = 11 };
	const struct cs_rec_response response = { .connection = 5, .status = 200 };
	const struct cs_rec_response_end end = { .connection = 5, .status = 200 };
	struct cs_hello hello = { .magic = CS_WIRE_MAGIC,
				  .version = CS_WIRE_VERSION,
				  .hello_bytes = sizeof(hello),
				  .segment_bytes = cs_segment_bytes(64, 1) };
	struct announced_segment segment;
	struct cs_claim claim = { 0 };

	make_segment(&segment, 64);
	for (unsigned mark = 0; mark < CS_MARK_COUNT; mark++)
		cs_segment_mark(segment.header, mark, announcing_now_ns(CLOCK_MONOTONIC) + mark);
	put(&segment, CS_RECORD_PROCESS, &process, sizeof(process), NULL);
	put(&segment, CS_RECORD_SPAWN, &spawn, sizeof(spawn), NULL);
	put(&segment, CS_RECORD_EXEC, &exec, sizeof(exec), "/bin/true");
	put(&segment, CS_RECORD_WAIT, &wait, sizeof(wait), NULL);
	put(&segment, CS_RECORD_KILL, &signal, sizeof(signal), NULL);
	put(&segment, CS_RECORD_FILE, &file, sizeof(file), "/app.py");
	put(&segment, CS_RECORD_LISTEN, &listen, sizeof(listen), NULL);
	put(&segment, CS_RECORD_REQUEST, &request, sizeof(request), head);
	reserve(&segment, &claim); /* a hole */
	put(&segment, CS_RECORD_RESPONSE, &response, sizeof(response), NULL);
	put(&segment, CS_RECORD_RESPONSE_END, &end, sizeof(end), NULL);
	putchar(0);
	fwrite(&hello, sizeof(hello), 1, stdout);
	fwrite(segment.header, cs_segment_bytes(64, 1), 1, stdout);
}

static const struct {
	const char *name;
	void (*run)(void);
} table[] = {
	{ "good", do_good },        { "mapped", do_mapped },    { "short", do_short },
	{ "killed", do_killed },    { "jumped", do_jumped },    { "frozen", do_frozen },
	{ "forks", do_forks },      { "orphan", do_orphan },    { "container", do_container },
	{ "burst", do_burst },      { "lanes", do_lanes },      { "exec", do_exec },
	{ "parent", do_parent },    { "seals", bad_seals },     { "write-seal", bad_write_seal },
	{ "size", bad_size },       { "folder", bad_folder },   { "device", bad_device },
	{ "pipe", bad_pipe },       { "linger", bad_linger },   { "many", bad_many },
	{ "none", bad_none },       { "hello", bad_hello },     { "long", bad_long },
	{ "version", bad_version }, { "header", bad_header },   { "head", bad_head },
	{ "second", bad_second },   { "silence", bad_silence }, { "probe", do_probe },
	{ "dump", do_dump },
};

int main(int argc, char **argv)
{
	if (argc < 3) {
		fprintf(stderr, "usage: announce SOCKET WHAT [N]\n");
		return 2;
	}
	socket_path = argv[1];
	if (argc > 3)
		number = atoi(argv[3]);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (!strcmp(table[i].name, argv[2])) {
			table[i].run();
			return 0;
		}
	}
	fprintf(stderr, "announce: no such thing: %s\n", argv[2]);
	return 2;
}
