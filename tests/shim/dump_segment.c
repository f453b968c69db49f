/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Takes announces, and prints what the segments hold, a JSON object a line: a "segment" (header,
 * marks, facts), then its "record"s. Rings are read at the end only, when the writers are dead: what
 * does not fit is dropped, what was left half-written is torn, and both are shown.
 *
 * dump_segment SHIM -- CMD…      runs CMD under the shim until it ends. Its standard output goes to
 *                                our standard error, its exit status is ours.
 * dump_segment --listen SOCKET [RAW]
 *                                listens, says {"kind":"ready"}, takes announces until its standard
 *                                input ends. RAW: a file to which all bytes of all segments go.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "preload/tables.h"
#include "preload/wire/reader.h"
#include "preload/wire/segment.h"

#define SEGMENTS_MAX 4096

static void print_text(const char *key, const char *text, size_t len)
{
	printf(",\"%s\":\"", key);
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c == '"' || c == '\\')
			printf("\\%c", c);
		else if (c < 0x20 || c >= 0x7f)
			printf("\\u%04x", c);
		else
			putchar(c);
	}
	putchar('"');
}

static void print_identity(const struct cs_header *header)
{
	const char *p = header->identity, *end = p + header->identity_len;

	for (; p < end; p += strlen(p) + 1) {
		const char *equals = strchr(p, '=');
		char key[80];

		if (!equals)
			continue;
		snprintf(key, sizeof(key), "%.*s", (int)(equals - p), p);
		print_text(key, equals + 1, strlen(equals + 1));
	}
}

static void print_header(unsigned segment, struct cs_header *header, int seals)
{
	printf("{\"kind\":\"segment\",\"segment\":%u,\"pid\":%d,\"ppid\":%d,\"uid\":%u,\"gid\":%u"
	       ",\"flags\":%u,\"seals\":%d",
	       segment, header->pid, header->ppid, header->uid, header->gid, header->flags, seals);
	printf(",\"attach_ns\":%llu,\"attach_realtime_ns\":%llu,\"attach_boottime_ns\":%llu"
	       ",\"attach_cpu_ns\":%llu,\"attach_thread\":%llu,\"stand_down\":%llu",
	       (unsigned long long)header->attach_monotonic_ns,
	       (unsigned long long)header->attach_realtime_ns,
	       (unsigned long long)header->attach_boottime_ns,
	       (unsigned long long)header->attach_cpu_ns, (unsigned long long)header->attach_thread,
	       (unsigned long long)header->stand_down);
	print_identity(header);
	printf(",\"marks\":{");
	for (unsigned m = 0, n = 0; m < CS_MARK_COUNT; m++) {
		if (cs_segment_marked(header, m))
			printf("%s\"%s\":%llu", n++ ? "," : "", cs_mark_name(m),
			       (unsigned long long)cs_segment_marked(header, m));
	}
	printf("},\"facts\":{");
	for (unsigned f = 0, n = 0; f < CS_FACT_COUNT; f++) {
		if (header->facts[f])
			printf("%s\"%s\":%llu", n++ ? "," : "", cs_fact_name(f),
			       (unsigned long long)header->facts[f]);
	}
	printf("},\"dropped\":{");
	for (unsigned t = 0, n = 0; t < CS_DROP_KINDS_MAX; t++) {
		unsigned long long dropped = *cs_header_dropped(header, t);

		if (dropped)
			printf("%s\"%s\":%llu", n++ ? "," : "", cs_record_name(t), dropped);
	}
	printf("}}\n");
}

static void print_address(const uint8_t address[16])
{
	char text[INET6_ADDRSTRLEN];

	printf(",\"address\":\"%s\"", inet_ntop(AF_INET6, address, text, sizeof(text)));
}

/* What stands behind the head of a record. */
union payload {
	const void *any;
	const struct cs_rec_process *process;
	const struct cs_rec_spawn *spawn;
	const struct cs_rec_exec *exec;
	const struct cs_rec_wait *wait;
	const struct cs_rec_kill *kill;
	const struct cs_rec_file *file;
	const struct cs_rec_listen *listen;
	const struct cs_rec_request *request;
	const struct cs_rec_response *response;
	const struct cs_rec_response_end *end;
	const struct cs_rec_invocation *invocation;
	const struct cs_rec_invocation_end *answer;
	const struct cs_rec_ready *ready;
	const struct cs_rec_event *event;
	const struct cs_rec_log *log;
	const struct cs_rec_aside *aside;
	const struct cs_rec_api_begin *api_begin;
	const struct cs_rec_api_end *api_end;
	const struct cs_rec_api_note *api_note;
	const struct cs_rec_connect *connect;
	const struct cs_rec_call *call;
	const struct cs_rec_call_end *call_end;
	const struct cs_rec_lookup *lookup;
};

