/* SPDX-License-Identifier: Apache-2.0 */

/* What goes out until something comes in, and what comes: calls; see call.h. */
#include "preload/calls/call_turns.h"

#include "preload/calls/call_db.h"

/* How often an answer is told of whenever more of it comes; then how much later than the last time. */
#define TELL_FIRST 4u
#define TELL_PART  8u
#define TELL_LEAST 50000u /* ns */

/* cs_call_out.batch: of which call, the queries in it, whether they differ, and the first one's operation */
#define BATCH_OF      32
#define BATCH_QUERIES 0xfffull
#define BATCH_MIXED   0x1000ull
#define BATCH_KEPT    13

static uint64_t load(const _Atomic uint64_t *at)
{
	return atomic_load_explicit(at, memory_order_relaxed);
}

static void store(_Atomic uint64_t *at, uint64_t value)
{
	atomic_store_explicit(at, value, memory_order_relaxed);
}

static uint32_t load32(const _Atomic uint32_t *at)
{
	return atomic_load_explicit(at, memory_order_relaxed);
}

void cs_call_tell(const struct cs_conn_env *env, struct cs_conn *conn, struct cs_call_event *event)
{
	uint64_t bits = cs_call_bits(conn);

	event->protocol = cs_call_protocol_of(bits);
	/* Its greeting may have come when what went out had decided otherwise. */
	if (event->protocol == CS_CALL_MYSQL && bits & MARIADB)
		event->protocol = CS_CALL_MARIADB;
	event->encrypted = cs_call_is_encrypted(bits);
	((const struct cs_call_env *)(const void *)env)->tell(conn, event);
}

/* --- what came --- */

/* Tell of call number @count, whether or not that was told. @answered: of what came last; may be NULL */
static void tell_answer(const struct cs_conn_env *env, struct cs_conn *conn, uint32_t count,
			bool more, const struct cs_db_answered *answered)
{
	uint64_t bits = cs_call_bits(conn);
	uint64_t batch = cs_call_is_database(bits) ? load(&conn->out.batch) : 0;
	struct cs_call_event event = {
		.type = CS_CALL_SO_FAR,
		.sequence = count - 1,
		.more = more,
		.time_ns = load(&conn->in.last_ns),
		.first_ns = load(&conn->in.first_ns),
		.bytes_in = load(&conn->in.bytes),
		.bytes_out = load(&conn->received[(count - 1) % CS_CONN_PIPELINE]) >>
			     CS_CONN_RECEIVED_BITS,
	};

	if (batch >> BATCH_OF == count) {
		event.queries = (uint32_t)(batch & BATCH_QUERIES);
		event.mixed = batch & BATCH_MIXED;
	}
	if (answered && answered->failed) {
		event.failed = true;
		event.text = answered->code;
		event.text_len = answered->code_len;
	}
	/* In TLS 1.3 tickets come before the first answer, and look like one. */
	if (bits & TLS_1_3 && count == conn->in.before + 1)
		event.first_ns = 0;
	store(&conn->in.told_ns, event.time_ns);
	cs_call_tell(env, conn, &event);
}

void cs_call_end_turn(const struct cs_conn_env *env, struct cs_conn *conn, uint32_t count)
{
	if (load(&conn->in.last_ns) != load(&conn->in.told_ns))
		tell_answer(env, conn, count, false, NULL);
}

