/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of preload/wire/names: what the tables say appears in telemetry. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "preload/wire/facts.h"
#include "preload/wire/marks.h"
#include "preload/wire/records.h"

typedef const char *(*name_fn)(unsigned);

/* Lower case, digits, "_" and ".": usable as attribute values and metric names; each only once. */
static void check_name(name_fn name, unsigned i)
{
	const char *text = name(i);

	cr_assert(ne(int, strcmp(text, "unknown"), 0), "number %u has no name", i);
	for (const char *c = text; *c; c++)
		cr_assert(ne(ptr, strchr("abcdefghijklmnopqrstuvwxyz0123456789_.", *c), NULL), "%s",
			  text);
	for (unsigned k = 0; k < i; k++)
		cr_assert(ne(int, strcmp(text, name(k)), 0), "%s comes twice", text);
}

static void check_names(name_fn name, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		check_name(name, i);
	cr_assert(eq(int, strcmp(name(count), "unknown"), 0));
	cr_assert(eq(int, strcmp(name(UINT32_MAX), "unknown"), 0));
}

Test(names, every_entry_of_every_table_has_its_own)
{
	check_names(cs_mark_name, CS_MARK_COUNT);
	check_names(cs_phase_name, CS_PHASE_COUNT);
	check_names(cs_fact_name, CS_FACT_COUNT);
	check_names(cs_stand_down_name, CS_STAND_DOWN_COUNT);
#define X(id, number, type, priority, meaning) check_name(cs_record_name, number);
	CS_RECORDS(X)
#undef X
	cr_assert(eq(int, strcmp(cs_record_name(CS_RECORD_NONE), "unknown"), 0));
	cr_assert(eq(int, strcmp(cs_record_name(31), "unknown"), 0));
	cr_assert(eq(int, strcmp(cs_record_name(UINT32_MAX), "unknown"), 0));
}

/* What dashboards, budgets and the first release rely on: never renamed, never reordered. */
Test(names, of_phases_marks_and_records_stay)
{
	static const char *const phases[] = { "queue",   "spawn",   "exec",   "link",
					      "runtime", "fetch",   "code",   "restore",
					      "wait",    "handler", "respond" };
	static const char *const records[] = { "unknown",        "process",      "spawn",
					       "exec",           "wait",         "kill",
					       "file",           "listen",       "request",
					       "response",       "response_end", "invocation",
					       "invocation_end", "ready" };
	static const char *const marks[] = {
		"attach",       "libc_start",   "main",    "user_code", "listen",
		"accept_wait",  "stdin_read",   "request", "response",  "response_end",
		"stdout_write", "main_return",  "fetch",   "sandbox",   "restore",
		"next",         "restore_next", "loaded",  "extension"
	};

	for (unsigned i = 0; i < sizeof(phases) / sizeof(phases[0]); i++)
		cr_assert(eq(int, strcmp(cs_phase_name(i), phases[i]), 0), "%s", phases[i]);
	for (unsigned i = 0; i < sizeof(records) / sizeof(records[0]); i++)
		cr_assert(eq(int, strcmp(cs_record_name(i), records[i]), 0), "%s", records[i]);
	for (unsigned i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		cr_assert(eq(int, strcmp(cs_mark_name(i), marks[i]), 0), "%s", marks[i]);
}
