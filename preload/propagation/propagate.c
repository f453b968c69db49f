/* SPDX-License-Identifier: Apache-2.0 */

/* Handing trace contexts on; see propagate.h. */
#include "preload/propagation/propagate.h"

#include <errno.h>
#include <time.h>

#include "preload/events/openwhisk.h"
#include "preload/layout.h"
#include "preload/propagation/outbound.h"
#include "preload/propagation/traceparent.h"
#include "preload/shim.h"
#include "preload/start/loader.h"
#include "preload/sys.h"
#include "preload/tables.h"
#include "preload/text.h"

struct cs_propagate cs_propagate;

/* Parts of the list: commas, or as in COLDSPAN_DENY. */
static uint32_t word_of(const char *word, size_t len)
{
	static const struct {
		const char name[8];
		uint32_t what;
	} words[] = { { "inbound", CS_PROPAGATE_INBOUND },
		      { "outbound", CS_PROPAGATE_OUTBOUND },
		      { "env", CS_PROPAGATE_ENV } };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		size_t n = 0;

		while (n < len && n < sizeof(words[i].name) && words[i].name[n] == word[n])
			n++;
		if (n == len && (n == sizeof(words[i].name) || !words[i].name[n]))
			return words[i].what;
	}
	return 0;
}

CS_AT_START void cs_propagate_variable(const char *variable)
{
	static const char name[] = "COLDSPAN_PROPAGATE=";
	const char *word = variable + sizeof(name) - 1;

	if (!cs_text_starts(variable, name))
		return;
	for (;;) {
		size_t len = 0;

		while (word[len] && word[len] != ',' && word[len] != ':')
			len++;
		cs_propagate.what |= word_of(word, len);
		if (!word[len])
			return;
		word += len + 1;
	}
}

static const char *value_of(char *const *envp, const char *name)
{
	for (; *envp; envp++) {
		if (cs_text_starts(*envp, name))
			return *envp + cs_text_len(name);
	}
	return NULL;
}

/*
 * What whoever started the process has carried to it: headers of its one event, else OpenTelemetry's variables
 * (environment variables as carriers).
 */
static const struct cs_current_entry *read_carried(char *const *envp)
{
	static const char names[][2][18] = {
		{ "HTTP_TRACEPARENT=", "HTTP_TRACESTATE=" },
		{ "Http_Traceparent=", "Http_Tracestate=" },
		{ "TRACEPARENT=", "TRACESTATE=" },
	};
	unsigned from = cs_shim.own_event ? 0 : 2, end = cs_shim.own_event ? 2 : 3;
	const char *parent = NULL, *state = NULL;
	struct cs_current_entry *entry;
	size_t len = 0;

	for (; !parent && from < end; from++) {
		parent = value_of(envp, names[from][0]);
		state = value_of(envp, names[from][1]);
	}
	if (!parent || !cs_shim.tables)
		return NULL;
	entry = (void *)((char *)cs_shim.tables + CS_TABLES_CARRIED_BEGIN);
	_Static_assert(sizeof(*entry) <= CS_CARRIED_BYTES, "it fits");
	if (cs_trace_context_parse(parent, cs_text_len(parent), &entry->context.trace) < 0)
		return NULL;
	if (state && cs_trace_state_copy(state, cs_text_len(state), entry->context.state,
					 sizeof(entry->context.state), &len) == 0)
		entry->context.state_len = (uint16_t)len;
	return entry;
}

void cs_propagate_start(const struct cs_start *start)
{
	if (!start->random) {
		cs_propagate.what = 0;
		return;
	}
	__builtin_memcpy(cs_propagate.key, start->random, sizeof(cs_propagate.key));
	if (cs_propagate.what & CS_PROPAGATE_OUTBOUND)
		cs_outbound_start();
	if (cs_propagate.what & CS_PROPAGATE_OUTBOUND)
		cs_propagate.carried = read_carried(start->envp);
	if (!(cs_propagate.what & CS_PROPAGATE_ENV))
		return;
	cs_propagate.inherited = cs_child_inherit(cs_propagate.key, start->envp);
	cs_propagate.environment = (char *const **)cs_loader_data("__environ");
}

/* NULL: there was no memory. */
static struct cs_current *current(void)
{
	return cs_shim.tables ? (void *)((char *)cs_shim.tables + CS_TABLES_CURRENT_BEGIN) : NULL;
}

/* --- ids --- */

static void to_hex(const uint8_t *bytes, unsigned len, char *ret)
{
	static const char digits[] = "0123456789abcdef";

	for (unsigned i = 0; i < len; i++) {
		*ret++ = digits[bytes[i] >> 4];
		*ret++ = digits[bytes[i] & 15];
	}
}

