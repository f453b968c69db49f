/* SPDX-License-Identifier: Apache-2.0 */

/* Processes seen from outside, as JSON and as text; see outside_report.h. */
#include "agent/outside_report.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "agent/recording/waterfall.h"
#include "collector/sideband/outside.h"
#include "preload/wire/clock.h"

#define ROWS_MAX   8u
#define LINE_BYTES 256u
#define GAPS       "records of the kernel were lost while it lived"
#define LEFT       "the kernel does not tell of a program that its user may not look at"

static const char *why_inexact(const struct cs_outside_process *process)
{
	return process->gaps ? GAPS : process->left ? LEFT : NULL;
}

/* --- JSON --- */

static json_t *wall(uint64_t stamp_ns, const struct cs_outside_moment *now)
{
	uint64_t wall_ns = cs_clock_to_realtime(stamp_ns, now->monotonic_ns, now->realtime_ns);

	return stamp_ns ? json_integer((json_int_t)wall_ns) : json_null();
}

static json_t *text_or_null(const char *text)
{
	return text && *text ? json_string(text) : json_null();
}

static json_t *process_json(const struct cs_outside_process *process,
			    const struct cs_outside_moment *now)
{
	uint64_t before_ns;
	uint64_t exec_ns = cs_outside_exec_before(process, UINT64_MAX, &before_ns);

	return json_pack(
		"{s:i, s:o, s:o, s:o, s:b, s:o, s:o, s:i, s:{s:i, s:o, s:o}, s:o, s:o}", "pid",
		(int)process->pid, "ppid",
		process->ppid ? json_integer(process->ppid) : json_null(), "program",
		text_or_null(process->name), "executable", text_or_null(process->file), "watched",
		(int)process->watched, "spawn_unix_ns", wall(process->fork_ns, now), "exec_unix_ns",
		wall(exec_ns, now), "execs", (int)process->execs_count, "mapped", "files",
		(int)process->mapped, "first_unix_ns", wall(process->mapped_first_ns, now),
		"last_unix_ns", wall(process->mapped_last_ns, now), "exit_unix_ns",
		wall(process->exit_ns, now), "approximate", text_or_null(why_inexact(process)));
}

json_t *cs_outside_json(const struct cs_outside *outside, const char *reason,
			const struct cs_outside_moment *now)
{
	static const struct cs_outside_stats none;
	const struct cs_outside_stats *stats = outside ? cs_outside_get_stats(outside) : &none;
	uint64_t lost = stats->lost + stats->malformed;
	const struct cs_outside_process *process;
	json_t *processes = json_array();

	if (outside) {
		TAILQ_FOREACH(process, cs_outside_list(outside), of_table)
			json_array_append_new(processes, process_json(process, now));
	}
	return json_pack("{s:b, s:o, s:I, s:I, s:o}", "followed", outside != NULL, "reason",
			 outside ? json_null() : text_or_null(reason), "lost", (json_int_t)lost,
			 "forgotten", (json_int_t)stats->forgotten, "processes", processes);
}

/* --- text --- */

/* Fork children that executed nothing are part of what their parent is. */
static bool is_drawn(const struct cs_outside_process *process)
{
	return process->execs_count && !process->watched;
}

/* What the rows and their details are made of. */
struct drawing {
	uint64_t start_ns; /* of the whole: when the first process was spawned */
	uint64_t end_ns;
	unsigned count; /* of processes, also those that have no row */
	struct cs_waterfall_row rows[ROWS_MAX];
	char labels[ROWS_MAX][CS_OUTSIDE_NAME_BYTES];
	char lines[ROWS_MAX + 1][LINE_BYTES];
	const char *footers[ROWS_MAX + 1];
};

static uint64_t first_ns(const struct cs_outside_process *process)
{
	uint64_t first_ns = process->fork_ns;

	for (unsigned i = 0; !first_ns && i < CS_OUTSIDE_EXECS; i++)
		first_ns = process->execs_ns[i];
	return first_ns;
}