/* Of processes, and of what they open. */
static void print_of_process(unsigned type, union payload u)
{
	switch (type) {
	case CS_RECORD_PROCESS:
		printf(",\"ppid\":%d,\"spawn\":%u,\"spawn_begin_ns\":%llu", u.process->ppid,
		       u.process->kind, (unsigned long long)u.process->spawn_begin_ns);
		break;
	case CS_RECORD_SPAWN:
		printf(",\"child\":%d,\"spawn\":%u,\"end_ns\":%llu", u.spawn->child_pid,
		       u.spawn->kind, (unsigned long long)u.spawn->end_ns);
		break;
	case CS_RECORD_EXEC:
		printf(",\"by\":%d,\"ppid\":%d,\"spawn\":%u,\"spawn_begin_ns\":%llu,\"flags\":%u",
		       u.exec->pid, u.exec->ppid, u.exec->kind,
		       (unsigned long long)u.exec->spawn_begin_ns, u.exec->flags);
		break;
	case CS_RECORD_WAIT:
		printf(",\"child\":%d,\"status\":%d,\"cpu_ns\":%llu,\"max_rss_bytes\":%llu"
		       ",\"faults_minor\":%u,\"faults_major\":%u,\"switches_voluntary\":%u",
		       u.wait->pid, u.wait->status, (unsigned long long)u.wait->cpu_ns,
		       (unsigned long long)u.wait->max_rss_bytes, u.wait->faults_minor,
		       u.wait->faults_major, u.wait->switches_voluntary);
		break;
	case CS_RECORD_KILL:
		printf(",\"target\":%d,\"signal\":%d,\"error\":%d", u.kill->pid, u.kill->signal,
		       u.kill->error);
		break;
	case CS_RECORD_FILE:
		printf(",\"class\":%u,\"flags\":%u,\"end_ns\":%llu", u.file->file_class,
		       u.file->flags, (unsigned long long)u.file->end_ns);
		print_text("path", (const char *)(u.file + 1), u.file->path_len);
		break;
	case CS_RECORD_LISTEN:
		printf(",\"socket\":%llu,\"family\":%u,\"port\":%u",
		       (unsigned long long)u.listen->socket, u.listen->family, u.listen->port);
		break;
	case CS_RECORD_READY:
		printf(",\"mark\":\"%s\"", cs_mark_name(u.ready->mark));
		break;
	}
}

/* Of what a process is asked, and answers. */
static void print_of_request(unsigned type, union payload u)
{
	switch (type) {
	case CS_RECORD_REQUEST: {
		const char *text = (const char *)(u.request + 1);

		printf(",\"connection\":%llu,\"sequence\":%u,\"flags\":%u,\"socket\":%llu,\"version\":%u",
		       (unsigned long long)u.request->connection, u.request->sequence,
		       u.request->flags, (unsigned long long)u.request->socket, u.request->version);
		print_text("method", text, u.request->method_len);
		print_text("target", text + u.request->method_len, u.request->target_len);
		print_text("headers", text + u.request->method_len + u.request->target_len,
			   u.request->headers_len);
		break;
	}
	case CS_RECORD_ASIDE:
		printf(",\"connection\":%llu,\"sequence\":%u,\"flags\":%u",
		       (unsigned long long)u.aside->connection, u.aside->sequence, u.aside->flags);
		break;
	case CS_RECORD_RESPONSE:
		printf(",\"connection\":%llu,\"sequence\":%u,\"status\":%u",
		       (unsigned long long)u.response->connection, u.response->sequence,
		       u.response->status);
		break;
	case CS_RECORD_RESPONSE_END:
		printf(",\"connection\":%llu,\"sequence\":%u,\"status\":%u,\"flags\":%u"
		       ",\"request_bytes\":%llu,\"response_bytes\":%llu",
		       (unsigned long long)u.end->connection, u.end->sequence, u.end->status,
		       u.end->flags, (unsigned long long)u.end->request_bytes,
		       (unsigned long long)u.end->response_bytes);
		break;
	case CS_RECORD_INVOCATION: {
		const char *text = (const char *)(u.invocation + 1);

		printf(",\"asked_ns\":%llu,\"source\":%u,\"flags\":%u",
		       (unsigned long long)u.invocation->asked_ns, u.invocation->source,
		       u.invocation->flags);
		print_text("id", text + u.invocation->id_offset, u.invocation->id_len);
		print_text("headers", text, u.invocation->text_len);
		break;
	}
	case CS_RECORD_INVOCATION_END: {
		const char *text = (const char *)(u.answer + 1);

		printf(",\"first_ns\":%llu,\"bytes\":%llu,\"source\":%u,\"outcome\":%u,\"flags\":%u"
		       ",\"status\":%u",
		       (unsigned long long)u.answer->first_ns, (unsigned long long)u.answer->bytes,
		       u.answer->source, u.answer->outcome, u.answer->flags, u.answer->status);
		print_text("id", text + u.answer->id_offset, u.answer->id_len);
		print_text("headers", text + u.answer->headers_offset,
			   (size_t)(u.answer->text_len - u.answer->headers_offset));
		break;
	}
	case CS_RECORD_EVENT: {
		const char *text = (const char *)(u.event + 1);

		printf(",\"messages\":%u,\"source\":%u,\"service\":%u,\"flags\":%u",
		       u.event->messages, u.event->source, u.event->service, u.event->flags);
		print_text("id", text, u.event->id_len);
		print_text("lines", text + u.event->id_len,
			   (size_t)(u.event->text_len - u.event->id_len));
		break;
	}
	}
}

