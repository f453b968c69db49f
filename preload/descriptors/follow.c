/* SPDX-License-Identifier: Apache-2.0 */

#include "preload/descriptors/follow.h"

#include "preload/calls/calls.h"
#include "preload/descriptors/inherited.h"
#include "preload/descriptors/logs.h"
#include "preload/descriptors/node_channel.h"
#include "preload/descriptors/received.h"
#include "preload/descriptors/served.h"
#include "preload/events/lambda.h"
#include "preload/events/stdio_loop.h"
#include "preload/hooks/borrowed.h"
#include "preload/layout.h"

struct cs_follow cs_follow = {
	.awaiting = CS_FOLLOW_UNWAITED,
	.listener = -1,
};

/* Of a word that has a connection. */
static const struct cs_conn_env *env_of(uint64_t word)
{
	return cs_fd_kind(word) == CS_FD_CALLER     ? &cs_lambda_env
	       : cs_fd_kind(word) == CS_FD_OUTGOING ? &cs_calls_env.conn
						    : &cs_served_env;
}

static void tell_stand_down(unsigned reason)
{
	atomic_fetch_or_explicit(&cs_shim.header->stand_down, 1ull << reason, memory_order_relaxed);
}

CS_AT_START void cs_follow_start(void)
{
	if (cs_shim.tables)
		cs_fd_init(cs_shim.tables);
	else
		tell_stand_down(CS_STAND_DOWN_NO_TABLES);
}

void cs_follow_end(unsigned reason)
{
	/* What a child in borrowed memory does to itself does not concern us. */
	if (!cs_shim_watching() || cs_borrow_find())
		return;
	tell_stand_down(reason);
	atomic_store_explicit(&cs_shim.watching, false, memory_order_relaxed);
}

void cs_follow_ring(bool made)
{
	if (cs_shim_watching())
		tell_stand_down(made ? CS_STAND_DOWN_IO_URING : CS_STAND_DOWN_LIBURING);
}

void cs_follow_forked(void)
{
	if (cs_tables_may_change())
		atomic_fetch_add_explicit(&cs_follow.forks, 1, memory_order_relaxed);
}

void cs_follow_adopted(void)
{
	bool listens = atomic_load_explicit(&cs_follow.listener, memory_order_relaxed) >= 0;

	if (!cs_tables_may_change())
		return;
	atomic_store_explicit(&cs_follow.waited, false, memory_order_relaxed);
	atomic_store_explicit(&cs_follow.awaiting,
			      CS_FOLLOW_UNWAITED | (listens ? CS_FOLLOW_LISTENING : 0),
			      memory_order_relaxed);
}

/* Frozen first: what another thread begins meanwhile is then not begun. */
void cs_follow_shared(void)
{
	uint32_t end = atomic_load_explicit(&cs_fds.end, memory_order_relaxed);
	uint64_t now_ns;

	if (!cs_shim_watching() || !cs_borrow_freeze())
		return;
	tell_stand_down(CS_STAND_DOWN_SHARED_MEMORY);
	atomic_store_explicit(&cs_follow.awaiting, 0, memory_order_relaxed);
	atomic_store_explicit(&cs_inherited, 0, memory_order_relaxed);
	now_ns = cs_now();
	for (uint32_t fd = 0; fd < end; fd++) {
		uint64_t word = cs_fd_word((int)fd);

		if (cs_fd_has_conn(word))
			cs_conn_lose(env_of(word), cs_fd_conn(word), cs_fd_generation(word),
				     now_ns);
	}
}

void cs_follow_passed(int fd)
{
	uint64_t word = cs_fd_word(fd);

	if (cs_fd_has_conn(word) && cs_tables_may_change())
		cs_conn_share(cs_fd_conn(word), cs_fd_generation(word));
}

static void drop(uint64_t word, bool seen)
{
	if (cs_fd_has_conn(word) && cs_shim_watching())
		cs_conn_unref(env_of(word), cs_fd_conn(word), cs_fd_generation(word), seen,
			      cs_now());
}

