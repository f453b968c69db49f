/* SPDX-License-Identifier: Apache-2.0 */

/* Requests that are told whose they are; see outbound.h. */
#include "preload/propagation/outbound.h"

#include <errno.h>
#include <sys/socket.h>

#include "preload/calls/call.h"
#include "preload/hooks/borrowed.h"
#include "preload/hooks/hook.h"
#include "preload/propagation/outbound_head.h"
#include "preload/shim.h"
#include "preload/tables.h"

#define FLAGS_KNOWN (MSG_NOSIGNAL | MSG_DONTWAIT | MSG_MORE)

#define UNSURE      (CS_POOL_NONE - 1) /* nothing: whose work it is was not sure when it was sent */

/* Each is in use for one call; longer only while something is owed. */
static struct cs_pool texts;

typedef ssize_t (*writev_fn)(int fd, const struct iovec *iov, int count);
typedef ssize_t (*sendmsg_fn)(int fd, const struct msghdr *message, int flags);

void cs_outbound_start(void)
{
	if (cs_shim.tables)
		cs_pool_init(&texts, (char *)cs_shim.tables + CS_TABLES_OUTBOUND_BEGIN,
			     CS_OUTBOUND_TEXTS, sizeof(struct cs_outbound_text));
	else
		cs_propagate.what &= ~CS_PROPAGATE_OUTBOUND;
}

/* As write, or send. */
static ssize_t make_call(void *context, const struct iovec *iov, int count)
{
	const struct cs_outbound_call *call = context;
	struct msghdr message = { .msg_iovlen = (size_t)count };

	if (call->plain)
		return ((writev_fn)cs_real_table[CS_HOOK_writev])(call->fd, iov, count);
	__builtin_memcpy(&message.msg_iov, &iov, sizeof(iov)); /* it is only read */
	return ((sendmsg_fn)cs_real_table[CS_HOOK_sendmsg])(call->fd, &message, call->flags);
}

/* --- what is put in --- */

static char *put(char *to, const char *text)
{
	while (*text)
		*to++ = *text++;
	return to;
}

static bool write_text(struct cs_outbound_text *text, const struct cs_current_found *found)
{
	struct cs_trace_context trace = found->trace;
	char *to = put(text->bytes, "traceparent: ");
	bool whole = true;

	__builtin_memcpy(trace.parent_id, text->span, 8);
	cs_trace_context_format(&trace, to);
	to = put(to + CS_TRACEPARENT_LEN, "\r\n");
	if (found->state_len) {
		to = put(to, "tracestate: ");
		whole = cs_current_state(found, to);
		to = put(to + found->state_len, "\r\n");
	}
	text->len = (uint16_t)(to - text->bytes);
	text->sent = 0;
	text->pid = cs_pid();
	return whole;
}

static struct cs_outbound_text *text_of(const struct cs_conn *conn)
{
	return conn->outbound >= UNSURE ? NULL : cs_pool_item(&texts, conn->outbound);
}

void cs_outbound_over(struct cs_conn *conn)
{
	if (text_of(conn))
		cs_pool_put(&texts, conn->outbound);
	conn->outbound = CS_POOL_NONE;
}

/* --- what is owed --- */

static bool pay(const struct cs_outbound_call *call, struct cs_conn *conn)
{
	struct cs_outbound_text *text = text_of(conn);
	struct cs_outbound_call own = { .fd = call->fd, .flags = call->flags | MSG_NOSIGNAL };
	enum cs_outbound_settled settled = CS_OUTBOUND_PAID;

	/* A fork child's copy is its parent's to send; of a call that was cut off nothing is known. */
	if (text && text->pid == cs_pid() && text->sent)
		settled = cs_outbound_settle(text, make_call, cs_errno, &own);
	if (settled == CS_OUTBOUND_WAITS)
		return false;
	if (text && !text->untold)
		cs_outbound_over(conn);
	return true;
}

bool cs_outbound_pay(int fd, uint64_t word)
{
	const struct cs_outbound_call call = { .fd = fd };
	int saved;
	bool paid;

	if (!text_of(cs_fd_conn(word)) || !cs_shim_watching() || !cs_tables_may_change())
		return true;
	saved = cs_errno();
	paid = pay(&call, cs_fd_conn(word));
	if (paid)
		cs_set_errno(saved);
	return paid;
}

/* --- the caller's call --- */

/* Neither in the first page nor beyond what a process has: those are the kernel's to refuse. */
static bool is_plausible(const void *memory)
{
	uintptr_t at = (uintptr_t)memory;

	return at >= 4096 && at < 1ull << 47;
}

/* A request may begin here, and nothing that is not one. */
static bool may_begin(const struct cs_conn *conn, uint64_t word)
{
	return cs_call_may_be_http(conn) && cs_conn_may_begin(conn, cs_fd_generation(word));
}

static bool is_there(const void *memory, size_t len)
{
	return is_plausible(memory) && cs_propagate_readable(memory, len);
}

/* Of a message with its parts alone: these. */
static bool open_message(const struct msghdr *message, const struct iovec **ret, int *ret_count)
{
	if (!is_there(message, sizeof(*message)) || message->msg_name || message->msg_controllen ||
	    message->msg_iovlen > CS_OUTBOUND_IOV_MAX)
		return false;
	*ret = message->msg_iov;
	*ret_count = (int)message->msg_iovlen;
	return true;
}

