/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What programs tell of themselves (include/coldspan.h), as records. Called by their code, not by hooks:
 * pointers are the caller's responsibility, as for any function; what they point to is bounded here.
 */
#include <stdbool.h>
#include <stdint.h>

#include "preload/api_call.h"
#include "preload/hooks/borrowed.h"
#include "preload/http/baggage.h"
#include "preload/http/http.h"
#include "preload/http/http_fields.h"
#include "preload/http/http_names.h"
#include "preload/include/coldspan.h"
#include "preload/propagation/propagate.h"
#include "preload/shim.h"
#include "preload/sys.h"
#include "preload/tables.h"
#include "preload/text.h"
#include "preload/wire/trace_context.h"

#define TEXT_BYTES     1400u /* of one record: what a struct of wire/records.h is followed by */
#define HANDLE_SHIFT   42u   /* of the pid; below it the number */
#define NAME_BYTES     40u   /* longer names are none of those kept */
#define HEADERS_LOOKED 256u

/* One that is being written: a handle that nobody has. */
#define BUSY UINT64_MAX

/* What invocations were begun with, by their number. A newer one takes the place of an older. */
struct context {
	_Atomic uint64_t invocation; /* handle; 0 none */
	char traceparent[CS_TRACEPARENT_LEN + 1];
};

#define CONTEXTS (CS_API_BYTES / sizeof(struct context))

static _Atomic uint64_t last;

/* What the header promises is what records say. */
_Static_assert((int)COLDSPAN_STRING == (int)CS_API_STRING, "types");
_Static_assert((int)COLDSPAN_INT == (int)CS_API_INT, "types");
_Static_assert((int)COLDSPAN_DOUBLE == (int)CS_API_DOUBLE, "types");
_Static_assert((int)COLDSPAN_BOOL == (int)CS_API_BOOL, "types");
_Static_assert((int)COLDSPAN_TRIGGER_HTTP == (int)CS_API_TRIGGER_HTTP, "triggers");
_Static_assert((int)COLDSPAN_TRIGGER_TIMER == (int)CS_API_TRIGGER_TIMER, "triggers");

struct text {
	char bytes[TEXT_BYTES];
	uint32_t used;
};

/* Bytes of @s up to @max, whole runes if it is UTF-8. */
static uint32_t bounded_len(const char *s, uint32_t max)
{
	uint32_t len = 0;

	while (len < max && s[len])
		len++;
	if (s[len] && len == max) {
		while (len && ((unsigned char)s[len] & 0xc0) == 0x80)
			len--;
	}
	return len;
}

static bool put(struct text *text, const void *bytes, uint32_t len)
{
	if (len > TEXT_BYTES - text->used)
		return false;
	__builtin_memcpy(text->bytes + text->used, bytes, len);
	text->used += len;
	return true;
}

/* Return: bytes put; 0 if there is no room, or nothing to put. */
static uint16_t put_text(struct text *text, const char *s)
{
	uint32_t len = s ? bounded_len(s, COLDSPAN_TEXT_MAX) : 0;

	return put(text, s, len) ? (uint16_t)len : 0;
}

static uint64_t new_handle(void)
{
	uint64_t number = atomic_fetch_add_explicit(&last, 1, memory_order_relaxed) + 1;

	return (uint64_t)cs_pid() << HANDLE_SHIFT | (number & ((1ull << HANDLE_SHIFT) - 1));
}

/* NULL: there was no memory. */
static struct context *context_of(uint64_t invocation)
{
	struct context *contexts = (void *)((char *)cs_shim.tables + CS_TABLES_API_BEGIN);

	return cs_shim.tables ? &contexts[invocation % CONTEXTS] : NULL;
}

static void remember(uint64_t invocation, const struct cs_trace_context *trace)
{
	struct context *context = context_of(invocation);
	uint64_t was;

	if (!context)
		return;
	was = atomic_load_explicit(&context->invocation, memory_order_relaxed);
	if (was == BUSY ||
	    !atomic_compare_exchange_strong_explicit(&context->invocation, &was, BUSY,
						     memory_order_acquire, memory_order_relaxed))
		return;
	atomic_thread_fence(memory_order_release); /* BUSY before the bytes: tell_traceparent() */
	cs_trace_context_format(trace, context->traceparent);
	/* pairs with: api.context */
	atomic_store_explicit(&context->invocation, invocation, memory_order_release);
}

/* Read, then looked at again: it may have been replaced meanwhile. */
static uint64_t tell_traceparent(const struct cs_api_call *call)
{
	struct context *context = context_of(call->span);

	/* pairs with: api.context */
	if (!call->ret || !context || call->span == BUSY ||
	    atomic_load_explicit(&context->invocation, memory_order_acquire) != call->span)
		return 0;
	__builtin_memcpy(call->ret, context->traceparent, sizeof(context->traceparent));
	atomic_thread_fence(memory_order_acquire);
	if (atomic_load_explicit(&context->invocation, memory_order_relaxed) == call->span)
		return 1;
	*call->ret = '\0';
	return 0;
}