void cs_follow_forget(int fd, bool seen)
{
	if ((uint32_t)fd <= 2)
		cs_inherited_forget(fd);
	if ((uint32_t)fd < cs_fds.count && cs_tables_may_change())
		drop(cs_fd_replace(fd, 0), seen);
}

void cs_follow_closing_range(uint32_t first, uint32_t last)
{
	uint32_t end = atomic_load_explicit(&cs_fds.end, memory_order_relaxed);

	if (end < 3)
		end = 3; /* the standard streams are watched without an entry */
	for (uint32_t fd = first; fd <= last && fd < end; fd++)
		cs_follow_closing((int)fd);
}

uint64_t cs_follow_take(int fd)
{
	if ((uint32_t)fd >= cs_fds.count || !cs_tables_may_change())
		return 0;
	return cs_fd_replace(fd, 0);
}

void cs_follow_put_back(int fd, uint64_t word)
{
	uint64_t nothing = 0;

	if (word &&
	    !atomic_compare_exchange_strong_explicit(&cs_fds.words[fd], &nothing, word,
						     memory_order_acq_rel, memory_order_relaxed))
		drop(word, false);
}

void cs_follow_replaced(uint64_t word)
{
	if (word)
		drop(word, true);
}

void cs_follow_dup(int fd, uint64_t word, int copy)
{
	bool inherited = cs_fd_kind(word) == CS_FD_INHERITED;

	cs_follow_new(copy);
	if (cs_fd_word(fd) != word)
		return;
	if (cs_fd_kind(word) == CS_FD_RECEIVED) { /* two readers of what may be one connection */
		cs_follow_forget(fd, false);
		return;
	}
	if (!word) {
		word = cs_inherited_word(fd);
		inherited = true;
	}
	if (!word || !cs_tables_may_change())
		return;
	if ((uint32_t)copy >= cs_fds.count) {
		if (inherited)
			return;
		cs_count(CS_FACT_FDS_UNFOLLOWED);
		cs_follow_lost(fd);
		return;
	}
	if (cs_fd_kind(word) == CS_FD_SOCKET) {
		cs_follow_forget(fd, false); /* which of the two is connected is not told */
		return;
	}
	if (cs_fd_has_conn(word) && !cs_conn_ref(cs_fd_conn(word), cs_fd_generation(word))) {
		cs_follow_lost(fd);
		return;
	}
	drop(cs_fd_replace(copy, word), false);
}

void cs_follow_bound(int fd, uint32_t family, uint32_t port)
{
	if ((uint32_t)fd < cs_fds.count && cs_tables_may_change())
		drop(cs_fd_replace(fd,
				   cs_fd_make(cs_fd_next_generation(), CS_FD_BOUND, port, family)),
		     false);
}

void cs_follow_listening(int fd)
{
	uint64_t now_ns = cs_now(), was = cs_fd_word(fd), word;
	struct cs_rec_listen rec = { 0 };
	int32_t none = -1;

	if (!cs_tables_may_change() || cs_fd_kind(was) == CS_FD_LISTENER)
		return; /* a second listen() changes the backlog */
	cs_mark_own(CS_MARK_LISTEN, now_ns);
	if ((uint32_t)fd >= cs_fds.count) {
		cs_count(CS_FACT_FDS_UNFOLLOWED);
		return;
	}
	word = cs_fd_make(cs_fd_next_generation(), CS_FD_LISTENER, (uint32_t)fd, 0);
	drop(cs_fd_replace(fd, word), false);
	rec.socket = cs_fd_id(fd, word);
	if (cs_fd_kind(was) == CS_FD_BOUND) {
		rec.family = (uint16_t)cs_fd_detail(was);
		rec.port = (uint16_t)cs_fd_value(was);
	}
	cs_emit(CS_RECORD_LISTEN, CS_PRIORITY_HIGH, now_ns, &rec, sizeof(rec), NULL, 0);
	atomic_compare_exchange_strong_explicit(&cs_follow.listener, &none, fd,
						memory_order_relaxed, memory_order_relaxed);
	if (!atomic_load_explicit(&cs_follow.waited, memory_order_relaxed))
		atomic_fetch_or_explicit(&cs_follow.awaiting, CS_FOLLOW_LISTENING,
					 memory_order_relaxed);
}