static void frame(const struct cs_outside *outside, uint64_t now_ns, struct drawing *drawing)
{
	const struct cs_outside_process *process;

	drawing->start_ns = UINT64_MAX;
	TAILQ_FOREACH(process, cs_outside_list(outside), of_table) {
		uint64_t start_ns = first_ns(process);
		uint64_t end_ns = process->exit_ns ? process->exit_ns : now_ns;

		if (start_ns && start_ns < drawing->start_ns)
			drawing->start_ns = start_ns;
		if (end_ns > drawing->end_ns)
			drawing->end_ns = end_ns;
		drawing->count += is_drawn(process);
	}
}

static int append_ms(char *line, size_t used, const char *before, uint64_t from_ns, uint64_t ns)
{
	if (used >= LINE_BYTES)
		return 0;
	return snprintf(line + used, LINE_BYTES - used, "%s%.3f ms", before,
			(double)(ns - from_ns) / 1e6);
}

/* "pid 17 hello: exec at 0.210 ms, 3 files mapped until 1.100 ms, exit at 2.300 ms" */
static void detail(const struct cs_outside_process *process, uint64_t start_ns, char *line)
{
	uint64_t before_ns;
	uint64_t exec_ns = cs_outside_exec_before(process, UINT64_MAX, &before_ns);
	const char *why = why_inexact(process);
	char mapped[64];
	int n = snprintf(line, LINE_BYTES, "pid %" PRId32 " %s:", process->pid, process->name);

	n += append_ms(line, (size_t)n, " exec at ", start_ns, exec_ns);
	if (process->mapped) {
		snprintf(mapped, sizeof(mapped), ", %" PRIu32 " file%s mapped until ",
			 process->mapped, process->mapped == 1 ? "" : "s");
		n += append_ms(line, (size_t)n, mapped, start_ns, process->mapped_last_ns);
	}
	if (process->exit_ns)
		n += append_ms(line, (size_t)n, ", exit at ", start_ns, process->exit_ns);
	else if ((size_t)n < LINE_BYTES)
		n += snprintf(line + n, LINE_BYTES - (size_t)n, ", exit not seen");
	if (why && (size_t)n < LINE_BYTES)
		snprintf(line + n, LINE_BYTES - (size_t)n, "; %s", why);
}

static void put_row(struct drawing *drawing, size_t at, const struct cs_outside_process *process)
{
	uint64_t start_ns = first_ns(process);
	uint64_t end_ns = process->exit_ns ? process->exit_ns : drawing->end_ns;

	snprintf(drawing->labels[at], sizeof(drawing->labels[at]), "%s", process->name);
	drawing->rows[at] = (struct cs_waterfall_row){
		.label = drawing->labels[at],
		.start_ns = start_ns - drawing->start_ns,
		.duration_ns = end_ns - start_ns,
		.approximate = !process->exit_ns || process->gaps,
	};
	detail(process, drawing->start_ns, drawing->lines[at]);
	drawing->footers[at] = drawing->lines[at];
}

bool cs_outside_draw(const struct cs_outside *outside, uint64_t now_ns,
		     const struct cs_terminal *term, struct cs_buffer *out)
{
	struct drawing drawing = { .count = 0 };
	struct cs_waterfall waterfall = { .head = "program", .title = "seen from outside only" };
	const struct cs_outside_process *process;
	char what[64];
	size_t n = 0;

	frame(outside, now_ns, &drawing);
	if (!drawing.count)
		return false;
	TAILQ_FOREACH(process, cs_outside_list(outside), of_table) {
		if (is_drawn(process) && n < ROWS_MAX)
			put_row(&drawing, n++, process);
	}
	snprintf(what, sizeof(what), "%u process%s without a shim", drawing.count,
		 drawing.count == 1 ? "" : "es");
	waterfall.detail = what;
	waterfall.total_ns = drawing.end_ns - drawing.start_ns;
	waterfall.rows = drawing.rows;
	waterfall.rows_count = waterfall.footers_count = n;
	waterfall.footers = drawing.footers;
	if (drawing.count > n) {
		snprintf(drawing.lines[n], LINE_BYTES, "and %zu more: --json has them all",
			 drawing.count - n);
		drawing.footers[n] = drawing.lines[n];
		waterfall.footers_count++;
	}
	if (out->len)
		cs_buffer_putc(out, '\n');
	cs_waterfall_draw(&waterfall, term, out);
	return true;
}
