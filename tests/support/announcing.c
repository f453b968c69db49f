/* SPDX-License-Identifier: Apache-2.0 */

/* Announcing as the shim does; see announcing.h. */
#include "tests/support/announcing.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "preload/wire/segment.h"

static void die(const char *what)
{
	fprintf(stderr, "announcing: %s: %s\n", what, strerror(errno));
	_exit(99);
}

uint64_t announcing_now_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* The identity: who it is, by path and by name. */
static uint32_t write_identity(char *identity, const char *exe)
{
	const char *slash = strrchr(exe, '/');
	int n = snprintf(identity, CS_IDENTITY_BYTES, "exe=%s", exe) + 1;

	n += snprintf(identity + n, CS_IDENTITY_BYTES - (size_t)n, "argv0=%s",
		      slash ? slash + 1 : exe) +
	     1;
	return (uint32_t)n;
}

void announced_make(struct announced_segment *segment, const char *exe, uint32_t slots,
		    uint32_t lanes, int seals)
{
	size_t bytes = cs_segment_bytes(slots, lanes);
	struct cs_header *header;

	segment->fd = memfd_create("coldspan", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (segment->fd < 0 || ftruncate(segment->fd, (off_t)bytes) < 0)
		die("memfd");
	header = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, segment->fd, 0);
	if (header == MAP_FAILED)
		die("mmap");
	if (fcntl(segment->fd, F_ADD_SEALS, seals) < 0)
		die("seals");
	cs_segment_format(header, slots, lanes);
	header->pid = getpid();
	header->ppid = getppid();
	header->uid = getuid();
	header->gid = getgid();
	header->attach_monotonic_ns = announcing_now_ns(CLOCK_MONOTONIC);
	header->attach_realtime_ns = announcing_now_ns(CLOCK_REALTIME);
	header->attach_boottime_ns = announcing_now_ns(CLOCK_BOOTTIME);
	header->attach_cpu_ns = announcing_now_ns(CLOCK_PROCESS_CPUTIME_ID);
	header->identity_len = write_identity(header->identity, exe);
	cs_segment_mark(header, CS_MARK_ATTACH, header->attach_monotonic_ns);
	segment->header = header;
	cs_lanes_init(&segment->lanes, header);
}

int announcing_dial(const char *socket_path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	strncpy(addr.sun_path, socket_path, sizeof(addr.sun_path) - 1);
	/* EAGAIN: the backlog is full; a shim would give up */
	for (int tries = 0; connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0; tries++) {
		if (errno != EAGAIN || tries == 10000)
			die("connect");
		poll(NULL, 0, 1);
	}
	return fd;
}

void announcing_send(int connection, const void *data, size_t len, const int *fds, unsigned n)
{
	union {
		char bytes[CMSG_SPACE(ANNOUNCING_FDS_MAX * sizeof(int))];
		struct cmsghdr align;
	} control = { 0 };
	struct iovec iov = { .iov_base = (void *)(uintptr_t)data, .iov_len = len };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (n) {
		struct cmsghdr *c;

		message.msg_control = control.bytes;
		message.msg_controllen = CMSG_SPACE(n * sizeof(int));
		c = CMSG_FIRSTHDR(&message);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(n * sizeof(int));
		memcpy(CMSG_DATA(c), fds, n * sizeof(int));
	}
	/* EPIPE: refused before it was read, which a shim does not care about either */
	if (sendmsg(connection, &message, MSG_NOSIGNAL) < 0 && errno != EPIPE)
		die("sendmsg");
}

void announced_send_fds(const struct announced_segment *segment, const char *socket_path,
			const int *fds, unsigned n)
{
	struct cs_hello hello = { .magic = CS_WIRE_MAGIC,
				  .version = CS_WIRE_VERSION,
				  .hello_bytes = sizeof(hello),
				  .segment_bytes = segment->header->segment_bytes,
				  .pid = getpid(),
				  .attach_monotonic_ns = segment->header->attach_monotonic_ns };
	int connection = announcing_dial(socket_path);

	announcing_send(connection, &hello, sizeof(hello), fds, n);
	close(connection);
}

void announced_send(struct announced_segment *segment, const char *socket_path)
{
	announced_send_fds(segment, socket_path, &segment->fd, 1);
	close(segment->fd);
	segment->fd = -1;
}