bool cs_follow_begins(void)
{
	uint32_t kept = cs_tables_may_change() ? ~CS_FOLLOW_UNWAITED : UINT32_MAX;

	return atomic_fetch_and_explicit(&cs_follow.awaiting, kept, memory_order_relaxed) &
	       CS_FOLLOW_LISTENING;
}

void cs_follow_waiting(void)
{
	if (cs_shim_watching())
		cs_follow_waited(cs_now());
}

void cs_follow_waited(uint64_t begin_ns)
{
	/* A fork child that does not know itself yet learns it here, and has waited for nothing. */
	if (!cs_shim_watching() || !cs_tables_may_change() || !cs_pid() ||
	    atomic_exchange_explicit(&cs_follow.waited, true, memory_order_relaxed))
		return;
	cs_mark_told(CS_MARK_ACCEPT_WAIT, begin_ns);
	cs_logs_serving();
	cs_shim_end_init();
	atomic_store_explicit(&cs_follow.awaiting, 0, memory_order_relaxed);
}

/*
 * Of a socket that was not seen to listen (it was inherited) an earlier wait may have been the first:
 * which one is not known, so that none is told. What the table has no room for is not unseen.
 */
void cs_follow_accepting(int fd, uint64_t word)
{
	if (cs_fd_kind(word) == CS_FD_LISTENER || fd >= (int)cs_fds.count ||
	    atomic_load_explicit(&cs_follow.awaiting, memory_order_relaxed) & CS_FOLLOW_UNWAITED)
		cs_follow_waiting();
}

/* A connection begins on @fd. Return: its word; 0: it is not followed. */
static uint64_t open_connection(int fd, uint64_t socket, bool blocking)
{
	uint32_t generation, index = CS_POOL_NONE;
	uint64_t word;

	cs_count(CS_FACT_CONNECTIONS);
	if (!cs_tables_may_change()) {
		cs_count(CS_FACT_FDS_UNFOLLOWED);
		return 0;
	}
	generation = cs_fd_next_generation();
	if ((uint32_t)fd < cs_fds.count)
		index = cs_conn_open(&cs_served_env, generation, fd, socket);
	if (index == CS_POOL_NONE) {
		cs_count(CS_FACT_FDS_UNFOLLOWED);
		cs_follow_new(fd);
		/* When it ends is not seen. */
		cs_served_aside((uint32_t)fd, CS_ASIDE_CONNECTION, 0, cs_now());
		return 0;
	}
	word = cs_fd_make(generation, CS_FD_CONNECTION, index, 0);
	cs_fd_conn(word)->owner = cs_pid();
	cs_conn_set_blocking(cs_fd_conn(word), generation, blocking);
	drop(cs_fd_replace(fd, word), false);
	return word;
}

void cs_follow_accepted(uint64_t listener, int fd, bool blocking)
{
	uint64_t socket = 0;

	if (cs_borrow_find())
		return;
	if (cs_fd_kind(listener) == CS_FD_LISTENER)
		socket = cs_fd_id((int)cs_fd_value(listener), listener);
	open_connection(fd, socket, blocking);
}

void cs_follow_came(int fd)
{
	cs_follow_new(fd);
	if ((uint32_t)fd < cs_fds.count && cs_shim_watching() && cs_tables_may_change())
		drop(cs_fd_replace(fd, cs_fd_make(cs_fd_next_generation(), CS_FD_RECEIVED, 0, 0)),
		     false);
}

/*
 * The first bytes that are read of a descriptor that came with a message, which is @word. Who reads it
 * is not known to wait.
 *
 * Return: its word from now on; 0: it is no connection.
 */
static uint64_t confirm(int fd, uint64_t word, const struct iovec *iov, uint64_t bytes)
{
	uint64_t here = iov && iov->iov_len < bytes ? iov->iov_len : bytes;

	if (!cs_shim_watching() || !cs_tables_may_change() || cs_fd_word(fd) != word)
		return 0;
	if (iov && cs_received_is_request(iov->iov_base, here))
		return open_connection(fd, 0, false);
	cs_fd_replace(fd, 0);
	return 0;
}

