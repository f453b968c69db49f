/* SPDX-License-Identifier: Apache-2.0 */

#include "preload/descriptors/node_channel.h"

#include "preload/descriptors/follow.h"
#include "preload/hooks/borrowed.h"
#include "preload/layout.h"
#include "preload/text.h"

#define DIGITS_MAX 5 /* of a descriptor that is in the table */

static const char listens[] = "{\"cmd\":\"NODE_CLUSTER\",\"act\":\"listening\"";

/* What its environment says: both are set for a worker, and by nobody else. */
static bool is_worker;
static uint32_t channel; /* 0: none */

CS_AT_START void cs_node_channel_variable(const char *variable)
{
	static const char name[] = "NODE_CHANNEL_FD=";
	uint32_t fd = 0, i = 0;

	if (!cs_text_starts(variable, "NODE_"))
		return;
	if (cs_text_starts(variable, "NODE_UNIQUE_ID="))
		is_worker = true;
	if (!cs_text_starts(variable, name))
		return;
	for (variable += sizeof(name) - 1; *variable >= '0' && *variable <= '9'; variable++) {
		if (i++ == DIGITS_MAX)
			return;
		fd = fd * 10 + (uint32_t)(*variable - '0');
	}
	channel = fd;
}

CS_AT_START void cs_node_channel_start(void)
{
	if (is_worker && channel > 2 && channel < cs_fds.count)
		cs_fd_replace((int)channel,
			      cs_fd_make(cs_fd_next_generation(), CS_FD_CHANNEL, 0, 0));
}

/* Who listens itself (cluster.SCHED_NONE) waits for connections, too, and that tells. */
void cs_node_channel_sent(int fd, uint64_t word, const struct iovec *iov, uint64_t bytes,
			  uint64_t begin_ns)
{
	bool own = atomic_load_explicit(&cs_follow.listener, memory_order_relaxed) >= 0;
	uint64_t here = iov && iov->iov_len < bytes ? iov->iov_len : bytes;

	if (!own && (!iov || here < sizeof(listens) - 1 ||
		     __builtin_memcmp(iov->iov_base, listens, sizeof(listens) - 1)))
		return;
	if (!own)
		cs_follow_waited(begin_ns);
	if (cs_tables_may_change())
		cs_fd_forget(fd, word); /* its number may be another's since the call */
}
