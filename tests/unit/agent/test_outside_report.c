/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of agent/outside_report: which processes are shown, and what is said of them. */
#include "agent/outside_report.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>

#include "collector/sideband/outside.h"

#define MS  1000000ull
#define NOW (100 * MS)

static const struct cs_terminal plain = { .columns = 200 };
static const struct cs_outside_moment moment = { .monotonic_ns = NOW, .realtime_ns = 1000 * MS };
static struct cs_outside *outside;
static struct cs_buffer text;

static void set_up(void)
{
	outside = cs_outside_new(1);
	cr_assert(outside != NULL);
}

static void tear_down(void)
{
	cs_buffer_deinit(&text);
	outside = cs_outside_free(outside);
}

TestSuite(outside_report, .init = set_up, .fini = tear_down);

static void tell(enum cs_perf_kind kind, int32_t pid, uint64_t time_ns, const char *name)
{
	struct cs_perf_record record = {
		.kind = kind, .pid = pid, .tid = pid, .ppid = 1, .time_ns = time_ns
	};

	snprintf(record.name, sizeof(record.name), "%s", name);
	cs_outside_record(outside, &record);
}

/* It is spawned at @time_ns, executes a program 1 ms later, and maps a library 2 ms after that. */
static void start_at(int32_t pid, uint64_t time_ns, const char *name)
{
	tell(CS_PERF_FORK, pid, time_ns, "");
	tell(CS_PERF_EXEC, pid, time_ns + MS, name);
	tell(CS_PERF_MAP, pid, time_ns + MS, "/bin/program");
	tell(CS_PERF_MAP, pid, time_ns + 3 * MS, "/lib/library.so");
}

static bool draw(void)
{
	return cs_outside_draw(outside, NOW, &plain, &text);
}

static bool shows(const char *words)
{
	return strstr(text.data, words) != NULL;
}

Test(outside_report, nothing_is_drawn_of_what_a_shim_is_in)
{
	start_at(100, 10 * MS, "watched");
	cs_outside_attached(outside, 100);
	tell(CS_PERF_FORK, 101, 20 * MS, ""); /* a child that executed nothing */
	cr_assert(not(draw()));
	cr_assert(eq(sz, text.len, 0));
}

Test(outside_report, a_program_without_a_shim_has_its_times)
{
	start_at(100, 10 * MS, "static");
	tell(CS_PERF_EXIT, 100, 30 * MS, "");
	cr_assert(draw());
	cr_assert(shows("seen from outside only  1 process without a shim\n"));
	cr_assert(shows("static"));
	cr_assert(shows(
		"pid 100 static: exec at 1.000 ms, 1 file mapped until 3.000 ms, exit at 20.000 ms"));
	cr_assert(not(shows("~")));
}

Test(outside_report, what_was_not_seen_of_it_is_said)
{
	start_at(100, 10 * MS, "living");
	start_at(101, 20 * MS, "holes");
	tell(CS_PERF_FORK, 102, 60 * MS, "");
	tell(CS_PERF_EXEC, 102, 61 * MS, "su");
	cs_outside_lost(outside, 3, 25 * MS, 50 * MS);
	tell(CS_PERF_EXIT, 102, 61 * MS, "");
	cr_assert(draw());
	cr_assert(shows("~90.0")); /* to the end of the run */
	cr_assert(shows("exit not seen; records of the kernel were lost"));
	cr_assert(shows("pid 102 su: exec at 51.000 ms, exit not seen; the kernel does not tell"));
}

Test(outside_report, a_long_list_is_cut)
{
	for (int32_t pid = 100; pid < 112; pid++)
		start_at(pid, 10 * MS, "static");
	cr_assert(draw());
	cr_assert(shows("12 processes without a shim"));
	cr_assert(shows("pid 107 "));
	cr_assert(not(shows("pid 108 ")));
	cr_assert(shows("and 4 more: --json has them all"));
}

/* Functions, since Criterion takes jansson's macros for its own. */
static bool is(const json_t *object, const char *key, json_type type)
{
	return json_typeof(json_object_get(object, key)) == type;
}

static json_int_t number_of(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	return json_is_null(value) ? -1 : json_integer_value(value);
}

Test(outside_report, programs_get_all_processes_by_the_time_of_day)
{
	json_t *document;
	const json_t *processes, *first, *second;

	start_at(100, 10 * MS, "watched");
	cs_outside_attached(outside, 100);
	tell(CS_PERF_FORK, 101, 20 * MS, "");
	tell(CS_PERF_EXIT, 101, 30 * MS, "");
	document = cs_outside_json(outside, "unused", &moment);
	cr_assert(is(document, "followed", JSON_TRUE));
	cr_assert(is(document, "reason", JSON_NULL));
	processes = json_object_get(document, "processes");
	cr_assert(eq(sz, json_array_size(processes), 2));
	first = json_array_get(processes, 0);
	second = json_array_get(processes, 1);
	cr_assert(is(first, "watched", JSON_TRUE));
	cr_assert(eq(i64, number_of(first, "spawn_unix_ns"), (json_int_t)(910 * MS)));
	cr_assert(eq(i64, number_of(first, "exec_unix_ns"), (json_int_t)(911 * MS)));
	cr_assert(eq(i64, number_of(first, "exit_unix_ns"), -1));
	cr_assert(eq(i64, number_of(second, "exec_unix_ns"), -1));
	cr_assert(eq(i64, number_of(second, "exit_unix_ns"), (json_int_t)(930 * MS)));
	json_decref(document);
}

Test(outside_report, losses_of_both_kinds_are_one_count)
{
	json_t *document;

	cs_outside_lost(outside, 3, 0, MS);
	cs_outside_malformed(outside);
	document = cs_outside_json(outside, NULL, &moment);
	cr_assert(eq(i64, number_of(document, "lost"), 4));
	json_decref(document);
}

Test(outside_report, a_kernel_that_refuses_is_a_reason_and_no_process)
{
	json_t *document = cs_outside_json(NULL, "it refuses", &moment);

	cr_assert(is(document, "followed", JSON_FALSE));
	cr_assert(eq(str, (char *)json_string_value(json_object_get(document, "reason")),
		     (char *)"it refuses"));
	cr_assert(eq(sz, json_array_size(json_object_get(document, "processes")), 0));
	json_decref(document);
}