CS_HOT void cs_follow_blocking(int fd, bool blocking)
{
	uint64_t word = cs_fd_word(fd);

	if (cs_fd_has_conn(word) && cs_tables_may_change())
		cs_conn_set_blocking(cs_fd_conn(word), cs_fd_generation(word), blocking);
}

void cs_follow_waited_for(int fd)
{
	uint64_t word = cs_fd_word(fd);

	if (cs_fd_has_conn(word) && cs_tables_may_change())
		cs_conn_set_waited(cs_fd_conn(word), cs_fd_generation(word));
}

/* Apart, for it is rare. */
static __attribute__((noinline)) void lose(uint64_t word)
{
	cs_conn_lose(env_of(word), cs_fd_conn(word), cs_fd_generation(word), cs_now());
}

/* Is @fd still what it was before the call? If not, its bytes are nobody's we know. */
static inline bool still(int fd, uint64_t word)
{
	if (!cs_fd_has_conn(word) || !cs_shim_watching() || !cs_tables_may_change())
		return false;
	if (cs_fd_word(fd) == word)
		return true;
	lose(word);
	return false;
}

/* Of what was not accepted here. */
static __attribute__((noinline)) void received_other(int fd, uint64_t word, const struct iovec *iov,
						     uint64_t bytes)
{
	if (bytes && cs_fd_kind(word) == CS_FD_RECEIVED)
		word = confirm(fd, word, iov, bytes);
	if (!bytes || !still(fd, word)) {
		if (bytes && word == CS_INHERITED_WORD(0))
			cs_stdio_received(iov, bytes);
		return;
	}
	if (cs_fd_kind(word) == CS_FD_CALLER)
		cs_lambda_received(word, iov, bytes);
	else if (cs_fd_kind(word) == CS_FD_OUTGOING)
		cs_calls_received(word, iov, bytes);
	else
		cs_served_received(cs_fd_conn(word), cs_fd_generation(word), iov, bytes, cs_now());
}

CS_HOT void cs_follow_received(int fd, uint64_t word, const struct iovec *iov, uint64_t bytes)
{
	if (cs_fd_kind(word) != CS_FD_CONNECTION)
		received_other(fd, word, iov, bytes);
	else if (bytes && still(fd, word))
		cs_served_received(cs_fd_conn(word), cs_fd_generation(word), iov, bytes, cs_now());
}

static __attribute__((noinline)) void sent_other(int fd, uint64_t word, const struct iovec *iov,
						 uint64_t bytes, uint64_t begin_ns)
{
	if (!bytes || !still(fd, word)) {
		if (bytes && cs_fd_kind(word) == CS_FD_ANSWERS)
			cs_stdio_sent(iov, bytes, begin_ns);
		else if (bytes && cs_fd_kind(word) == CS_FD_CHANNEL)
			cs_node_channel_sent(fd, word, iov, bytes, begin_ns);
		return;
	}
	if (cs_fd_kind(word) == CS_FD_CALLER)
		cs_lambda_sent(word, iov, bytes, begin_ns);
	else
		cs_calls_sent(word, iov, bytes, begin_ns);
}

CS_HOT void cs_follow_sent(int fd, uint64_t word, const struct iovec *iov, uint64_t bytes,
			   uint64_t begin_ns)
{
	if (cs_fd_kind(word) != CS_FD_CONNECTION)
		sent_other(fd, word, iov, bytes, begin_ns);
	else if (bytes && still(fd, word))
		cs_served_sent(cs_fd_conn(word), cs_fd_generation(word), iov, bytes, begin_ns);
}

void cs_follow_shutdown(int fd, uint64_t word)
{
	/* A caller that has said all still waits for what it asked. */
	if (cs_fd_kind(word) == CS_FD_CONNECTION && still(fd, word))
		cs_conn_shutdown(&cs_served_env, cs_fd_conn(word), cs_fd_generation(word),
				 cs_now());
}

void cs_follow_lost(int fd)
{
	uint64_t word = cs_fd_word(fd);

	if (cs_fd_has_conn(word) && cs_shim_watching() && cs_tables_may_change())
		cs_conn_lose(env_of(word), cs_fd_conn(word), cs_fd_generation(word), cs_now());
}
