/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of the assembler: OpenWhisk's runtimes that are asked over HTTP. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <signal.h>
#include <string.h>

#include "collector/assembler/assembled.h"
#include "collector/protocols/openwhisk.h"
#include "tests/support/assembling.h"

TestSuite(openwhisk, .init = assembling_start, .fini = assembling_stop);

/* A server that waits from 61 ms on and is brought its code at 64 ms. */
static struct cs_header runtime_of(uint64_t loaded_ns)
{
	struct cs_header header = server_of(100, "runtime");

	header.marks[CS_MARK_FETCH] = 64 * MS;
	header.marks[CS_MARK_LOADED] = loaded_ns;
	return header;
}

static void feed_failed(struct cs_assembled *instance, uint64_t time_ns)
{
	const struct cs_rec_invocation_end rec = { .source = CS_INVOCATION_HTTP,
						   .outcome = CS_INVOCATION_INIT_ERROR,
						   .status = 502 };

	feed(instance, 100, CS_RECORD_INVOCATION_END, time_ns, &rec, sizeof(rec), NULL);
}

/* What stands in the body of the first request on a connection. */
static void feed_body(struct cs_assembled *instance, uint64_t connection, unsigned flags,
		      const char *lines)
{
	struct {
		struct cs_rec_event rec;
		char text[256];
	} record = { .rec = { .messages = 1,
			      .source = CS_INVOCATION_HTTP,
			      .service = CS_EVENT_OPENWHISK,
			      .flags = (uint16_t)flags,
			      .id_len = CS_EVENT_OF_BYTES } };
	const struct cs_event_of of = { .connection = connection };
	size_t len = strlen(lines);

	record.rec.text_len = (uint16_t)(CS_EVENT_OF_BYTES + len);
	memcpy(record.text, &of, CS_EVENT_OF_BYTES);
	memcpy(record.text + CS_EVENT_OF_BYTES, lines, len);
	feed(instance, 100, CS_RECORD_EVENT, 71 * MS, &record,
	     sizeof(record.rec) + record.rec.text_len, NULL);
}

Test(openwhisk, it_waits_for_its_code_then_loads_it_then_waits_for_an_event)
{
	struct cs_header header = runtime_of(68 * MS);
	struct cs_assembled *instance = cs_assembler_attach(assembler, 1, &header, 100);

	feed_request(instance, 100, 5, 70 * MS, "");
	feed_end(instance, 100, 5, 80 * MS);
	cs_assembler_look(instance, &header);
	cs_assembler_flush(assembler);
	cr_assert(eq(u64, phase_of(CS_PHASE_RUNTIME)->end_ns, 61 * MS));
	cr_assert(eq(u64, phase_of(CS_PHASE_FETCH)->end_ns, 64 * MS));
	cr_assert(eq(u64, phase_of(CS_PHASE_CODE)->end_ns, 68 * MS));
	cr_assert(eq(u64, phase_of(CS_PHASE_WAIT)->end_ns, 70 * MS));
	cr_assert(seen.cold.ready);
	cr_assert(eq(u32, seen.cold.load_status, 0));
}

Test(openwhisk, who_is_brought_no_code_has_no_such_phase)
{
	struct cs_assembled *instance = attach_server();

	feed_request(instance, 100, 5, 70 * MS, "");
	feed_end(instance, 100, 5, 80 * MS);
	cs_assembler_flush(assembler);
	cr_assert(not(phase_of(CS_PHASE_FETCH) != NULL));
	cr_assert(eq(u64, phase_of(CS_PHASE_WAIT)->start_ns, 61 * MS));
}

