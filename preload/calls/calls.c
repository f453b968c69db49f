/* SPDX-License-Identifier: Apache-2.0 */

/* Calls of the process's own as records; see calls.h. */
#include "preload/calls/calls.h"

#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "preload/descriptors/follow.h"
#include "preload/hooks/borrowed.h"
#include "preload/propagation/outbound.h"

static void emit_connect(struct cs_rec_connect *rec, uint64_t time_ns, const char *text)
{
	/* Without this one all that the connection asks later would be said to be of another database. */
	enum cs_priority priority =
		rec->stage == CS_CONNECT_DATABASE ? CS_PRIORITY_HIGH : CS_PRIORITY_LOW;

	cs_emit(CS_RECORD_CONNECT, priority, time_ns, rec, sizeof(*rec), text, rec->text_len);
}

static void emit_call(const struct cs_rec_call *rec, uint64_t time_ns, const char *text)
{
	cs_emit(CS_RECORD_CALL, CS_PRIORITY_LOW, time_ns, rec, sizeof(*rec), text,
		(uint32_t)rec->method_len + rec->target_len + rec->headers_len);
}

static void emit_end(const struct cs_rec_call_end *rec, uint64_t time_ns)
{
	cs_emit(CS_RECORD_CALL_END, CS_PRIORITY_HIGH, time_ns, rec, sizeof(*rec), NULL, 0);
}

/* --- HTTP/1 --- */

static void emit_request(struct cs_conn *conn, const struct cs_conn_event *event)
{
	const struct cs_http_text *text = event->text;
	struct cs_rec_call rec = {
		.connection = conn->connection,
		.sequence = event->sequence,
		.protocol = CS_CALL_HTTP,
		.flags = text->flags & CS_REQUEST_TARGET_CUT ? CS_CALL_TARGET_CUT : 0,
		.method_len = text->method_len,
		.target_len = text->target_len,
		.headers_len = text->headers_len,
		.version = event->version,
	};

	if (cs_propagate_asked(CS_PROPAGATE_OUTBOUND) && cs_outbound_handed_on(conn))
		cs_outbound_emit(conn, &rec, event->time_ns, text->bytes);
	else
		emit_call(&rec, event->time_ns, text->bytes);
}

static uint16_t end_flags(uint16_t flags)
{
	return flags & CS_RESPONSE_UNFOLLOWED ? CS_CALL_END_UNFOLLOWED
	       : flags & CS_RESPONSE_ABORTED  ? CS_CALL_END_ABORTED
	       : flags & CS_RESPONSE_CLOSED   ? CS_CALL_END_CLOSED
					      : 0;
}

/*
 * Also of what is not HTTP/1, where no answer came: whether there was to be one is not known, nor whether
 * another thread has read it before.
 */
static void emit_response_end(const struct cs_conn *conn, const struct cs_conn_event *event)
{
	struct cs_rec_call_end rec = {
		.connection = conn->connection,
		.sequence = event->sequence,
		.status = event->status,
		.flags = cs_call_is_http(conn) ? end_flags(event->flags) : CS_CALL_END_UNFOLLOWED,
		.first_ns = event->response_bytes ? conn->response_ns : 0,
		.bytes_out = event->request_bytes,
		.bytes_in = event->response_bytes,
	};

	emit_end(&rec, event->time_ns);
}

static void emit(struct cs_conn *conn, const struct cs_conn_event *event)
{
	switch (event->type) {
	case CS_CONN_REQUEST:
		emit_request(conn, event);
		break;
	case CS_CONN_RESPONSE_END:
		emit_response_end(conn, event);
		break;
	case CS_CONN_REQUEST_END:
	case CS_CONN_RESPONSE:
	case CS_CONN_HEAD_UNFOLLOWED:
	case CS_CONN_ASIDE:
	case CS_CONN_ASIDE_OVER:
		break;
	}
}

/* --- whatever else --- */

static uint16_t stage_of(enum cs_call_event_type type)
{
	return type == CS_CALL_HELLO     ? CS_CONNECT_HELLO
	       : type == CS_CALL_LEFT    ? CS_CONNECT_LEFT
	       : type == CS_CALL_CHANGES ? CS_CONNECT_DATABASE
					 : CS_CONNECT_SECURED;
}