/* Of what it asks others. */
static void print_of_call(unsigned type, union payload u)
{
	switch (type) {
	case CS_RECORD_CONNECT:
		printf(",\"connection\":%llu,\"stage\":%u,\"begin_ns\":%llu,\"error\":%d,\"family\":%u"
		       ",\"port\":%u,\"version\":%u",
		       (unsigned long long)u.connect->connection, u.connect->stage,
		       (unsigned long long)u.connect->begin_ns, u.connect->error, u.connect->family,
		       u.connect->port, u.connect->version);
		print_text("text", (const char *)(u.connect + 1), u.connect->text_len);
		print_address(u.connect->address);
		break;
	case CS_RECORD_CALL: {
		const char *text = (const char *)(u.call + 1);

		printf(",\"connection\":%llu,\"sequence\":%u,\"protocol\":%u,\"flags\":%u",
		       (unsigned long long)u.call->connection, u.call->sequence, u.call->protocol,
		       u.call->flags);
		print_text("method", text, u.call->method_len);
		print_text("target", text + u.call->method_len, u.call->target_len);
		print_text("headers", text + u.call->method_len + u.call->target_len,
			   u.call->headers_len);
		break;
	}
	case CS_RECORD_CALL_END:
		printf(",\"connection\":%llu,\"sequence\":%u,\"status\":%u,\"flags\":%u"
		       ",\"first_ns\":%llu,\"bytes_out\":%llu,\"bytes_in\":%llu",
		       (unsigned long long)u.call_end->connection, u.call_end->sequence,
		       u.call_end->status, u.call_end->flags,
		       (unsigned long long)u.call_end->first_ns,
		       (unsigned long long)u.call_end->bytes_out,
		       (unsigned long long)u.call_end->bytes_in);
		break;
	case CS_RECORD_LOOKUP: {
		const char *text = (const char *)(u.lookup + 1);

		printf(",\"begin_ns\":%llu,\"error\":%d,\"done\":%u,\"addresses\":%u",
		       (unsigned long long)u.lookup->begin_ns, u.lookup->error, u.lookup->done,
		       u.lookup->addresses_count);
		print_text("name", text, u.lookup->name_len);
		if (u.lookup->addresses_count)
			print_address((const uint8_t *)text + u.lookup->name_len);
		break;
	}
	}
}

