/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Every way to read and to write, taking turns in pieces of all sizes: on a connection that carries
 * HTTP, and on a socketpair that does; well used, with nothing there, with bad pointers.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <sys/sendfile.h>
#include <sys/time.h>
#include <sys/uio.h>

#include "tests/shim/guests/guest.h"
#include "tests/shim/guests/pair.h"

#define ROUNDS     60
#define BODY_BYTES 40
#define BAD        ((char *)8)

/* What a fortified build calls when it knows the size of the buffer; only glibc has them. */
#ifdef __GLIBC__
ssize_t __read_chk(int fd, void *data, size_t len, size_t room);
ssize_t __recv_chk(int fd, void *data, size_t len, size_t room, int flags);
ssize_t __recvfrom_chk(int fd, void *data, size_t len, size_t room, int flags,
		       struct sockaddr *address, socklen_t *address_len);
#endif

typedef ssize_t (*move_fn)(int fd, char *data, size_t len);

struct way {
	const char *name;
	move_fn move;
};

static ssize_t by_read(int fd, char *data, size_t len)
{
	return read(fd, data, len);
}

/* Two buffers with an empty one between, cut in the middle. */
static void cut(struct iovec iov[3], char *data, size_t len)
{
	iov[0] = (struct iovec){ data, len / 2 };
	iov[1] = (struct iovec){ data, 0 };
	iov[2] = (struct iovec){ data + len / 2, len - len / 2 };
}

static ssize_t by_readv(int fd, char *data, size_t len)
{
	struct iovec iov[3];

	cut(iov, data, len);
	return readv(fd, iov, 3);
}

#ifdef __GLIBC__
static ssize_t by_preadv2(int fd, char *data, size_t len)
{
	struct iovec iov[3];

	cut(iov, data, len);
	return preadv2(fd, iov, 3, -1, 0);
}

static ssize_t by_preadv64v2(int fd, char *data, size_t len)
{
	struct iovec iov[3];

	cut(iov, data, len);
	return preadv64v2(fd, iov, 3, -1, 0);
}
#endif

static ssize_t by_recv(int fd, char *data, size_t len)
{
	return recv(fd, data, len, 0);
}

static ssize_t by_recvfrom(int fd, char *data, size_t len)
{
	struct sockaddr_un address;
	socklen_t address_len = sizeof(address);

	return recvfrom(fd, data, len, MSG_NOSIGNAL, (struct sockaddr *)&address, &address_len);
}

static ssize_t by_recvmsg(int fd, char *data, size_t len)
{
	struct iovec iov[3];
	char control[64];
	struct msghdr message = { .msg_iov = iov,
				  .msg_iovlen = 3,
				  .msg_control = control,
				  .msg_controllen = sizeof(control) };

	cut(iov, data, len);
	return recvmsg(fd, &message, 0);
}

static ssize_t by_recvmmsg(int fd, char *data, size_t len)
{
	struct iovec iov[2] = { { data, len / 2 }, { data + len / 2, len - len / 2 } };
	struct mmsghdr messages[2] = { { .msg_hdr = { .msg_iov = &iov[0], .msg_iovlen = 1 } },
				       { .msg_hdr = { .msg_iov = &iov[1], .msg_iovlen = 1 } } };
	int n = recvmmsg(fd, messages, len < 2 ? 1 : 2, MSG_WAITFORONE, NULL);
	ssize_t sum = n < 0 ? n : 0;

	if (len < 2 && n == 1 && !messages[0].msg_len)
		return recvmmsg(fd, messages + 1, 1, 0, NULL) == 1 ? messages[1].msg_len : -1;
	for (int i = 0; i < n; i++)
		sum += messages[i].msg_len;
	return sum;
}

/* Looks first: what was only looked at is not read. */
static ssize_t by_peek(int fd, char *data, size_t len)
{
	struct iovec iov = { data, len };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (recv(fd, data, len, MSG_PEEK) < 0 || recvmsg(fd, &message, MSG_PEEK) < 0)
		return -1;
	return read(fd, data, len);
}