/*
 * Never the same twice: not in a fork child, which has the key too; not in a copy of a whole machine,
 * whose clock of the day goes on where it is woken. @kind: of two made at once.
 */
static void make_id(const struct cs_current_key *key, uint64_t kind, uint8_t ret[8])
{
	struct timespec day = { 0 };
	uint64_t what[5], id;

	cs_shim.clock(CLOCK_REALTIME, &day);
	what[0] = key->a;
	what[1] = (uint64_t)cs_pid() << 32 | key->b;
	what[2] = cs_now();
	what[3] = (uint64_t)day.tv_sec * 1000000000u + (uint64_t)day.tv_nsec;
	what[4] = kind << 32 | key->source;
	id = cs_siphash(cs_propagate.key, what, sizeof(what));
	if (!id)
		id = 1; /* all-zero ids are invalid (W3C Trace Context section 3.2.2) */
	for (int i = 7; i >= 0; i--, id >>= 8)
		ret[i] = (uint8_t)id;
}

void cs_propagate_make_span(uint64_t connection, uint8_t ret[8])
{
	const struct cs_current_key key = { connection, 0, CS_CURRENT_HTTP };

	make_id(&key, 3, ret);
}

char *cs_propagate_put_line(char *to, const char *name, const uint8_t *id, unsigned len)
{
	while (*name)
		*to++ = *name++;
	to_hex(id, len, to);
	to += 2 * len;
	*to++ = '\n';
	return to;
}

/* --- invocations --- */

/* As the collector has it: X-Ray's context is a link there. */
static bool on_lambda(void)
{
	return cs_shim.lambda.port != 0;
}

uint32_t cs_propagate_begin(const struct cs_propagate_begun *begun, struct cs_context *ret_context,
			    char *lines)
{
	bool named =
		cs_traceparent_carried(begun->lines, begun->lines_len, on_lambda(), ret_context);
	char *to = lines;

	make_id(&begun->key, 0, ret_context->trace.parent_id);
	to = cs_propagate_put_line(to, CS_PROPAGATE_SPAN_LINE, ret_context->trace.parent_id, 8);
	if (named)
		return (uint32_t)(to - lines);
	make_id(&begun->key, 1, ret_context->trace.trace_id);
	make_id(&begun->key, 2, ret_context->trace.trace_id + 8);
	ret_context->trace.flags = CS_TRACE_FLAG_SAMPLED | CS_TRACE_FLAG_RANDOM;
	ret_context->state_len = 0;
	return (uint32_t)(cs_propagate_put_line(to, CS_PROPAGATE_TRACE_LINE,
						ret_context->trace.trace_id, 16) -
			  lines);
}

void cs_propagate_count(const struct cs_propagate_begun *begun, const struct cs_context *context)
{
	if (current())
		cs_current_begin(current(), &begun->key, cs_pid(), begun->thread, begun->how,
				 context);
}

/* In the function's own buffer. */
static void rewrite(const struct cs_conn_event *event, const struct cs_context *context)
{
	unsigned char *parent = cs_traceparent_find_parent(event->head, event->head_bytes);

	if (parent)
		to_hex(context->trace.parent_id, 8, (char *)parent);
}

/* Room first: of an id that is handed on there must be a record. */
void cs_propagate_request(const struct cs_conn_event *event, struct cs_rec_request *rec)
{
	const struct cs_http_text *text = event->text;
	uint32_t used = cs_http_text_used(text), added;
	struct cs_propagate_begun begun = {
		.key = { rec->connection, rec->sequence, CS_CURRENT_HTTP },
		.lines = text->bytes + text->method_len + text->target_len,
		.lines_len = text->headers_len,
		.thread = cs_thread_pointer(),
		.how = rec->flags & CS_REQUEST_BLOCKING ? CS_CURRENT_BLOCKING : 0,
	};
	char lines[CS_PROPAGATE_LINES_MAX];
	struct cs_context context;
	bool told;

	added = cs_propagate_begin(&begun, &context, lines);
	/* Of an event of OpenWhisk, who called may stand in its body. */
	if (added == CS_PROPAGATE_LINES_MAX && cs_openwhisk_runs(text))
		begun.how |= CS_CURRENT_DEFERRED;
	rec->headers_len = (uint16_t)(rec->headers_len + added);
	told = cs_emit_parts(CS_RECORD_REQUEST, CS_PRIORITY_LOW, event->time_ns,
			     (const struct iovec[]){ { rec, sizeof(*rec) },
						     { (char *)(uintptr_t)text->bytes, used },
						     { lines, added } },
			     3);
	if (told && cs_propagate_asked(CS_PROPAGATE_INBOUND) && event->head)
		rewrite(event, &context);
	cs_propagate_count(&begun, told ? &context : NULL);
}

