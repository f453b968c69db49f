/* SPDX-License-Identifier: Apache-2.0 */

/* Names out of the tables of marks.h, facts.h and records.h. */
#include "preload/wire/facts.h"
#include "preload/wire/marks.h"
#include "preload/wire/records.h"

static const char *pick(const char *const *names, unsigned count, unsigned i)
{
	return i < count && names[i] ? names[i] : "unknown";
}

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

const char *cs_mark_name(unsigned mark)
{
#define X(id, name, meaning) name,
	static const char *const names[] = { CS_MARKS(X) };
#undef X
	return pick(names, COUNT(names), mark);
}

const char *cs_phase_name(unsigned phase)
{
#define X(id, name, meaning) name,
	static const char *const names[] = { CS_PHASES(X) };
#undef X
	return pick(names, COUNT(names), phase);
}

const char *cs_fact_name(unsigned fact)
{
#define X(id, name, meaning) name,
	static const char *const names[] = { CS_FACTS(X) };
#undef X
	return pick(names, COUNT(names), fact);
}

const char *cs_stand_down_name(unsigned reason)
{
#define X(id, name, meaning) name,
	static const char *const names[] = { CS_STAND_DOWNS(X) };
#undef X
	return pick(names, COUNT(names), reason);
}

const char *cs_stand_down_meaning(unsigned reason)
{
#define X(id, name, meaning) meaning,
	static const char *const meanings[] = { CS_STAND_DOWNS(X) };
#undef X
	return pick(meanings, COUNT(meanings), reason);
}

const char *cs_record_name(unsigned type)
{
	switch (type) {
#define X(id, number, type, priority, meaning)                                                     \
	case number:                                                                               \
		return &#type[sizeof("cs_rec_") - 1];
		CS_RECORDS(X)
#undef X
	}
	return "unknown";
}

unsigned cs_record_payload_min(unsigned type)
{
	switch (type) {
#define X(id, number, type, priority, meaning)                                                     \
	case number:                                                                               \
		return sizeof(struct type);
		CS_RECORDS(X)
#undef X
	}
	return 0;
}