static bool is_usable(const struct cs_outbound_call *call, const struct iovec *iov, int count)
{
	return !(call->flags & ~FLAGS_KNOWN) && count >= 1 && count <= CS_OUTBOUND_IOV_MAX &&
	       is_there(iov, (size_t)count * sizeof(*iov)) && iov->iov_len > 16 &&
	       is_there(iov->iov_base,
			iov->iov_len < CS_OUTBOUND_HEAD_MAX ? iov->iov_len : CS_OUTBOUND_HEAD_MAX);
}

static bool begins_with_letter(const struct iovec *part)
{
	const unsigned char *data = part->iov_base;

	return *data >= 'A' && *data <= 'Z';
}

/* Room for what is put in. */
static struct cs_outbound_text *take_text(struct cs_conn *conn)
{
	conn->outbound = cs_pool_take(&texts);
	return text_of(conn);
}

/* Whose work it is. */
struct whose {
	struct cs_current_found found;
	bool told; /* the call is a span of ours; else the context is passed on as it came */
};

/*
 * Where several are at work it is none's: that is counted when the kernel has taken the bytes, and they are seen
 * to be a request. To look at them here would take a system call, and only for that.
 */
static bool is_sure(struct cs_conn *conn, struct whose *ret)
{
	bool unsure;

	cs_outbound_over(conn); /* what was to be told of the last request never was */
	ret->told = true;
	if (cs_propagate_find(&ret->found))
		return true;
	unsure = ret->found.unsure;
	if (cs_propagate_find_carried(&ret->found, &ret->told))
		return true;
	if (unsure)
		conn->outbound = UNSURE;
	return false;
}

static bool tell(const struct cs_outbound_call *call, struct cs_conn *conn, const struct iovec *iov,
		 int count, const struct whose *whose, size_t at, ssize_t *ret)
{
	struct cs_outbound_text *text = take_text(conn);

	if (!text)
		return false;
	text->untold = false;
	__builtin_memcpy(text->parent, whose->found.trace.parent_id, 8);
	__builtin_memcpy(text->span, text->parent, 8);
	if (whose->told)
		cs_propagate_make_span(conn->connection, text->span);
	if (!write_text(text, &whose->found)) {
		cs_outbound_over(conn);
		return false;
	}
	*ret = cs_outbound_issue(text, iov, count, at, make_call,
				 (void *)(uintptr_t)call); /* which does not change it */
	text->untold = whose->told && text->sent;
	if (!text->sent)
		cs_outbound_over(conn);
	return true;
}

__attribute__((noinline)) bool cs_outbound_try(const struct cs_outbound_call *call, uint64_t word,
					       const struct iovec *iov, int count, ssize_t *ret)
{
	struct cs_conn *conn = cs_fd_conn(word);
	int saved = cs_errno();
	struct whose whose;
	size_t at;

	if (!cs_shim_watching() || !cs_tables_may_change() ||
	    atomic_load_explicit(&cs_shim.filtered, memory_order_relaxed))
		return false;
	if (!pay(call, conn)) {
		*ret = -1;
		return true;
	}
	cs_set_errno(saved);
	if (!may_begin(conn, word) || !is_sure(conn, &whose) ||
	    (call->message && !open_message(call->message, &iov, &count)) ||
	    !is_usable(call, iov, count) || !begins_with_letter(iov))
		return false;
	at = cs_outbound_find(iov->iov_base, iov->iov_len);
	if (at && cs_emit_has_room() && tell(call, conn, iov, count, &whose, at, ret))
		return true;
	cs_count(CS_FACT_NOT_HANDED_ON);
	return false;
}

/* --- the record --- */

bool cs_outbound_handed_on(struct cs_conn *conn)
{
	const struct cs_outbound_text *text = text_of(conn);

	if (conn->outbound == UNSURE) {
		conn->outbound = CS_POOL_NONE;
		cs_count(CS_FACT_NOT_HANDED_ON);
	}
	return text && text->untold && text->pid == cs_pid();
}

void cs_outbound_emit(struct cs_conn *conn, struct cs_rec_call *rec, uint64_t time_ns,
		      const char *text)
{
	uint32_t used = (uint32_t)rec->method_len + rec->target_len + rec->headers_len, added;
	char lines[sizeof(CS_OUTBOUND_SPAN_LINE CS_OUTBOUND_PARENT_LINE) + 34];
	struct cs_outbound_text *told = text_of(conn);
	char *to = lines;

	to = cs_propagate_put_line(to, CS_OUTBOUND_SPAN_LINE, told->span, 8);
	to = cs_propagate_put_line(to, CS_OUTBOUND_PARENT_LINE, told->parent, 8);
	added = (uint32_t)(to - lines);
	told->untold = false;
	if (told->sent == told->len)
		cs_outbound_over(conn);
	rec->headers_len = (uint16_t)(rec->headers_len + added);
	(void)cs_emit_parts(CS_RECORD_CALL, CS_PRIORITY_HIGH, time_ns,
			    (const struct iovec[]){ { rec, sizeof(*rec) },
						    { (char *)(uintptr_t)text, used },
						    { lines, added } },
			    3);
}