static ssize_t by_splice_in(int fd, char *data, size_t len)
{
	int pipes[2];
	ssize_t n;

	need(pipe(pipes) == 0, "pipe");
	n = splice(fd, NULL, pipes[1], NULL, len, SPLICE_F_NONBLOCK);
	if (n > 0)
		need(read(pipes[0], data, (size_t)n) == n, "read of a pipe");
	int saved = errno;
	close(pipes[0]);
	close(pipes[1]);
	errno = saved;
	return n;
}

#ifdef __GLIBC__
static ssize_t by_read_chk(int fd, char *data, size_t len)
{
	return __read_chk(fd, data, len, 4096);
}

static ssize_t by_recv_chk(int fd, char *data, size_t len)
{
	return __recv_chk(fd, data, len, 4096, 0);
}

static ssize_t by_recvfrom_chk(int fd, char *data, size_t len)
{
	return __recvfrom_chk(fd, data, len, 4096, 0, NULL, NULL);
}
#endif

static const struct way readers[] = {
	{ "read", by_read },
	{ "readv", by_readv },
	{ "recv", by_recv },
	{ "recvfrom", by_recvfrom },
	{ "recvmsg", by_recvmsg },
	{ "recvmmsg", by_recvmmsg },
	{ "peek", by_peek },
#ifdef __GLIBC__
	{ "preadv2", by_preadv2 },
	{ "preadv64v2", by_preadv64v2 },
	{ "__read_chk", by_read_chk },
	{ "__recv_chk", by_recv_chk },
	{ "__recvfrom_chk", by_recvfrom_chk },
#endif
};
#define READERS (sizeof(readers) / sizeof(readers[0]))

static ssize_t by_write(int fd, char *data, size_t len)
{
	return write(fd, data, len);
}

static ssize_t by_writev(int fd, char *data, size_t len)
{
	struct iovec iov[3];

	cut(iov, data, len);
	return writev(fd, iov, 3);
}

#ifdef __GLIBC__
static ssize_t by_pwritev2(int fd, char *data, size_t len)
{
	struct iovec iov[3];

	cut(iov, data, len);
	return pwritev2(fd, iov, 3, -1, 0);
}

static ssize_t by_pwritev64v2(int fd, char *data, size_t len)
{
	struct iovec iov[3];

	cut(iov, data, len);
	return pwritev64v2(fd, iov, 3, -1, 0);
}
#endif

static ssize_t by_send(int fd, char *data, size_t len)
{
	return send(fd, data, len, MSG_NOSIGNAL);
}

static ssize_t by_sendto(int fd, char *data, size_t len)
{
	return sendto(fd, data, len, 0, NULL, 0);
}

static ssize_t by_sendmsg(int fd, char *data, size_t len)
{
	struct iovec iov[3];
	struct msghdr message = { .msg_iov = iov, .msg_iovlen = 3 };

	cut(iov, data, len);
	return sendmsg(fd, &message, 0);
}

static ssize_t by_sendmmsg(int fd, char *data, size_t len)
{
	struct iovec iov[2] = { { data, len / 2 }, { data + len / 2, len - len / 2 } };
	struct mmsghdr messages[2] = { { .msg_hdr = { .msg_iov = &iov[0], .msg_iovlen = 1 } },
				       { .msg_hdr = { .msg_iov = &iov[1], .msg_iovlen = 1 } } };
	int n = sendmmsg(fd, messages, 2, 0);
	ssize_t sum = n < 0 ? n : 0;

	for (int i = 0; i < n; i++)
		sum += messages[i].msg_len;
	return sum;
}

static ssize_t by_sendfile(int fd, char *data, size_t len)
{
	int file = open("body", O_CREAT | O_TRUNC | O_RDWR, 0600);
	off_t offset = 0;
	ssize_t n;

	need(file >= 0 && write(file, data, len) == (ssize_t)len, "body");
	n = sendfile(fd, file, &offset, len);
	close(file);
	return n;
}