/* Of what it tells itself. */
static void print_of_told(unsigned type, union payload u)
{
	switch (type) {
	case CS_RECORD_LOG:
		printf(",\"stream\":%u,\"flags\":%u,\"lost\":%u", u.log->stream, u.log->flags,
		       u.log->lost);
		print_text("text", (const char *)(u.log + 1), u.log->text_len);
		break;
	case CS_RECORD_API_BEGIN:
		printf(",\"span\":%llu,\"parent\":%llu,\"trigger\":%u,\"flags\":%u",
		       (unsigned long long)u.api_begin->span,
		       (unsigned long long)u.api_begin->parent, u.api_begin->trigger,
		       u.api_begin->flags);
		print_text("text", (const char *)(u.api_begin + 1),
			   (size_t)u.api_begin->name_len + u.api_begin->id_len +
				   u.api_begin->headers_len);
		break;
	case CS_RECORD_API_END:
		printf(",\"span\":%llu", (unsigned long long)u.api_end->span);
		break;
	case CS_RECORD_API_NOTE:
		printf(",\"span\":%llu,\"note\":%u,\"status\":%u,\"count\":%u,\"left_out\":%u",
		       (unsigned long long)u.api_note->span, u.api_note->kind, u.api_note->status,
		       u.api_note->count, u.api_note->left_out);
		print_text("text", (const char *)(u.api_note + 1), u.api_note->text_len);
		break;
	}
}

static void print_payload(const struct cs_record *record)
{
	union payload u = { .any = record + 1 };

	print_of_process(record->type, u);
	print_of_request(record->type, u);
	print_of_call(record->type, u);
	print_of_told(record->type, u);
}

struct lane {
	int fd;
	uint64_t begin;
};

static int lane_read(void *context, void *dst, uint64_t offset, uint32_t len)
{
	const struct lane *lane = context;

	return pread(lane->fd, dst, len, (off_t)(lane->begin + offset)) == (ssize_t)len ? 0 : -EIO;
}

/* A spawn that puts its caller to sleep, and the exec of its child, are told twice: by kinds of their own. */
static const char *name_of(const struct cs_record *record)
{
	union payload u = { .any = record + 1 };

	if (record->type == CS_RECORD_SPAWN && !u.spawn->child_pid)
		return "spawning";
	if (record->type == CS_RECORD_EXEC && !u.exec->pid)
		return "executing";
	return cs_record_name(record->type);
}

static void print_record(unsigned segment, uint32_t tag, const struct cs_record *record)
{
	printf("{\"kind\":\"record\",\"segment\":%u,\"type\":\"%s\",\"tag\":%u,\"time_ns\":%llu"
	       ",\"thread\":%llu",
	       segment, name_of(record), tag, (unsigned long long)record->time_ns,
	       (unsigned long long)record->thread);
	print_payload(record);
	printf("}\n");
}

/* A response that is told with its end: as if it were a record of its own. */
static void print_begin_of_response(unsigned segment, const struct cs_entry *entry)
{
	const struct cs_rec_response_end *end = (const void *)(&entry->record + 1);
	const struct cs_rec_response_begin *begin = (const void *)(end + 1);
	struct {
		struct cs_record record;
		struct cs_rec_response response;
	} told = { .record = entry->record };

	if (entry->record.type != CS_RECORD_RESPONSE_END ||
	    entry->record.payload_len < sizeof(*end) + sizeof(*begin))
		return;
	told.record.type = CS_RECORD_RESPONSE;
	told.record.time_ns = begin->begin_ns;
	told.response.connection = end->connection;
	told.response.sequence = end->sequence;
	told.response.status = end->status;
	print_record(segment, entry->pid, &told.record);
}

static void print_records(unsigned segment, struct lane *lane, struct cs_header *header,
			  uint32_t slots)
{
	static struct cs_entry entry;
	struct cs_reader_io io = { .context = lane, .read = lane_read };
	struct cs_reader reader;
	int r;

	cs_reader_init(&reader, header, slots, &io);
	while ((r = cs_reader_next(&reader, &entry)) > 0) {
		if (r == CS_READ_HOLE) {
			printf("{\"kind\":\"torn\",\"segment\":%u}\n", segment);
			if (cs_reader_give_up(&reader, true) < 0)
				return;
			continue;
		}
		print_begin_of_response(segment, &entry);
		print_record(segment, entry.pid, &entry.record);
	}
}

static void print_segment(unsigned segment, int fd)
{
	struct cs_header *header =
		mmap(NULL, CS_PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	uint32_t slots, lanes;

	if (header == MAP_FAILED ||
	    cs_segment_check(header, (uint64_t)lseek(fd, 0, SEEK_END), &slots, &lanes) < 0) {
		printf("{\"kind\":\"broken\",\"segment\":%u}\n", segment);
		return;
	}
	print_header(segment, header, fcntl(fd, F_GET_SEALS));
	for (uint32_t i = 0; i < lanes; i++) {
		struct lane lane = { fd, i * cs_segment_lane_bytes(slots) };
		struct cs_header *own = mmap(NULL, CS_PAGE_BYTES, PROT_READ | PROT_WRITE,
					     MAP_SHARED, fd, (off_t)lane.begin);

		if (own != MAP_FAILED)
			print_records(segment, &lane, own, slots);
	}
}

static int receive(int listener)
{
	int sock = accept4(listener, NULL, NULL, SOCK_CLOEXEC), fd = -1;
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
	struct cs_hello hello;
	struct iovec iov = { &hello, sizeof(hello) };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = &control,
			      .msg_controllen = sizeof(control) };

	if (sock < 0)
		return -1;
	if (recvmsg(sock, &msg, MSG_CMSG_CLOEXEC) == sizeof(hello) && CMSG_FIRSTHDR(&msg))
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(fd));
	close(sock);
	return fd;
}

