/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of collector/api: invocations and spans by their handles, in any order, within bounds. */
#include "collector/protocols/api.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>

#include "preload/include/coldspan.h"
#include "tests/support/assembling.h"

TestSuite(api, .init = assembling_start, .fini = assembling_stop);

#define PID 100

static void begin(struct cs_assembled *instance, uint64_t span, uint64_t parent, uint64_t at_ns,
		  const char *name)
{
	struct cs_rec_api_begin rec = { .span = span,
					.parent = parent,
					.name_len = (uint16_t)strlen(name) };

	feed(instance, PID, CS_RECORD_API_BEGIN, at_ns, &rec, sizeof(rec), name);
}

static void end(struct cs_assembled *instance, uint64_t span, uint64_t at_ns)
{
	struct cs_rec_api_end rec = { .span = span };

	feed(instance, PID, CS_RECORD_API_END, at_ns, &rec, sizeof(rec), NULL);
}

static void status(struct cs_assembled *instance, uint64_t span, unsigned what, uint64_t at_ns)
{
	struct cs_rec_api_note rec = {
		.span = span, .kind = CS_API_NOTE_STATUS, .status = (uint16_t)what, .text_len = 3
	};

	feed(instance, PID, CS_RECORD_API_NOTE, at_ns, &rec, sizeof(rec), "why");
}

static bool is_below(const struct cs_inner_span *span, const struct cs_span_context *parent)
{
	return !memcmp(&span->context.parent_span_id, &parent->span_id, 8) &&
	       !memcmp(&span->context.trace_id, &parent->trace_id, 16);
}

Test(api, spans_stand_where_their_handles_say)
{
	struct cs_assembled *instance = attach_server();

	begin(instance, 1, 0, 70 * MS, "job");
	begin(instance, 2, 0, 71 * MS, "");
	begin(instance, 3, 1, 72 * MS, "outer");
	begin(instance, 4, 3, 73 * MS, "inner");
	begin(instance, 5, 2, 74 * MS, "other");
	end(instance, 3, 75 * MS);
	end(instance, 4, 76 * MS); /* later than what it stands in */
	end(instance, 5, 77 * MS);
	end(instance, 1, 80 * MS);
	end(instance, 2, 90 * MS);
	cr_assert(eq(u32, seen.spans, 0));
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.invocations, 2));
	cr_assert(eq(u32, seen.spans, 3));
	cr_assert(eq(u32, (unsigned)seen.invocation[0].protocol, CS_PROTOCOL_API));
	cr_assert(seen.invocation[0].cold && !seen.invocation[1].cold);
	for (unsigned i = 0; i < 3; i++) {
		const struct cs_inner_span *span = &seen.span[i];

		if (!strcmp(span->name, "outer")) {
			cr_assert(is_below(span, &seen.invocation[0].context));
		} else if (!strcmp(span->name, "other")) {
			cr_assert(is_below(span, &seen.invocation[1].context));
		} else {
			cr_assert(eq(u64, span->start_ns, 73 * MS));
			cr_assert(eq(u64, span->end_ns, 76 * MS));
		}
	}
	cr_assert(eq(u64, stats_now().unmatched, 0));
	cr_assert(eq(u64, stats_now().api_spans, 3));
}

Test(api, what_is_nobodys_is_counted_and_told_of_nowhere)
{
	struct cs_assembled *instance = attach_server();

	begin(instance, 9, 8, 70 * MS, "of nothing");
	end(instance, 9, 71 * MS);
	status(instance, 9, COLDSPAN_STATUS_ERROR, 72 * MS);
	begin(instance, 1, 0, 73 * MS, "job");
	end(instance, 1, 74 * MS);
	end(instance, 1, 75 * MS);
	begin(instance, 2, 1, 76 * MS, "after its end");
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.invocations, 1));
	cr_assert(eq(u32, seen.spans, 0));
	cr_assert(eq(u64, stats_now().unmatched, 5));
}

Test(api, a_ring_answers_no_job)
{
	struct cs_assembled *instance = attach_server();
	struct cs_header header = server_of(PID, "server");

	header.stand_down = 1ull << CS_STAND_DOWN_IO_URING;
	cs_assembler_look(instance, &header);
	begin(instance, 1, 0, 70 * MS, "job");
	cs_assembler_ended(instance, PID, CS_ASSEMBLER_STATUS, 0, 80 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.invocations, 1));
	cr_assert(seen.invocation[0].aborted);
	cr_assert(eq(int, seen.invocation[0].outcome.cause, CS_CAUSE_EXIT));
	cr_assert(eq(str, seen.said[0], (char *)""));
}

Test(api, a_handle_that_comes_twice_is_refused)
{
	struct cs_assembled *instance = attach_server();

	begin(instance, 1, 0, 70 * MS, "job");
	begin(instance, 1, 0, 71 * MS, "job");
	begin(instance, 0, 0, 72 * MS, "none");
	end(instance, 1, 73 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.invocations, 1));
	cr_assert(eq(u64, stats_now().unknown_records, 2));
}

/* Rings of several threads are read one after the other. */
Test(api, a_span_that_began_before_its_parent_ended_is_its_child_however_late_it_is_read)
{
	struct cs_assembled *instance = attach_server();

	begin(instance, 1, 0, 70 * MS, "job");
	end(instance, 1, 80 * MS);
	begin(instance, 2, 1, 75 * MS, "beside");
	end(instance, 2, 76 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.spans, 1));
	cr_assert(is_below(&seen.span[0], &seen.invocation[0].context));
}