#ifdef __GLIBC__
static ssize_t by_sendfile64(int fd, char *data, size_t len)
{
	int file = open("body", O_CREAT | O_TRUNC | O_RDWR, 0600);
	ssize_t n;

	need(file >= 0 && write(file, data, len) == (ssize_t)len, "body");
	lseek(file, 0, SEEK_SET);
	n = sendfile64(fd, file, NULL, len);
	close(file);
	return n;
}
#endif

static ssize_t by_splice(int fd, char *data, size_t len)
{
	int pipes[2];
	ssize_t n;

	need(pipe2(pipes, 0) == 0 && write(pipes[1], data, len) == (ssize_t)len, "pipe");
	n = splice(pipes[0], NULL, fd, NULL, len, 0);
	close(pipes[0]);
	close(pipes[1]);
	return n;
}

static const struct way writers[] = {
	{ "write", by_write },       { "writev", by_writev },           { "send", by_send },
	{ "sendto", by_sendto },     { "sendmsg", by_sendmsg },         { "sendmmsg", by_sendmmsg },
#ifdef __GLIBC__
	{ "pwritev2", by_pwritev2 }, { "pwritev64v2", by_pwritev64v2 },
#endif
};
#define WRITERS (sizeof(writers) / sizeof(writers[0]))

/* Only for a body: the shim does not see what goes. */
static const struct way body_writers[] = {
	{ "sendfile", by_sendfile },
	{ "splice", by_splice },
#ifdef __GLIBC__
	{ "sendfile64", by_sendfile64 },
#endif
	{ "write", by_write },
};
#define BODY_WRITERS (sizeof(body_writers) / sizeof(body_writers[0]))

static unsigned turn; /* of readers and writers, and of sizes */

static void read_all(int fd, size_t len)
{
	char data[512] = "";

	for (size_t got = 0; got < len; turn++) {
		size_t want = 1 + turn % 13;
		ssize_t n = readers[turn % READERS].move(fd, data + got,
							 want < len - got ? want : len - got);

		printf("%s: %zd\n", readers[turn % READERS].name, n);
		need(n > 0, readers[turn % READERS].name);
		got += (size_t)n;
	}
	printf("[%s]\n", data);
}

static void write_all(int fd, char *data, size_t len, const struct way *ways, size_t count)
{
	for (size_t put = 0; put < len; turn++) {
		size_t want = 1 + turn % 17;
		ssize_t n = ways[turn % count].move(fd, data + put,
						    want < len - put ? want : len - put);

		printf("%s: %zd\n", ways[turn % count].name, n);
		need(n > 0, ways[turn % count].name);
		put += (size_t)n;
	}
}

/* One request by the client, one answer by the server: @server is what is tested. */
static void exchange(int server, int client, unsigned round)
{
	char head[128], body[BODY_BYTES + 1], got[512] = "";
	size_t want;

	memset(body, 'a' + round % 26, BODY_BYTES);
	snprintf(head, sizeof(head), "POST /%u?q HTTP/1.1\r\nContent-Length: %u\r\n\r\n", round,
		 round % 7);
	strncat(head, "1234567", round % 7);
	need(write(client, head, strlen(head)) == (ssize_t)strlen(head), "client write");
	read_all(server, strlen(head));

	snprintf(head, sizeof(head), "HTTP/1.1 4%02u OK\r\nContent-Length: %u\r\n\r\n", round,
		 BODY_BYTES);
	want = strlen(head) + BODY_BYTES;
	write_all(server, head, strlen(head), writers, WRITERS);
	write_all(server, body, BODY_BYTES, body_writers, BODY_WRITERS);
	for (size_t n = 0; n < want;) {
		ssize_t more = read(client, got + n, want - n);

		need(more > 0, "client read");
		n += (size_t)more;
	}
	printf("[%s]\n", got);
}

static void nothing_there(int server)
{
	char data[64];

	fcntl(server, F_SETFL, O_NONBLOCK);
	for (size_t i = 0; i < READERS; i++)
		TRY(readers[i].name, readers[i].move(server, data, 20));
	TRY("splice in", by_splice_in(server, data, 20));
	fcntl(server, F_SETFL, 0);
}

