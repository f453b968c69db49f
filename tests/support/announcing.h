/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A segment with the real writer, announced as the shim does it, by a process that links it. Whatever
 * fails ends the process with status 99 and a line on stderr.
 */
#pragma once

#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "preload/wire/lanes.h"

#define ANNOUNCED_SEALS    (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)
#define ANNOUNCING_FDS_MAX 253

struct announced_segment {
	int fd; /* -1 once announced */
	struct cs_header *header;
	struct cs_lanes lanes;
};

/** announcing_now_ns() - a clock, in ns */
uint64_t announcing_now_ns(clockid_t clock);

/** announced_make() - a segment of this process, which calls itself @exe. @seals: ANNOUNCED_SEALS */
void announced_make(struct announced_segment *segment, const char *exe, uint32_t slots,
		    uint32_t lanes, int seals);

/** announced_send() - announce it, and close its descriptor */
void announced_send(struct announced_segment *segment, const char *socket_path);

/** announced_send_fds() - the same message with other descriptors; none are closed */
void announced_send_fds(const struct announced_segment *segment, const char *socket_path,
			const int *fds, unsigned n);

/** announcing_dial() - Return: a connection to the collector. */
int announcing_dial(const char *socket_path);

/** announcing_send() - one message with @n descriptors */
void announcing_send(int connection, const void *data, size_t len, const int *fds, unsigned n);