static void tell_stage(const struct cs_conn *conn, const struct cs_call_event *event)
{
	struct cs_rec_connect rec = {
		.connection = conn->connection,
		.stage = stage_of(event->type),
		.version = event->version,
		.text_len = (uint16_t)event->text_len,
	};

	emit_connect(&rec, event->time_ns, event->text);
}

static void tell_begin(const struct cs_conn *conn, const struct cs_call_event *event)
{
	struct cs_rec_call rec = {
		.connection = conn->connection,
		.sequence = event->sequence,
		.protocol = (uint16_t)event->protocol,
		.flags = event->encrypted ? CS_CALL_ENCRYPTED : 0,
		.method_len = (uint16_t)event->text_len,
	};

	emit_call(&rec, event->time_ns, event->text);
}

static void tell_answer(const struct cs_conn *conn, const struct cs_call_event *event)
{
	struct cs_rec_call_db db = { .queries = event->queries };
	struct cs_rec_call_end rec = {
		.connection = conn->connection,
		.sequence = event->sequence,
		.flags = (uint16_t)((event->more ? CS_CALL_END_MORE : 0) |
				    (event->mixed ? CS_CALL_END_MIXED : 0) |
				    (event->failed ? CS_CALL_END_FAILED : 0)),
		.first_ns = event->first_ns,
		.bytes_out = event->bytes_out,
		.bytes_in = event->bytes_in,
	};

	if (event->text_len)
		__builtin_memcpy(db.code, event->text, event->text_len);
	if (event->failed || event->queries > 1)
		cs_emit(CS_RECORD_CALL_END, CS_PRIORITY_HIGH, event->time_ns, &rec, sizeof(rec),
			(const char *)&db, sizeof(db));
	else
		emit_end(&rec, event->time_ns);
}

static void tell(struct cs_conn *conn, const struct cs_call_event *event)
{
	switch (event->type) {
	case CS_CALL_HELLO:
	case CS_CALL_SECURED:
	case CS_CALL_LEFT:
	case CS_CALL_CHANGES:
		tell_stage(conn, event);
		break;
	case CS_CALL_BEGINS:
		tell_begin(conn, event);
		break;
	case CS_CALL_SO_FAR:
		tell_answer(conn, event);
		break;
	}
}

static void over(const struct cs_conn_env *env, struct cs_conn *conn)
{
	cs_outbound_over(conn);
	cs_call_over(env, conn);
}

const struct cs_call_env cs_calls_env = {
	.conn = {
		.conns = &cs_fds.conns,
		.texts = &cs_fds.texts,
		.emit = emit,
		.forks = &cs_follow.forks,
		.raw_out = cs_call_out,
		.raw_in = cs_call_in,
		.raw_over = over,
		.raw_tunnel = cs_call_tunnel,
	},
	.tell = tell,
};

/* --- connections --- */

void cs_calls_socket(int fd, int family, int type)
{
	const int kind = type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (kind != SOCK_STREAM || (family != AF_INET && family != AF_INET6 && family != AF_UNIX) ||
	    (uint32_t)fd >= cs_fds.count || !cs_shim_watching() || !cs_tables_may_change())
		return;
	cs_fd_replace(fd, cs_fd_make(cs_fd_next_generation(), CS_FD_SOCKET, (uint32_t)family, 0));
}

/* What the kernel says after it has read the address, of that and not of the call. */
static bool is_refusal(int error)
{
	return error == ECONNREFUSED || error == ETIMEDOUT || error == ENETUNREACH ||
	       error == EHOSTUNREACH || error == ECONNRESET || error == EADDRNOTAVAIL;
}

static bool goes_on(int error)
{
	return error == EINPROGRESS || error == EINTR;
}