Test(api, a_span_that_outlives_its_invocation_is_told_of_when_it_ends)
{
	struct cs_assembled *instance = attach_server();

	begin(instance, 1, 0, 70 * MS, "job");
	begin(instance, 2, 1, 71 * MS, "goes on");
	end(instance, 1, 72 * MS);
	cs_assembler_tick(assembler, 10000 * MS);
	cr_assert(eq(u32, seen.invocations, 1));
	cs_assembler_tick(assembler, 20000 * MS); /* the request is forgotten */
	cr_assert(eq(u32, seen.spans, 0));
	end(instance, 2, 30000 * MS);
	cr_assert(eq(u32, seen.spans, 1));
	cr_assert(is_below(&seen.span[0], &seen.invocation[0].context));
	cr_assert(eq(u64, seen.span[0].end_ns, 30000 * MS));
}

Test(api, what_its_process_left_open_ends_with_it_and_says_why)
{
	struct cs_assembled *instance = attach_server();

	begin(instance, (uint64_t)PID << 42 | 1, 0, 70 * MS, "job");
	begin(instance, (uint64_t)PID << 42 | 2, (uint64_t)PID << 42 | 1, 71 * MS, "open");
	end_process(instance, PID, 9, 80 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.invocations, 1));
	cr_assert(eq(u32, (unsigned)seen.invocation[0].outcome.cause, CS_CAUSE_SIGNAL));
	cr_assert(eq(u32, seen.spans, 1));
	cr_assert(eq(u32, (unsigned)seen.span[0].outcome.cause, CS_CAUSE_SIGNAL));
	cr_assert(eq(str, (char *)seen.span[0].approximate, (char *)CS_SPAN_UNENDED));
	cr_assert(eq(u64, seen.span[0].end_ns, 80 * MS));
}

Test(api, spans_of_one_invocation_are_bounded)
{
	struct cs_assembled *instance = attach_server();

	begin(instance, 1, 0, 70 * MS, "job");
	for (uint64_t i = 0; i < CS_API_SPANS_MAX + 5; i++) {
		begin(instance, 2 + i, 1, 71 * MS, "one of many");
		end(instance, 2 + i, 72 * MS);
	}
	end(instance, 1, 73 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.spans, CS_API_SPANS_MAX));
	cr_assert(eq(u64, stats_now().api_dropped, 5));
}

/* Spans that nobody ends do not keep out what comes later. */
Test(api, what_is_never_ended_makes_room)
{
	struct cs_assembled *instance = attach_server();
	uint64_t handle = 1, now_ns = 70 * MS;

	for (unsigned i = 0; i < 4000; i++) {
		begin(instance, handle, 0, now_ns, "job");
		begin(instance, handle + 1, handle, now_ns, "forgotten");
		end(instance, handle, now_ns + MS);
		handle += 2;
		now_ns += 2000 * MS;
		cs_assembler_tick(assembler, now_ns);
	}
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.invocations, 4000));
	cr_assert(ne(u64, stats_now().api_dropped, 0));
}

/* --- what is said --- */

static void note(struct cs_assembled *instance, unsigned kind, unsigned count, const void *bytes,
		 size_t len)
{
	struct {
		struct cs_rec_api_note rec;
		unsigned char bytes[512];
	} note = { .rec = { .span = 1,
			    .kind = (uint16_t)kind,
			    .count = (uint16_t)count,
			    .attributes_len = (uint16_t)len } };

	memcpy(note.bytes, bytes, len);
	feed(instance, PID, CS_RECORD_API_NOTE, 71 * MS, &note, sizeof(note.rec) + len, NULL);
}

Test(api, attributes_that_lie_of_their_length_are_refused)
{
	/* type, reserved, key_len, value_len; key; value */
	static const unsigned char good[] = { 1, 0, 1, 0, 2, 0, 'k', 'v', 'v' };
	static const unsigned char lies[][9] = {
		{ 1, 0, 1, 0, 3, 0, 'k', 'v', 'v' },       /* a value beyond the record */
		{ 1, 0, 0xff, 0xff, 2, 0, 'k', 'v', 'v' }, /* a key, idem */
		{ 1, 0, 0, 0, 2, 0, 'v', 'v', 0 },         /* no key */
		{ 2, 0, 1, 0, 2, 0, 'k', 'v', 'v' },       /* an integer of two bytes */
	};
	struct cs_assembled *instance = attach_server();

	begin(instance, 1, 0, 70 * MS, "job");
	note(instance, CS_API_NOTE_ATTRIBUTES, 1, good, sizeof(good));
	cr_assert(eq(u64, stats_now().unknown_records, 0));
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++)
		note(instance, CS_API_NOTE_ATTRIBUTES, 1, lies[i], sizeof(lies[i]));
	note(instance, CS_API_NOTE_ATTRIBUTES, 2, good, sizeof(good)); /* there is no second */
	note(instance, 77, 1, good, sizeof(good));
	cr_assert(eq(u64, stats_now().unknown_records, 6));
	end(instance, 1, 73 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.invocations, 1));
}

Test(api, the_last_status_counts)
{
	struct cs_assembled *instance = attach_server();

	begin(instance, 1, 0, 70 * MS, "job");
	begin(instance, 2, 1, 70 * MS, "part");
	status(instance, 2, COLDSPAN_STATUS_ERROR, 71 * MS);
	status(instance, 2, COLDSPAN_STATUS_OK, 72 * MS);
	status(instance, 2, 3, 72 * MS);
	end(instance, 2, 73 * MS);
	end(instance, 1, 73 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, (unsigned)seen.span[0].said.status, CS_STATUS_OK));
	cr_assert(eq(u64, stats_now().unknown_records, 1));
}
