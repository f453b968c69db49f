/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The channel between a worker of Node's cluster and its primary. As it is by default the primary listens and
 * accepts, and sends connections over it; a worker waits for messages from its start on, so that no wait of it
 * tells when it is ready. It says so itself: with a message that begins with the words in node_channel.c
 * (lib/internal/cluster/child.js, since Node.js 10). Beginnings of its messages are looked at until then; nothing
 * of any is kept.
 */
#pragma once

#include <stdint.h>
#include <sys/uio.h>

/** cs_node_channel_variable() - "NAME=value", one of the environment with an N in front. Context: startup. */
void cs_node_channel_variable(const char *variable);

/** cs_node_channel_start() - is this a worker? Then the channel is followed. Context: startup. */
void cs_node_channel_start(void);

/** cs_node_channel_sent() - bytes went out on it, which was @word of @fd, from @begin_ns on. Context: signal. */
void cs_node_channel_sent(int fd, uint64_t word, const struct iovec *iov, uint64_t bytes,
			  uint64_t begin_ns);
