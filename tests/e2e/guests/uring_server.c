/* SPDX-License-Identifier: Apache-2.0 */

/*
 * An HTTP server that answers by io_uring. 77: the kernel refuses that.
 *
 * usage: uring_server send|receive|all CONNECTIONS
 *
 * send: accepts and reads through libc; receive: accepts through libc; all: nothing passes libc.
 */
#include <linux/io_uring.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/e2e/guests/uring_call.h"

#define ENTRIES 4u
#define SKIP    77

static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

static struct {
	long fd;
	_Atomic uint32_t *submitted; /* the tail of what is asked */
	uint32_t *order, mask;
	struct io_uring_sqe *asked;
	_Atomic uint32_t *taken; /* the head of what is done */
	struct io_uring_cqe *done;
	uint32_t done_mask;
} ring;

static void *map(size_t bytes, off_t what)
{
	void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
			(int)ring.fd, what);

	return at == MAP_FAILED ? NULL : at;
}

static bool ring_open(void)
{
	struct io_uring_params params = { 0 };
	unsigned char *queue, *results;

	ring.fd = uring_call(SYS_io_uring_setup, ENTRIES, (long)&params, 0, 0);
	if (ring.fd < 0)
		return false;
	queue = map(params.sq_off.array + params.sq_entries * sizeof(uint32_t), IORING_OFF_SQ_RING);
	results = map(params.cq_off.cqes + params.cq_entries * sizeof(struct io_uring_cqe),
		      IORING_OFF_CQ_RING);
	ring.asked = map(params.sq_entries * sizeof(struct io_uring_sqe), IORING_OFF_SQES);
	if (!queue || !results || !ring.asked)
		return false;
	ring.submitted = (void *)(queue + params.sq_off.tail);
	ring.mask = *(uint32_t *)(void *)(queue + params.sq_off.ring_mask);
	ring.order = (void *)(queue + params.sq_off.array);
	ring.taken = (void *)(results + params.cq_off.head);
	ring.done_mask = *(uint32_t *)(void *)(results + params.cq_off.ring_mask);
	ring.done = (void *)(results + params.cq_off.cqes);
	return true;
}

/* One at a time: its result, or a negative errno. */
static int ring_do(unsigned operation, int fd, const void *bytes, uint32_t len)
{
	uint32_t tail = atomic_load_explicit(ring.submitted, memory_order_relaxed), head;
	uint32_t index = tail & ring.mask;
	int result;

	ring.asked[index] = (struct io_uring_sqe){ .opcode = (uint8_t)operation,
						   .fd = fd,
						   .addr = (uint64_t)(uintptr_t)bytes,
						   .len = len };
	ring.order[index] = index;
	atomic_store_explicit(ring.submitted, tail + 1, memory_order_release);
	if (uring_call(SYS_io_uring_enter, ring.fd, 1, 1, IORING_ENTER_GETEVENTS) < 0)
		return -1;
	head = atomic_load_explicit(ring.taken, memory_order_acquire);
	result = ring.done[head & ring.done_mask].res;
	atomic_store_explicit(ring.taken, head + 1, memory_order_release);
	return result;
}

static int listen_on_loopback(void)
{
	struct sockaddr_in name = { .sin_family = AF_INET,
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t len = sizeof(name);

	if (bind(fd, (struct sockaddr *)&name, len) || listen(fd, 8) ||
	    getsockname(fd, (struct sockaddr *)&name, &len))
		return -1;
	printf("%u\n", ntohs(name.sin_port));
	fflush(stdout);
	return fd;
}

/* Requests come whole, and one after the other. */
static bool serve(int fd, bool reads)
{
	char request[4096];

	while ((reads ? (int)read(fd, request, sizeof(request))
		      : ring_do(IORING_OP_RECV, fd, request, sizeof(request))) > 0) {
		if (ring_do(IORING_OP_SEND, fd, answer, sizeof(answer) - 1) !=
		    (int)sizeof(answer) - 1)
			return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	bool all, reads;
	int listener, count;

	if (argc != 3)
		return 2;
	all = !strcmp(argv[1], "all");
	reads = !strcmp(argv[1], "send");
	count = atoi(argv[2]);
	if (!ring_open()) {
		printf("io_uring_setup: %ld\n", ring.fd);
		return SKIP;
	}
	listener = listen_on_loopback();
	while (count--) {
		int fd = all ? ring_do(IORING_OP_ACCEPT, listener, NULL, 0)
			     : accept4(listener, NULL, NULL, SOCK_CLOEXEC);

		if (fd < 0 || !serve(fd, reads))
			return 3;
		if (all ? ring_do(IORING_OP_CLOSE, fd, NULL, 0) : close(fd))
			return 4;
	}
	return 0;
}