static void bad_pointers(int server, int client)
{
	need(write(client, "GET", 3) == 3, "client write");
	for (size_t i = 0; i < READERS; i++) {
		if (readers[i].move != by_recvmmsg)
			TRY(readers[i].name, readers[i].move(server, BAD, 3));
	}
	for (size_t i = 0; i < WRITERS; i++)
		TRY(writers[i].name, writers[i].move(server, BAD, 3));
	TRY("readv, bad vector", readv(server, (struct iovec *)BAD, 1));
	TRY("writev, bad vector", writev(server, (struct iovec *)BAD, 1));
#ifdef __GLIBC__
	TRY("preadv2, an offset", preadv2(server, NULL, 0, 1, 0));
	TRY("pwritev2, an offset", pwritev2(server, NULL, 0, 1, 0));
	TRY("pwritev2, flags", pwritev2(server, (struct iovec *)BAD, 1, -1, 0x4000));
#endif
	TRY("writev, no vector", writev(server, NULL, 0));
	TRY("readv, too many", readv(server, (struct iovec *)BAD, 5000));
#ifdef __GLIBC__ /* musl looks into them itself */
	TRY("recvmsg, bad message", recvmsg(server, (struct msghdr *)BAD, 0));
	TRY("sendmsg, bad message", sendmsg(server, (struct msghdr *)BAD, 0));
	TRY("recvmmsg, bad", recvmmsg(server, (struct mmsghdr *)BAD, 1, MSG_DONTWAIT, NULL));
	TRY("sendmmsg, bad", sendmmsg(server, (struct mmsghdr *)BAD, 1, 0));
	TRY("recvmmsg, none", recvmmsg(server, (struct mmsghdr *)BAD, 0, MSG_DONTWAIT, NULL));
#endif
	TRY("sendfile, bad", sendfile(server, -1, NULL, 1));
	TRY("splice, bad", splice(-1, NULL, server, NULL, 1, 0));
}

static void nobody(int fd)
{
	char data[8];

	for (size_t i = 0; i < READERS; i++)
		TRY(readers[i].name, readers[i].move(fd, data, 3));
	for (size_t i = 0; i < WRITERS; i++)
		TRY(writers[i].name, writers[i].move(fd, data, 3));
	TRY("sendfile", sendfile(fd, fd, NULL, 1));
	TRY("splice", splice(fd, NULL, fd, NULL, 1, 0));
}

static void on_alarm(int signal)
{
}

static void interrupted(int server)
{
	struct sigaction act = { .sa_handler = on_alarm };
	struct itimerval often = { { 0, 2000 }, { 0, 2000 } }, never = { { 0 } };
	char data[8];

	sigaction(SIGALRM, &act, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	for (size_t i = 0; i < READERS; i++)
		TRY(readers[i].name, readers[i].move(server, data, 3));
	setitimer(ITIMER_REAL, &never, NULL);
}

static void no_bytes(int server)
{
	char data[8];

	TRY("read, none", read(server, data, 0));
	TRY("recv, none", recv(server, data, 0, MSG_DONTWAIT));
	TRY("write, none", write(server, data, 0));
	TRY("send, none", send(server, data, 0, 0));
}

static void all(int server, int client)
{
	char data[8];

	interrupted(server);
	nothing_there(server);
	no_bytes(server);
	for (unsigned round = 0; round < ROUNDS; round++)
		exchange(server, client, round);
	bad_pointers(server, client);
	TRY("read, what is left", read(server, data, 3));
	close(client);
	for (size_t i = 0; i < READERS; i++)
		TRY(readers[i].name, readers[i].move(server, data, 3));
	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < WRITERS; i++)
		TRY(writers[i].name, writers[i].move(server, data, 3));
	close(server);
}

int main(void)
{
	int listener, client, pair[2];

	guest_start();
	need(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0, "socketpair");
	puts("socketpair");
	all(pair[0], pair[1]);

	turn = 0;
	listener = pair_listen();
	client = pair_connect();
	puts("connection");
	all(accept(listener, NULL, NULL), client);
	puts("nobody");
	nobody(-1);
	nobody(1000);
	nobody(65536);
	return 0;
}