/* @over: that was all of it */
static void comes(const struct cs_conn_env *env, struct cs_conn *conn, size_t len, uint64_t now_ns,
		  bool over, const struct cs_db_answered *answered)
{
	struct cs_call_in *in = &conn->in;
	uint32_t count = cs_call_begun(conn);
	uint64_t first_ns, told_ns;

	if (!count || load32(&in->over) == count)
		return;
	if (in->sequence != count) {
		in->sequence = count;
		store(&in->first_ns, now_ns);
		store(&in->told_ns, 0);
		store(&in->bytes, 0);
		in->tellings = 0;
	}
	store(&in->bytes, load(&in->bytes) + len);
	store(&in->last_ns, now_ns);
	/* pairs with: conn.responses */
	atomic_store_explicit(&conn->responses, count, memory_order_release);
	first_ns = load(&in->first_ns);
	told_ns = load(&in->told_ns);
	if (over)
		atomic_store_explicit(&in->over, count, memory_order_relaxed);
	if (over || (answered && answered->failed) || in->tellings++ < TELL_FIRST ||
	    now_ns - told_ns >= (told_ns - first_ns) / TELL_PART + TELL_LEAST)
		tell_answer(env, conn, count, !over, answered);
}

void cs_call_comes_in(const struct cs_conn_env *env, struct cs_conn *conn, size_t len,
		      uint64_t now_ns)
{
	comes(env, conn, len, now_ns, false, NULL);
}

/* --- what goes --- */

void cs_call_goes_on(struct cs_conn *conn, size_t len)
{
	_Atomic uint64_t *bytes = &conn->received[(cs_call_begun(conn) - 1) % CS_CONN_PIPELINE];

	store(bytes, load(bytes) + ((uint64_t)len << CS_CONN_RECEIVED_BITS));
}

static void begin(const struct cs_conn_env *env, struct cs_conn *conn, const char *operation,
		  size_t operation_len, size_t len, uint64_t now_ns)
{
	uint32_t count = cs_call_begun(conn);
	struct cs_call_event event = { .type = CS_CALL_BEGINS,
				       .time_ns = now_ns,
				       .sequence = count,
				       .text = operation,
				       .text_len = operation_len };

	if (count)
		cs_call_end_turn(env, conn, count);
	cs_call_tell(env, conn, &event);
	store(&conn->received[count % CS_CONN_PIPELINE], (uint64_t)len << CS_CONN_RECEIVED_BITS);
	/* pairs with: conn.requests */
	atomic_store_explicit(&conn->requests, count + 1, memory_order_release);
}

void cs_call_goes_out(const struct cs_conn_env *env, struct cs_conn *conn, const char *operation,
		      size_t operation_len, size_t len, uint64_t now_ns)
{
	uint32_t count = cs_call_begun(conn);

	if (count && !cs_call_is_answered(conn, count))
		cs_call_goes_on(conn, len);
	else
		begin(env, conn, operation, operation_len, len, now_ns);
}

/* --- databases --- */

/* What was asked, as part of call number @count. */
static void count_queries(struct cs_conn *conn, uint32_t count, const struct cs_db_asked *asked,
			  uint32_t kept)
{
	uint64_t batch = load(&conn->out.batch);
	uint64_t queries = batch >> BATCH_OF == count ? batch & BATCH_QUERIES : 0;
	bool mixed = asked->mixed || (batch >> BATCH_OF == count && batch & BATCH_MIXED);

	queries += asked->queries;
	if (queries > BATCH_QUERIES)
		queries = BATCH_QUERIES;
	store(&conn->out.batch, (uint64_t)count << BATCH_OF | queries | (mixed ? BATCH_MIXED : 0) |
					(uint64_t)(kept & CS_DB_KEPT_MASK) << BATCH_KEPT);
}

/* Behind the call that asks for it, if it is one. */
static void tell_database(const struct cs_conn_env *env, struct cs_conn *conn,
			  const struct cs_db_asked *asked, uint64_t now_ns)
{
	struct cs_call_event event = { .type = CS_CALL_CHANGES,
				       .time_ns = now_ns,
				       .text = (const char *)asked->database,
				       .text_len = asked->database_len };

	if (!asked->changes)
		return;
	if (asked->executes)
		cs_call_set_bits(conn, EXECUTES);
	cs_call_tell(env, conn, &event);
}

/* Which one is used is not known from here on. */
static void forget_database(const struct cs_conn_env *env, struct cs_conn *conn, uint64_t now_ns)
{
	const struct cs_db_asked asked = { .changes = true };

	tell_database(env, conn, &asked, now_ns);
}