/* Return: the path of a unix socket, of rec->text_len bytes; false: nothing to be told. */
static bool read_address(const struct sockaddr *address, uint32_t len, struct cs_rec_connect *rec,
			 const char **ret_path)
{
	const struct sockaddr_in6 *in6 = (const void *)address;
	const struct sockaddr_in *in = (const void *)address;
	const struct sockaddr_un *un = (const void *)address;

	*ret_path = NULL;
	if (len < sizeof(address->sa_family))
		return false;
	rec->family = address->sa_family;
	if (rec->family == AF_INET && len >= sizeof(*in)) {
		rec->port = __builtin_bswap16(in->sin_port);
		rec->address[10] = rec->address[11] = 0xff;
		__builtin_memcpy(rec->address + 12, &in->sin_addr, 4);
		return true;
	}
	/* Without the scope id it is well formed, too (RFC 2133). */
	if (rec->family == AF_INET6 && len >= offsetof(struct sockaddr_in6, sin6_scope_id)) {
		rec->port = __builtin_bswap16(in6->sin6_port);
		__builtin_memcpy(rec->address, &in6->sin6_addr, sizeof(rec->address));
		return true;
	}
	if (rec->family != AF_UNIX || len <= offsetof(struct sockaddr_un, sun_path))
		return false;
	len -= (uint32_t)offsetof(struct sockaddr_un, sun_path);
	*ret_path = un->sun_path;
	while (rec->text_len < len && rec->text_len < sizeof(un->sun_path) &&
	       (un->sun_path[rec->text_len] || !rec->text_len))
		rec->text_len++;
	return true;
}

static void is_there(struct cs_conn *conn, uint64_t now_ns, int error)
{
	struct cs_rec_connect rec = {
		.connection = conn->connection,
		.stage = CS_CONNECT_DONE,
		.error = error,
	};

	if (cs_call_is_there(conn))
		emit_connect(&rec, now_ns, NULL);
}

/* It leads nowhere again: the next attempt is another connection. */
static void start_again(int fd, uint32_t family)
{
	cs_follow_forget(fd, false);
	cs_fd_replace(fd, cs_fd_make(cs_fd_next_generation(), CS_FD_SOCKET, family, 0));
}

static bool is_still(int fd, uint64_t word)
{
	return cs_fd_word(fd) == word && cs_shim_watching() && cs_tables_may_change();
}

void cs_calls_told(int fd, uint64_t word, int error)
{
	if (!is_still(fd, word))
		return;
	is_there(cs_fd_conn(word), cs_now(), error);
	if (error)
		cs_follow_forget(fd, false);
}

void cs_calls_connected(int fd, uint64_t word, const struct sockaddr *address, uint32_t len,
			uint64_t begin_ns, int error)
{
	struct cs_rec_connect rec = { .begin_ns = begin_ns, .error = goes_on(error) ? 0 : error };
	uint32_t generation, index = CS_POOL_NONE;
	const char *path;

	if (cs_fd_kind(word) == CS_FD_OUTGOING) { /* asked again */
		if (error == 0 || error == EISCONN || is_refusal(error))
			cs_calls_told(fd, word, is_refusal(error) ? error : 0);
		return;
	}
	if ((error && !goes_on(error) && !is_refusal(error)) || !is_still(fd, word) ||
	    !read_address(address, len, &rec, &path))
		return;
	generation = cs_fd_next_generation();
	rec.connection = (uint32_t)fd | (uint64_t)generation << 32;
	rec.stage = goes_on(error) ? CS_CONNECT_BEGUN : CS_CONNECT_DONE;
	if (!rec.error) {
		index = cs_conn_open(&cs_calls_env.conn, generation, fd, 0);
		if (index == CS_POOL_NONE) {
			cs_count(CS_FACT_FDS_UNFOLLOWED);
			cs_follow_forget(fd, false);
			return;
		}
		word = cs_fd_make(generation, CS_FD_OUTGOING, index, 0);
		cs_call_open(cs_fd_conn(word), goes_on(error));
	}
	emit_connect(&rec, goes_on(error) ? begin_ns : cs_now(), path);
	if (rec.error)
		start_again(fd, rec.family);
	else
		cs_fd_replace(fd, word);
}

/* --- bytes --- */

void cs_calls_sent(uint64_t word, const struct iovec *iov, uint64_t bytes, uint64_t begin_ns)
{
	is_there(cs_fd_conn(word), begin_ns, 0);
	cs_conn_received(&cs_calls_env.conn, cs_fd_conn(word), cs_fd_generation(word), iov, bytes,
			 begin_ns);
	if (cs_call_was_early(cs_fd_conn(word)))
		cs_conn_skip(&cs_calls_env.conn, cs_fd_conn(word), cs_fd_generation(word),
			     cs_now());
}

void cs_calls_received(uint64_t word, const struct iovec *iov, uint64_t bytes)
{
	uint64_t now_ns = cs_now();

	is_there(cs_fd_conn(word), now_ns, 0);
	cs_conn_sent(&cs_calls_env.conn, cs_fd_conn(word), cs_fd_generation(word), iov, bytes,
		     now_ns, now_ns);
}