/* Members that are named, each a line; false: there was no room for one. */
static bool put_baggage(struct text *text, const char *list)
{
	uint16_t used = (uint16_t)text->used, line = used;
	struct cs_baggage baggage = { 0 };
	char name[CS_BAGGAGE_NAME_MAX];
	uint8_t name_len = 0;
	const struct cs_baggage_text lines = {
		.bytes = text->bytes,
		.size = sizeof(text->bytes),
		.used = &used,
		.line = &line,
		.name = name,
		.name_len = &name_len,
	};
	bool whole = true;

	for (uint32_t i = 0; i < CS_BAGGAGE_BYTES_MAX && list[i]; i++)
		whole &= cs_baggage_take(&baggage, &lines, (unsigned char)list[i]);
	whole &= cs_baggage_take(&baggage, &lines, CS_BAGGAGE_OVER);
	text->used = used;
	return whole;
}

/* A line "name: value\n" of a header that is kept; false: there is no room for it. */
static bool put_header(struct text *text, const char *name, const char *value)
{
	uint32_t len = name && value ? bounded_len(name, NAME_BYTES + 1) : 0;
	uint32_t before = text->used, value_len;
	char lower[NAME_BYTES];

	if (!len || len > NAME_BYTES)
		return true;
	for (uint32_t i = 0; i < len; i++)
		lower[i] = cs_http_lower((unsigned char)name[i]);
	if (cs_baggage_is_header(lower, len))
		return put_baggage(text, value);
	if (!cs_http_is_kept(lower, len))
		return true;
	value_len = bounded_len(value, CS_HTTP_VALUE_MAX);
	/* One header is one line. */
	value_len = (uint32_t)cs_text_until(value, value_len, '\n');
	if (!value[value_len] && put(text, lower, len) && put(text, ": ", 2) &&
	    put(text, value, value_len) && put(text, "\n", 1))
		return true;
	text->used = before;
	return false;
}

/* Who called is whom it hands on, unless its own span is. */
static void remember_caller(uint64_t invocation, const char *traceparent)
{
	struct cs_trace_context trace;

	if (traceparent &&
	    cs_trace_context_parse(traceparent, bounded_len(traceparent, COLDSPAN_TEXT_MAX),
				   &trace) == 0)
		remember(invocation, &trace);
}

static bool emit_begin(struct cs_rec_api_begin *rec, struct text *text)
{
	return cs_emit_parts(
		CS_RECORD_API_BEGIN, CS_PRIORITY_LOW, cs_now(),
		(const struct iovec[]){ { rec, sizeof(*rec) }, { text->bytes, text->used } }, 2);
}

/*
 * With COLDSPAN_PROPAGATE: its span has an id from the beginning. Of an id that is handed on there must be a
 * record. Return: false: it has none here.
 */
static bool emit_handed_on(struct cs_rec_api_begin *rec, struct text *text)
{
	const struct cs_propagate_begun begun = {
		.key = { rec->span, 0, CS_CURRENT_API },
		.lines = text->bytes + text->used - rec->headers_len,
		.lines_len = rec->headers_len,
		.thread = cs_thread_pointer(),
	};
	char lines[CS_PROPAGATE_LINES_MAX];
	struct cs_context context;
	uint32_t added = cs_propagate_begin(&begun, &context, lines);
	bool told = put(text, lines, added);

	if (told)
		rec->headers_len = (uint16_t)(rec->headers_len + added);
	told &= emit_begin(rec, text);
	cs_propagate_count(&begun, told ? &context : NULL);
	if (told)
		remember(rec->span, &context.trace);
	return told;
}

static uint64_t begin_invocation(const struct coldspan_invocation *from)
{
	struct cs_rec_api_begin rec = { .span = new_handle() };
	struct coldspan_invocation what = { 0 };
	bool whole, handed_on = false;
	struct text text;

	text.used = 0;
	if (from)
		__builtin_memcpy(&what, from,
				 from->bytes < sizeof(what) ? from->bytes : sizeof(what));
	rec.name_len = put_text(&text, what.name);
	rec.id_len = put_text(&text, what.id);
	rec.trigger = (uint16_t)what.trigger;
	rec.headers_len = (uint16_t)text.used;
	whole = put_header(&text, "traceparent", what.traceparent);
	whole &= put_header(&text, "tracestate", what.tracestate);
	for (uint32_t i = 0; what.headers && i < what.headers_count && i < HEADERS_LOOKED; i++)
		whole &= put_header(&text, what.headers[i].name, what.headers[i].value);
	rec.headers_len = (uint16_t)(text.used - rec.headers_len);
	if (!whole)
		rec.flags |= CS_REQUEST_HEADERS_CUT;
	cs_mark_own(CS_MARK_REQUEST, cs_now());
	cs_shim_end_init();
	if (cs_propagate_asked(CS_PROPAGATE_ANY))
		handed_on = emit_handed_on(&rec, &text);
	else
		(void)emit_begin(&rec, &text);
	if (!handed_on)
		remember_caller(rec.span, what.traceparent);
	return rec.span;
}

