/* SPDX-License-Identifier: Apache-2.0 */

/* Handing trace contexts on; see propagate.h. */
#include "preload/propagate.h"

#include <time.h>

#include "preload/shim.h"
#include "preload/text.h"
#include "preload/traceparent.h"

struct cs_propagate cs_propagate;

void cs_propagate_variable(const char *variable)
{
	static const char name[] = "COLDSPAN_PROPAGATE=";

	if (cs_text_starts(variable, name) && cs_text_lists(variable + sizeof(name) - 1, "inbound"))
		cs_propagate.what |= CS_PROPAGATE_INBOUND;
}

void cs_propagate_start(const struct cs_start *start)
{
	if (!start->random)
		cs_propagate.what = 0;
	else
		__builtin_memcpy(cs_propagate.key, start->random, sizeof(cs_propagate.key));
}

/*
 * Never the same twice: not in a fork child, which has the key too; not in a copy of a whole machine,
 * whose clock of the day goes on where it is woken.
 */
static uint64_t make_span_id(uint64_t connection, uint32_t sequence)
{
	struct timespec day = { 0 };
	uint64_t what[4], id;

	cs_shim.clock(CLOCK_REALTIME, &day);
	what[0] = connection;
	what[1] = (uint64_t)cs_pid() << 32 | sequence;
	what[2] = cs_now();
	what[3] = (uint64_t)day.tv_sec * 1000000000u + (uint64_t)day.tv_nsec;
	id = cs_siphash(cs_propagate.key, what, sizeof(what));
	return id ? id : 1; /* all-zero ids are invalid (W3C Trace Context section 3.2.2) */
}

static void to_hex(uint64_t id, char ret[16])
{
	static const char digits[] = "0123456789abcdef";

	for (int i = 15; i >= 0; i--, id >>= 4)
		ret[i] = digits[id & 15];
}

bool cs_propagate_inbound(unsigned char *head, size_t len, uint64_t connection, uint32_t sequence,
			  char *line)
{
	const size_t before = sizeof(CS_PROPAGATE_LINE) - 1;
	unsigned char *parent = cs_traceparent_find_parent(head, len);

	if (!parent)
		return false;
	__builtin_memcpy(line, CS_PROPAGATE_LINE, before);
	to_hex(make_span_id(connection, sequence), line + before);
	__builtin_memcpy(parent, line + before, 16);
	line[before + 16] = '\n';
	return true;
}
