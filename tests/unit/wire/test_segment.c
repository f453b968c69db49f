/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of preload/wire/segment and the layout of abi.h. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>
#include <errno.h>
#include <string.h>

#include "preload/wire/segment.h"

/* Moving any of these is a new CS_WIRE_VERSION. */
#define AT(type, field, offset)                                                                    \
	_Static_assert(offsetof(struct type, field) == (offset), #type "." #field)
AT(cs_header, magic, 0);
AT(cs_header, version, 8);
AT(cs_header, slots, 12);
AT(cs_header, segment_bytes, 16);
AT(cs_header, slots_offset, 24);
AT(cs_header, flags, 32);
AT(cs_header, identity_len, 36);
AT(cs_header, lanes, 40);
AT(cs_header, reserved0, 44);
AT(cs_header, head, 64);
AT(cs_header, spread, 72);
AT(cs_header, reserved1, 80);
AT(cs_header, release, 128);
AT(cs_header, quarantine, 136);
AT(cs_header, trim, 184);
AT(cs_header, pid, 192);
AT(cs_header, ppid, 196);
AT(cs_header, uid, 200);
AT(cs_header, gid, 204);
AT(cs_header, attach_monotonic_ns, 208);
AT(cs_header, attach_realtime_ns, 216);
AT(cs_header, attach_boottime_ns, 224);
AT(cs_header, attach_cpu_ns, 232);
AT(cs_header, attach_thread, 240);
AT(cs_header, reserved3, 248);
AT(cs_header, marks, 256);
AT(cs_header, dropped, 512);
AT(cs_header, facts, 640);
AT(cs_header, stand_down, 896);
AT(cs_header, dropped_more, 904);
AT(cs_header, identity, 1024);
_Static_assert(sizeof(struct cs_header) == 3072, "cs_header");
AT(cs_hello, magic, 0);
AT(cs_hello, version, 8);
AT(cs_hello, hello_bytes, 12);
AT(cs_hello, segment_bytes, 16);
AT(cs_hello, pid, 24);
AT(cs_hello, reserved0, 28);
AT(cs_hello, attach_monotonic_ns, 32);
AT(cs_hello, reserved, 40);
_Static_assert(sizeof(struct cs_hello) == 64, "cs_hello");
_Static_assert(CS_MARK_COUNT <= CS_MARKS_MAX && CS_FACT_COUNT <= CS_FACTS_MAX, "tables fit");
_Static_assert(CS_STAND_DOWN_COUNT <= 64, "a bit each");

static struct cs_header formatted(uint32_t slots)
{
	struct cs_header header;

	memset(&header, 0, sizeof(header));
	cs_segment_format(&header, slots, 1);
	return header;
}

Test(segment, what_is_formatted_passes_the_check_for_every_size)
{
	for (uint32_t slots = CS_SLOTS_MIN; slots <= CS_SLOTS_MAX; slots *= 2) {
		for (uint32_t lanes = 1; lanes <= CS_LANES; lanes *= 2) {
			struct cs_header header = formatted(slots);
			uint32_t checked_slots = 0, checked_lanes = 0;

			cs_segment_format(&header, slots, lanes);
			cr_assert(eq(int,
				     cs_segment_check(&header, cs_segment_bytes(slots, lanes),
						      &checked_slots, &checked_lanes),
				     0));
			cr_assert(eq(u32, checked_slots, slots));
			cr_assert(eq(u32, checked_lanes, lanes));
		}
	}
}

Test(segment, tables_do_not_overlap_and_slots_begin_on_a_page)
{
	for (uint32_t slots = CS_SLOTS_MIN; slots <= CS_SLOTS_MAX; slots *= 2) {
		uint64_t offset = cs_segment_slots_offset(slots);
		uint64_t commit_end = CS_COMMIT_OFFSET + slots * 8ull;

		cr_assert(eq(u64, offset % CS_PAGE_BYTES, 0));
		cr_assert(le(u64, commit_end, offset));
		cr_assert(lt(u64, offset, commit_end + CS_PAGE_BYTES));
		cr_assert(eq(u64, cs_segment_bytes(slots, 1), offset + slots * 64ull));
		cr_assert(eq(u64, cs_segment_bytes(slots, 4), 4 * (offset + slots * 64ull)));
		cr_assert(eq(u64, cs_segment_lane_bytes(slots) % CS_PAGE_BYTES, 0));
	}
	cr_assert(eq(u64, cs_segment_bytes(CS_SLOTS_DEFAULT, 1), 1048576 + 135168));
}

enum field {
	NONE,
	MAGIC,
	VERSION,
	SLOTS,
	LANES,
	HEADER_BYTES,
	SLOTS_OFFSET,
	SEALED_BYTES
};

/* One field of a good segment of 64 slots (8,192 bytes, slots at 4,096) is set to another value. */
struct wrong {
	enum field field;
	uint64_t value;
	int expected;
};

ParameterizedTestParameters(segment, what_does_not_fit_is_refused)
{
	static struct wrong cases[] = {
		{ NONE, 0, 0 },
		{ MAGIC, 0, -EPROTO },
		{ MAGIC, CS_WIRE_MAGIC ^ 1, -EPROTO },
		{ VERSION, 0, -EPROTONOSUPPORT },
		{ VERSION, CS_WIRE_VERSION + 1, -EPROTONOSUPPORT },
		{ VERSION, 0x01000000, -EPROTONOSUPPORT },
		{ SLOTS, 0, -EINVAL },
		{ SLOTS, 1, -EINVAL },
		{ SLOTS, 32, -EINVAL },
		{ SLOTS, 63, -EINVAL },
		{ SLOTS, 65, -EINVAL },
		{ SLOTS, 96, -EINVAL },
		{ SLOTS, 128, -EINVAL }, /* valid, but not of this size */
		{ SLOTS, CS_SLOTS_MAX * 2, -EINVAL },
		{ SLOTS, 0x80000000u, -EINVAL },
		{ SLOTS, UINT32_MAX, -EINVAL },
		{ LANES, 0, -EINVAL },
		{ LANES, 2, -EINVAL }, /* idem */
		{ LANES, 3, -EINVAL },
		{ LANES, CS_LANES * 2, -EINVAL },
		{ LANES, UINT32_MAX, -EINVAL },
		{ HEADER_BYTES, 8192ull + 1, -EINVAL },
		{ HEADER_BYTES, 0, -EINVAL },
		{ HEADER_BYTES, UINT64_MAX, -EINVAL },
		{ SLOTS_OFFSET, 0, -EINVAL },
		{ SLOTS_OFFSET, 4096ull + 64, -EINVAL },
		{ SLOTS_OFFSET, UINT64_MAX - 63, -EINVAL },
		{ SEALED_BYTES, 0, -EINVAL },
		{ SEALED_BYTES, 8192ull - 1, -EINVAL },
		{ SEALED_BYTES, 8192ull + 4096, -EINVAL },
		{ SEALED_BYTES, UINT64_MAX, -EINVAL },
	};

	return cr_make_param_array(struct wrong, cases, sizeof(cases) / sizeof(cases[0]));
}

ParameterizedTest(struct wrong *c, segment, what_does_not_fit_is_refused)
{
	struct cs_header header = formatted(64);
	uint64_t sealed_bytes = 8192;
	uint32_t slots = 4711, lanes = 4712;

	switch (c->field) {
	case NONE:
		break;
	case MAGIC:
		header.magic = c->value;
		break;
	case VERSION:
		header.version = (uint32_t)c->value;
		break;
	case SLOTS:
		header.slots = (uint32_t)c->value;
		break;
	case LANES:
		header.lanes = (uint32_t)c->value;
		break;
	case HEADER_BYTES:
		header.segment_bytes = c->value;
		break;
	case SLOTS_OFFSET:
		header.slots_offset = c->value;
		break;
	case SEALED_BYTES:
		sealed_bytes = c->value;
		break;
	}
	cr_assert(eq(int, cs_segment_check(&header, sealed_bytes, &slots, &lanes), c->expected));
	cr_assert(eq(u32, slots, c->expected ? 4711 : 64));
	cr_assert(eq(u32, lanes, c->expected ? 4712 : 1));
}

Test(segment, the_first_to_reach_a_mark_wins)
{
	struct cs_header header = formatted(64);

	cr_assert(eq(u64, cs_segment_marked(&header, CS_MARK_MAIN), 0));
	cr_assert(cs_segment_mark(&header, CS_MARK_MAIN, 17));
	cr_assert(not(cs_segment_mark(&header, CS_MARK_MAIN, 4)));
	cr_assert(eq(u64, cs_segment_marked(&header, CS_MARK_MAIN), 17));
	cr_assert(eq(u64, cs_segment_marked(&header, CS_MARK_MAIN + 1), 0));
	cr_assert(eq(u64, header.marks[CS_MARK_MAIN], 17));
}

Test(segment, facts_add_up)
{
	struct cs_header header = formatted(64);

	cs_segment_count(&header, CS_FACT_SPAWNS, 1);
	cs_segment_count(&header, CS_FACT_SPAWNS, 2);
	cr_assert(eq(u64, header.facts[CS_FACT_SPAWNS], 3));
	cr_assert(eq(u64, header.facts[CS_FACT_SPAWNS + 1], 0));
}