static int segments[SEGMENTS_MAX];
static int count;

static void receive_queued(int listener)
{
	for (int fd; count < SEGMENTS_MAX && (fd = receive(listener)) >= 0;)
		segments[count++] = fd;
}

static int listen_at(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (listener < 0 || strlen(path) >= sizeof(addr.sun_path))
		return -1;
	memcpy(addr.sun_path, path, strlen(path) + 1);
	/* Processes of other users announce themselves too. */
	if (bind(listener, (struct sockaddr *)&addr, sizeof(addr)) < 0 || chmod(path, 0666) < 0 ||
	    listen(listener, SEGMENTS_MAX) < 0)
		return -1;
	return listener;
}

static void become(char **argv, const char *shim, const char *path)
{
	const char *other = getenv("LD_PRELOAD");
	char preload[4096];

	snprintf(preload, sizeof(preload), "%s%s%s", shim, other ? ":" : "", other ? other : "");
	setenv("LD_PRELOAD", preload, 1);
	setenv("COLDSPAN_SOCKET", path, 1);
	dup2(STDERR_FILENO, STDOUT_FILENO);
	execvp(argv[0], argv);
	perror(argv[0]);
	_exit(127);
}

static int run(int listener, char **argv, const char *shim, const char *path)
{
	int status;
	pid_t pid;

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	pid = fork();
	if (pid == 0)
		become(argv, shim, path);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	receive_queued(listener);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void serve(int listener)
{
	struct pollfd polled[2] = { { listener, POLLIN, 0 }, { STDIN_FILENO, POLLIN, 0 } };

	printf("{\"kind\":\"ready\",\"own_bytes\":%zu}\n", (size_t)CS_TABLES_BYTES + CS_PAGE_BYTES);
	fflush(stdout);
	while (!polled[1].revents && (poll(polled, 2, -1) >= 0 || errno == EINTR))
		receive_queued(listener);
	receive_queued(listener);
}

/* Everything, interpreted or not: what must not be in a segment must not be here. */
static int append_raw(const char *path, int fd)
{
	int raw = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	char buffer[65536];
	ssize_t n = -1;

	lseek(fd, 0, SEEK_SET);
	while (raw >= 0 && (n = read(fd, buffer, sizeof(buffer))) > 0) {
		if (write(raw, buffer, (size_t)n) != n)
			break;
	}
	if (raw >= 0)
		close(raw);
	return n == 0 ? 0 : -1;
}

int main(int argc, char **argv)
{
	char folder[] = "/tmp/cs-dump-XXXXXX", own[64];
	const char *path = own;
	bool serving = (argc == 3 || argc == 4) && strcmp(argv[1], "--listen") == 0;
	int ret = 0, listener;

	if (!serving && (argc < 4 || strcmp(argv[2], "--") != 0 || !mkdtemp(folder))) {
		fprintf(stderr, "usage: dump_segment SHIM -- CMD...\n"
				"       dump_segment --listen SOCKET [RAW]\n");
		return 2;
	}
	if (serving) {
		path = argv[2];
	} else {
		chmod(folder, 0755);
		snprintf(own, sizeof(own), "%s/announce.sock", folder);
	}
	listener = listen_at(path);
	if (listener < 0) {
		fprintf(stderr, "dump_segment: %s: %s\n", path, strerror(errno));
		return 1;
	}
	if (serving)
		serve(listener);
	else
		ret = run(listener, argv + 3, argv[1], path);
	unlink(path);
	if (!serving)
		rmdir(folder);
	for (int i = 0; i < count; i++)
		print_segment((unsigned)i, segments[i]);
	for (int i = 0; serving && argc == 4 && i < count; i++) {
		if (append_raw(argv[3], segments[i]) < 0)
			return 1;
	}
	return ret;
}