static uint64_t begin_span(const struct cs_api_call *call)
{
	struct cs_rec_api_begin rec = { .parent = call->span };
	struct text text;

	if (!call->span)
		return 0;
	text.used = 0;
	rec.span = new_handle();
	rec.name_len = put_text(&text, call->text);
	(void)emit_begin(&rec, &text);
	return rec.span;
}

static bool put_attribute(struct text *text, const struct coldspan_attribute *attribute)
{
	struct cs_rec_api_attribute head = { .type = (uint8_t)attribute->type };
	const void *value = &attribute->value;
	uint32_t before = text->used;
	int64_t boolean = attribute->value.boolean != 0;

	head.key_len = (uint16_t)bounded_len(attribute->key, COLDSPAN_TEXT_MAX);
	head.value_len = sizeof(int64_t);
	if (attribute->type == COLDSPAN_STRING) {
		value = attribute->value.string;
		head.value_len = (uint16_t)bounded_len(value, COLDSPAN_TEXT_MAX);
	} else if (attribute->type == COLDSPAN_BOOL) {
		value = &boolean;
	}
	if (put(text, &head, sizeof(head)) && put(text, attribute->key, head.key_len) &&
	    put(text, value, head.value_len))
		return true;
	text->used = before;
	return false;
}

static bool is_attribute(const struct coldspan_attribute *attribute)
{
	return attribute->key && *attribute->key && attribute->type >= COLDSPAN_STRING &&
	       attribute->type <= COLDSPAN_BOOL &&
	       (attribute->type != COLDSPAN_STRING || attribute->value.string);
}

static uint16_t at_most(uint64_t count)
{
	return count < UINT16_MAX ? (uint16_t)count : UINT16_MAX;
}

static void put_attributes(struct text *text, const struct cs_api_call *call,
			   struct cs_rec_api_note *rec)
{
	const char *at = (const char *)call->attributes;
	uint64_t count = at ? call->attributes_count : 0, left_out = 0;
	uint32_t before = text->used;

	if (count > COLDSPAN_ATTRIBUTES_MAX) {
		left_out = count - COLDSPAN_ATTRIBUTES_MAX;
		count = COLDSPAN_ATTRIBUTES_MAX;
	}
	for (uint64_t i = 0; i < count; i++, at += call->attribute_bytes) {
		const struct coldspan_attribute *attribute = (const void *)at;

		if (is_attribute(attribute) && put_attribute(text, attribute))
			rec->count++;
		else
			left_out++;
	}
	rec->left_out = at_most(left_out);
	rec->attributes_len = (uint16_t)(text->used - before);
}

static uint64_t note(const struct cs_api_call *call, enum cs_api_note kind)
{
	struct cs_rec_api_note rec = {
		.span = call->span,
		.kind = (uint16_t)kind,
		.status = (uint16_t)call->status,
	};
	struct text text;

	if (!call->span)
		return 0;
	text.used = 0;
	rec.text_len = put_text(&text, call->text);
	if (kind != CS_API_NOTE_STATUS && call->attribute_bytes >= sizeof(*call->attributes))
		put_attributes(&text, call, &rec);
	cs_emit(CS_RECORD_API_NOTE, CS_PRIORITY_LOW, cs_now(), &rec, sizeof(rec), text.bytes,
		text.used);
	return 1;
}

static uint64_t end(uint64_t span)
{
	struct cs_rec_api_end rec = { .span = span };

	if (cs_propagate_asked(CS_PROPAGATE_ANY))
		cs_propagate_ended(CS_CURRENT_API, span, 0);
	if (span)
		cs_emit(CS_RECORD_API_END, CS_PRIORITY_HIGH, cs_now(), &rec, sizeof(rec), NULL, 0);
	return span != 0;
}

__attribute__((visibility("default"), used)) uint64_t
coldspan_shim_call(const struct cs_api_call *from)
{
	struct cs_api_call call = { 0 };

	/* A vfork child's records would be its parent's. */
	if (!cs_shim_watching() || !cs_tables_may_change() || !cs_pid())
		return 0;
	__builtin_memcpy(&call, from, from->bytes < sizeof(call) ? from->bytes : sizeof(call));
	switch (call.operation) {
	case CS_API_WATCHING:
		return 1;
	case CS_API_INVOCATION_BEGIN:
		return begin_invocation(call.invocation);
	case CS_API_END:
		return end(call.span);
	case CS_API_SPAN_BEGIN:
		return begin_span(&call);
	case CS_API_SET:
		return note(&call, CS_API_NOTE_ATTRIBUTES);
	case CS_API_EVENT:
		return note(&call, CS_API_NOTE_EVENT);
	case CS_API_STATUS:
		return note(&call, CS_API_NOTE_STATUS);
	case CS_API_TRACEPARENT:
		return tell_traceparent(&call);
	}
	return 0; /* of a library that is newer */
}
