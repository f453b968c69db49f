/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of preload/wire/records: the layout of each payload, and its way through the ring. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>
#include <string.h>

#include "tests/support/memory_segment.h"

/* Payloads grow at their end only; moving a field is a new record type. */
#define AT(type, field, offset)                                                                    \
	_Static_assert(offsetof(struct type, field) == (offset), #type "." #field)
#define SIZE(type, size) _Static_assert(sizeof(struct type) == (size), #type)
AT(cs_record, type, 0);
AT(cs_record, payload_len, 2);
AT(cs_record, reserved, 4);
AT(cs_record, time_ns, 8);
AT(cs_record, thread, 16);
SIZE(cs_record, 24);
AT(cs_rec_process, ppid, 0);
AT(cs_rec_process, kind, 4);
AT(cs_rec_process, spawn_begin_ns, 8);
SIZE(cs_rec_process, 16);
AT(cs_rec_spawn, child_pid, 0);
AT(cs_rec_spawn, kind, 4);
AT(cs_rec_spawn, end_ns, 8);
SIZE(cs_rec_spawn, 16);
AT(cs_rec_exec, pid, 0);
AT(cs_rec_exec, ppid, 4);
AT(cs_rec_exec, spawn_begin_ns, 8);
AT(cs_rec_exec, kind, 16);
AT(cs_rec_exec, path_len, 20);
AT(cs_rec_exec, flags, 22);
SIZE(cs_rec_exec, 24);
AT(cs_rec_wait, pid, 0);
AT(cs_rec_wait, status, 4);
AT(cs_rec_wait, cpu_ns, 8);
AT(cs_rec_wait, max_rss_bytes, 16);
AT(cs_rec_wait, faults_minor, 24);
AT(cs_rec_wait, faults_major, 28);
AT(cs_rec_wait, switches_voluntary, 32);
AT(cs_rec_wait, switches_involuntary, 36);
SIZE(cs_rec_wait, 40);
AT(cs_rec_kill, pid, 0);
AT(cs_rec_kill, signal, 4);
AT(cs_rec_kill, error, 8);
AT(cs_rec_kill, reserved, 12);
SIZE(cs_rec_kill, 16);
AT(cs_rec_file, file_class, 0);
AT(cs_rec_file, flags, 4);
AT(cs_rec_file, end_ns, 8);
AT(cs_rec_file, path_len, 16);
AT(cs_rec_file, reserved, 18);
SIZE(cs_rec_file, 24);
AT(cs_rec_listen, socket, 0);
AT(cs_rec_listen, family, 8);
AT(cs_rec_listen, port, 10);
AT(cs_rec_listen, reserved, 12);
SIZE(cs_rec_listen, 16);
AT(cs_rec_request, connection, 0);
AT(cs_rec_request, sequence, 8);
AT(cs_rec_request, flags, 12);
AT(cs_rec_request, socket, 16);
AT(cs_rec_request, method_len, 24);
AT(cs_rec_request, target_len, 26);
AT(cs_rec_request, headers_len, 28);
AT(cs_rec_request, version, 30);
AT(cs_rec_request, reserved, 31);
SIZE(cs_rec_request, 32);
AT(cs_rec_response, connection, 0);
AT(cs_rec_response, sequence, 8);
AT(cs_rec_response, status, 12);
AT(cs_rec_response, reserved, 14);
SIZE(cs_rec_response, 16);
AT(cs_rec_response_end, connection, 0);
AT(cs_rec_response_end, sequence, 8);
AT(cs_rec_response_end, status, 12);
AT(cs_rec_response_end, flags, 14);
AT(cs_rec_response_end, request_bytes, 16);
AT(cs_rec_response_end, response_bytes, 24);
SIZE(cs_rec_response_end, 32);
AT(cs_rec_invocation, asked_ns, 0);
AT(cs_rec_invocation, source, 8);
AT(cs_rec_invocation, flags, 10);
AT(cs_rec_invocation, text_len, 12);
AT(cs_rec_invocation, id_offset, 14);
AT(cs_rec_invocation, id_len, 16);
AT(cs_rec_invocation, reserved, 18);
SIZE(cs_rec_invocation, 24);
AT(cs_rec_invocation_end, first_ns, 0);
AT(cs_rec_invocation_end, bytes, 8);
AT(cs_rec_invocation_end, source, 16);
AT(cs_rec_invocation_end, outcome, 18);
AT(cs_rec_invocation_end, flags, 20);
AT(cs_rec_invocation_end, status, 22);
AT(cs_rec_invocation_end, text_len, 24);
AT(cs_rec_invocation_end, id_offset, 26);
AT(cs_rec_invocation_end, id_len, 28);
AT(cs_rec_invocation_end, headers_offset, 30);
SIZE(cs_rec_invocation_end, 32);
AT(cs_rec_ready, mark, 0);
AT(cs_rec_ready, reserved, 4);
SIZE(cs_rec_ready, 8);
AT(cs_rec_event, messages, 0);
AT(cs_rec_event, source, 4);
AT(cs_rec_event, service, 6);
AT(cs_rec_event, flags, 8);
AT(cs_rec_event, id_len, 10);
AT(cs_rec_event, text_len, 12);
SIZE(cs_rec_event, 16);
AT(cs_event_of, connection, 0);
AT(cs_event_of, sequence, 8);
_Static_assert(CS_EVENT_OF_BYTES == 12, "as it stands in records");
AT(cs_rec_aside, connection, 0);
AT(cs_rec_aside, sequence, 8);
AT(cs_rec_aside, flags, 12);
SIZE(cs_rec_aside, 16);
AT(cs_rec_log, stream, 0);
AT(cs_rec_log, flags, 1);
AT(cs_rec_log, text_len, 2);
AT(cs_rec_log, lost, 4);
SIZE(cs_rec_log, 8);

/* Numbers are for ever. */
_Static_assert(CS_RECORD_PROCESS == 1 && CS_RECORD_SPAWN == 2 && CS_RECORD_EXEC == 3 &&
		       CS_RECORD_WAIT == 4 && CS_RECORD_KILL == 5 && CS_RECORD_FILE == 6 &&
		       CS_RECORD_LISTEN == 7 && CS_RECORD_REQUEST == 8 && CS_RECORD_RESPONSE == 9 &&
		       CS_RECORD_RESPONSE_END == 10 && CS_RECORD_INVOCATION == 11 &&
		       CS_RECORD_INVOCATION_END == 12 && CS_RECORD_READY == 13 &&
		       CS_RECORD_LOG == 18 && CS_RECORD_EVENT == 24 && CS_RECORD_ASIDE == 30,
	       "record numbers");

struct kind {
	unsigned type;
	unsigned fixed;
	enum cs_priority priority;
};

ParameterizedTestParameters(records, each_type_comes_back_as_it_was_written)
{
	static struct kind kinds[] = {
#define X(id, number, type, priority, meaning)                                                     \
	{ number, sizeof(struct type), CS_PRIORITY_##priority },
		CS_RECORDS(X)
#undef X
	};

	return cr_make_param_array(struct kind, kinds, sizeof(kinds) / sizeof(kinds[0]));
}

/* With nothing, little, a slot's worth and as much text behind the fixed part as fits. */
ParameterizedTest(struct kind *kind, records, each_type_comes_back_as_it_was_written)
{
	const unsigned texts[] = { 0, 1, 7, 64 - 24, 300, CS_RECORD_PAYLOAD_MAX - kind->fixed };
	struct memory_segment segment;
	struct cs_ring ring;
	struct cs_reader reader;
	static struct cs_entry entry;

	cr_assert(eq(u32, cs_record_payload_min(kind->type), kind->fixed));
	memory_segment_init(&segment, 256);
	cs_ring_init(&ring, segment.bytes, 0);
	cs_reader_init(&reader, segment.header, 256, &segment.io);
	for (unsigned i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		unsigned len = kind->fixed + texts[i];
		unsigned char payload[CS_RECORD_PAYLOAD_MAX];
		struct cs_claim claim;

		for (unsigned b = 0; b < len; b++)
			payload[b] = (unsigned char)(kind->type * 31 + i * 7 + b);
		cr_assert(eq(int,
			     cs_ring_reserve(&ring, 4711, kind->type, len, kind->priority, &claim),
			     0));
		claim.record->time_ns = 1000 + i;
		claim.record->thread = 0x7fff00000000ull + i;
		memcpy(claim.record + 1, payload, len);
		cs_ring_commit(&claim);

		cr_assert(eq(int, cs_reader_next(&reader, &entry), CS_READ_RECORD));
		cr_assert(eq(u32, entry.record.type, kind->type));
		cr_assert(eq(u32, entry.record.payload_len, len));
		cr_assert(eq(u32, entry.record.reserved, 0));
		cr_assert(eq(u64, entry.record.time_ns, 1000 + i));
		cr_assert(eq(u64, entry.record.thread, 0x7fff00000000ull + i));
		cr_assert(eq(u32, entry.pid, 4711));
		cr_assert(eq(int, memcmp(entry.bytes + sizeof(entry.record), payload, len), 0));
		cr_assert(eq(int, cs_reader_next(&reader, &entry), CS_READ_EMPTY));
		cs_reader_release(&reader);
	}
}

Test(records, an_unknown_type_has_no_name_and_no_size)
{
	cr_assert(eq(u32, cs_record_payload_min(CS_RECORD_NONE), 0));
	cr_assert(eq(u32, cs_record_payload_min(31), 0));
	cr_assert(eq(u32, cs_record_payload_min(UINT32_MAX), 0));
	cr_assert(eq(int, strcmp(cs_record_name(UINT32_MAX), "unknown"), 0));
}