void cs_call_db_out(const struct cs_conn_env *env, struct cs_conn *conn, const unsigned char *data,
		    size_t len, uint64_t now_ns)
{
	uint64_t bits = cs_call_bits(conn), batch = load(&conn->out.batch);
	uint32_t count = cs_call_begun(conn), kept = 0;
	bool fresh = !count || cs_call_is_answered(conn, count);
	struct cs_db_asked asked;

	if (!fresh && batch >> BATCH_OF == count)
		kept = (uint32_t)(batch >> BATCH_KEPT) & CS_DB_KEPT_MASK;
	if (!cs_db_ask(&conn->out.db, cs_call_protocol_of(bits), data, len, &kept, &asked)) {
		if (!(bits & UNFRAMED)) { /* from here on no change would be seen */
			asked.changes = true;
			asked.database = NULL;
			asked.database_len = 0;
		}
		cs_call_set_bits(conn, UNFRAMED);
		asked.begins = true;
	}
	if (asked.packed || asked.pushes)
		cs_call_set_bits(conn, ALTERED);
	/* One question may have had several answers. */
	if (fresh && bits & ALTERED &&
	    load32(&conn->in.answers) - load32(&conn->out.answers) < UINT32_MAX / 2)
		atomic_store_explicit(&conn->out.answers, load32(&conn->in.answers),
				      memory_order_relaxed);
	atomic_fetch_add_explicit(&conn->out.answers, asked.answers, memory_order_relaxed);
	if (fresh && bits & EXECUTES)
		cs_call_clear_bits(conn, EXECUTES);
	if (fresh && asked.begins)
		begin(env, conn, asked.operation, asked.operation_len, len, now_ns);
	else if (count && !asked.apart && load32(&conn->in.over) != count)
		cs_call_goes_on(conn, len);
	else {
		tell_database(env, conn, &asked, now_ns);
		return;
	}
	count_queries(conn, cs_call_begun(conn), &asked, kept);
	tell_database(env, conn, &asked, now_ns);
}

/* Nothing was asked yet: the server does not let it in, nor into what it has named. */
static void is_refused(const struct cs_conn_env *env, struct cs_conn *conn, size_t len,
		       uint64_t now_ns, const struct cs_db_answered *answered)
{
	forget_database(env, conn, now_ns);
	begin(env, conn, NULL, 0, 0, now_ns);
	comes(env, conn, len, now_ns, true, answered);
}

void cs_call_db_in(const struct cs_conn_env *env, struct cs_conn *conn, const unsigned char *data,
		   size_t len, uint64_t now_ns)
{
	struct cs_call_in *in = &conn->in;
	uint64_t bits = cs_call_bits(conn);
	enum cs_call_protocol protocol = cs_call_protocol_of(bits);
	uint32_t count = cs_call_begun(conn), answers;
	struct cs_db_answered answered;

	if (protocol == CS_CALL_MYSQL && bits & ALTERED && in->sequence != count)
		__builtin_memset(&in->db, 0, sizeof(in->db));
	if (!cs_db_answer(&in->db, protocol, data, len, bits & ALTERED, bits & ALTERED,
			  &answered)) {
		cs_call_set_bits(conn, UNFRAMED);
		bits |= UNFRAMED;
	}
	if (answered.nothing && bits & EXECUTES)
		forget_database(env, conn, now_ns);
	answers = load32(&in->answers) + answered.answers;
	atomic_store_explicit(&in->answers, answers, memory_order_relaxed);
	if (!count && answered.failed)
		is_refused(env, conn, len, now_ns, &answered);
	else
		comes(env, conn, len, now_ns,
		      protocol != CS_CALL_MYSQL && !(bits & UNFRAMED) && answered.answers &&
			      answers - load32(&conn->out.answers) < UINT32_MAX / 2,
		      &answered);
}