Test(openwhisk, code_that_does_not_load_ends_the_start_there)
{
	struct cs_header header = runtime_of(0);
	struct cs_assembled *instance = cs_assembler_attach(assembler, 1, &header, 100);

	cs_assembler_look(instance, &header);
	feed_failed(instance, 66 * MS);
	end_process(instance, 100, SIGKILL, 90 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.cold_starts, 1));
	cr_assert(eq(u32, seen.cold.load_status, 502));
	cr_assert(not(seen.cold.ready || seen.cold.unused));
	cr_assert(eq(u32, seen.cold.outcome.cause, CS_CAUSE_NONE));
	cr_assert(eq(u64, seen.cold.end_ns, 66 * MS));
	cr_assert(eq(str, (char *)(uintptr_t)phase_of(CS_PHASE_CODE)->approximate,
		     (char *)"the code that came was refused"));
	cr_assert(eq(u64, stats_now().unknown_records, 0));
}

Test(openwhisk, a_failure_before_code_that_loaded_is_none)
{
	struct cs_header header = runtime_of(68 * MS);
	struct cs_assembled *instance = cs_assembler_attach(assembler, 1, &header, 100);

	cs_assembler_look(instance, &header);
	feed_failed(instance, 66 * MS);
	end_process(instance, 100, 0, 90 * MS);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.cold.load_status, 0));
	cr_assert(seen.cold.ready && seen.cold.unused);
	cr_assert(eq(u64, phase_of(CS_PHASE_CODE)->end_ns, 68 * MS));
}

Test(openwhisk, one_that_ends_while_it_loads_was_not_ready)
{
	struct cs_header header = runtime_of(0);
	struct cs_assembled *instance = cs_assembler_attach(assembler, 1, &header, 100);

	cs_assembler_look(instance, &header);
	end_process(instance, 100, SIGKILL, 90 * MS);
	cs_assembler_flush(assembler);
	cr_assert(not(seen.cold.ready || seen.cold.unused));
	cr_assert(eq(u32, seen.cold.outcome.cause, CS_CAUSE_SIGNAL));
	cr_assert(eq(u64, phase_of(CS_PHASE_CODE)->start_ns, 64 * MS));
	cr_assert(eq(u64, phase_of(CS_PHASE_CODE)->end_ns, 90 * MS));
}

Test(openwhisk, an_event_in_a_body_names_the_action_and_its_caller)
{
	struct cs_header header = runtime_of(68 * MS);
	struct cs_assembled *instance;

	put_identity(&header, "env.__OW_API_HOST=x");
	instance = cs_assembler_attach(assembler, 1, &header, 100);
	feed_request(instance, 100, 5, 70 * MS, "");
	feed_body(instance, 5, CS_EVENT_WEB | CS_EVENT_CUT,
		  "activation_id: a\naction_name: /guest/x\ntraceparent: " TRACEPARENT "\n");
	feed_body(instance, 5, 0, "activation_id: b\n"); /* there is but one */
	feed_end(instance, 100, 5, 80 * MS);
	cs_assembler_look(instance, &header);
	cs_assembler_flush(assembler);
	cr_assert(eq(u32, seen.invocations, 1));
	cr_assert(eq(u32, seen.invocation[0].protocol, CS_PROTOCOL_HTTP));
	cr_assert(eq(u32, seen.invocation[0].cut, CS_REQUEST_HEADERS_CUT));
	cr_assert(eq(u32, seen.invocation[0].context.parent_span_id.bytes[0], 0xb7));
}

Test(openwhisk, of_what_is_said_twice_the_first_counts)
{
	static const char lines[] = "action_name: /g/a\naction_name: /g/b\n";
	struct cs_whisk_event *event = cs_openwhisk_event_new(lines, sizeof(lines) - 1);

	cr_assert(ne(ptr, event, NULL));
	cr_assert(eq(str, event->action, (char *)"/g/a"));
	cs_openwhisk_event_free(event);
}

/* Who wrote the record may have written anything. */
Test(openwhisk, a_name_of_nothing_is_none)
{
	static const char lines[] = "action_name: \0\nnamespace: g\n";
	struct cs_whisk_event *event = cs_openwhisk_event_new(lines, sizeof(lines) - 1);

	cr_assert(ne(ptr, event, NULL));
	cr_assert(eq(ptr, event->action, NULL));
	cr_assert(eq(str, event->space, (char *)"g"));
	cs_openwhisk_event_free(event);
}