void cs_propagate_answered(uint32_t source, uint64_t a, uint32_t b)
{
	const struct cs_current_key key = { a, b, source };

	if (current())
		cs_current_answered(current(), &key, cs_thread_pointer());
}

void cs_propagate_ended(uint32_t source, uint64_t a, uint32_t b)
{
	const struct cs_current_key key = { a, b, source };

	if (current())
		cs_current_end(current(), &key);
}

void cs_propagate_settle(const struct cs_current_key *key, const char *lines, size_t len)
{
	struct cs_context trace;
	bool named = cs_traceparent_carried(lines, len, on_lambda(), &trace);

	if (current())
		cs_current_settle(current(), key, named ? &trace : NULL);
}

uint64_t cs_propagate_hash(const char *id, size_t len)
{
	return cs_siphash(cs_propagate.key, id, len);
}

void cs_propagate_aside(uint64_t connection, uint32_t sequence, bool over)
{
	const struct cs_propagate_begun begun = {
		.key = { connection, sequence, CS_CURRENT_ASIDE },
	};

	if (over)
		cs_propagate_ended(CS_CURRENT_ASIDE, connection, sequence);
	else
		cs_propagate_count(&begun, NULL);
}

/* The invocation that the caller works for. */
static bool find_current(bool of_child, struct cs_current_found *ret)
{
	const struct cs_current_place place = {
		.pid = cs_pid(),
		.thread = cs_thread_pointer(),
		.of_child = of_child,
	};

	ret->unsure = false;
	return current() && cs_shim_watching() && cs_current_find(current(), &place, ret);
}

bool cs_propagate_find(struct cs_current_found *ret)
{
	return find_current(false, ret);
}

/* What it does once it waits for requests, or has had one, is not what it was started for. */
static bool has_served(void)
{
	return cs_segment_marked(cs_shim.header, CS_MARK_ACCEPT_WAIT) ||
	       cs_segment_marked(cs_shim.header, CS_MARK_NEXT) ||
	       atomic_load_explicit(&current()->serial, memory_order_relaxed);
}

bool cs_propagate_find_carried(struct cs_current_found *ret, bool *ret_event)
{
	const struct cs_current_entry *entry = cs_propagate.carried;

	if (!entry || has_served())
		return false;
	*ret = (struct cs_current_found){
		.entry = entry,
		.trace = entry->context.trace,
		.state_len = entry->context.state_len,
	};
	*ret_event = cs_shim.own_event;
	return true;
}

/* The kernel reads 8 bytes, and then finds that there is nothing to be done. */
bool cs_propagate_readable(const void *at, size_t len)
{
	const int nothing = -1;
	uintptr_t from = (uintptr_t)at & -(uintptr_t)8, end = (uintptr_t)at + len;

	for (; from < end; from = (from & -(uintptr_t)CS_PAGE_BYTES) + CS_PAGE_BYTES) {
		if (cs_sys4(SYS_rt_sigprocmask, nothing, from, 0, 8) == -EFAULT)
			return false;
	}
	return true;
}

/* --- children --- */

static bool write_child(struct cs_child_env *own, const struct cs_current_found *found)
{
	char *state = own->state;

	__builtin_memcpy(own->parent, CS_CHILD_PARENT, sizeof(CS_CHILD_PARENT));
	cs_trace_context_format(&found->trace, own->parent + sizeof(CS_CHILD_PARENT) - 1);
	*state = '\0';
	if (!found->state_len)
		return true;
	__builtin_memcpy(state, CS_CHILD_STATE, sizeof(CS_CHILD_STATE));
	state += sizeof(CS_CHILD_STATE) - 1;
	state[found->state_len] = '\0';
	return cs_current_state(found, state);
}

static bool build_child(struct cs_child_env *own, char *const *envp, cs_child_readable_fn readable)
{
	struct cs_current_found found;

	if (!find_current(true, &found)) {
		if (found.unsure)
			cs_count(CS_FACT_NOT_HANDED_ON);
		return false;
	}
	if (write_child(own, &found) &&
	    cs_child_env_copy(own, cs_propagate.key, &cs_propagate.inherited, envp, readable))
		return true;
	cs_count(CS_FACT_NOT_HANDED_ON);
	return false;
}

char *const *cs_propagate_child(struct cs_child_env *own, char *const *envp)
{
	if (!envp || atomic_load_explicit(&cs_shim.filtered, memory_order_relaxed) ||
	    !build_child(own, envp, cs_propagate_readable))
		return envp;
	return own->entries;
}

char *const *cs_propagate_environ(struct cs_child_env *own)
{
	if (!cs_propagate.environment || !*cs_propagate.environment ||
	    !build_child(own, *cs_propagate.environment, NULL))
		return NULL;
	return own->entries;
}
