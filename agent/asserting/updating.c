/* SPDX-License-Identifier: Apache-2.0 */

/* Budgets out of what was observed; see updating.h. */
#include "agent/asserting/updating.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "agent/budget/metric.h"
#include "agent/budget/revision.h"
#include "agent/budget/yaml_tree.h"
#include "agent/result_file.h"
#include "base/input.h"

bool cs_updating_in_ci(void)
{
	static const char *const names[] = { "CI", "GITHUB_ACTIONS", "GITLAB_CI" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *value = getenv(names[i]);

		if (value && *value && strcmp(value, "false") != 0)
			return true;
	}
	return false;
}

/* --- what is to be written --- */

static bool is_revised(const struct cs_budget *budget, const struct cs_judgement *judgement)
{
	return budget->against == CS_AGAINST_NOTHING && budget->level != CS_LEVEL_OFF &&
	       budget->amount_line && budget->metric != CS_METRIC_FORBIDDEN && judgement->count &&
	       !judgement->missing;
}

static struct cs_quantity wanted(const struct cs_budget *budget,
				 const struct cs_judgement *judgement)
{
	struct cs_metric_about about = cs_metric_about(budget->metric);
	double value = isnan(judgement->upper) ? judgement->point : judgement->upper;

	if (about.exact)
		return (struct cs_quantity){ about.kind, judgement->point, budget->max.decimal };
	return (struct cs_quantity){ about.kind, value * CS_UPDATING_HEADROOM,
				     budget->max.decimal };
}

static char *note_of(const struct cs_asserted *asserted, struct cs_arena *arena)
{
	char host[65] = "", date[16];
	time_t now = time(NULL);
	struct tm tm;

	gethostname(host, sizeof(host) - 1);
	gmtime_r(&now, &tm);
	strftime(date, sizeof(date), "%Y-%m-%d", &tm);
	return cs_arena_printf(arena, "%s, %s, n=%u", date, host, asserted->count);
}

static int by_place(const void *left, const void *right)
{
	const struct cs_revision *a = left, *b = right;

	if (a->line != b->line)
		return a->line < b->line ? -1 : 1;
	return a->column < b->column ? -1 : a->column > b->column;
}

/* What was written is kept by what was observed: of that it is taken. */
static void keep_written(struct cs_asserted *asserted, const struct cs_revision *revisions,
			 size_t count, const bool *done)
{
	for (size_t i = 0; i < asserted->function->budgets_count && !asserted->failed; i++) {
		const struct cs_budget *budget = &asserted->function->budgets[i];
		const struct cs_revision place = { .line = budget->amount_line,
						   .column = budget->amount_column };
		const struct cs_revision *found = NULL;

		if (is_revised(budget, &asserted->judgements[i]) && count)
			found = bsearch(&place, revisions, count, sizeof(place), by_place);
		if (found && done[found - revisions])
			asserted->judgements[i].verdict = CS_VERDICT_PASS;
	}
}

/* Of one function. Return: how many; negative errno. */
static int collect(const struct cs_asserted *asserted, struct cs_arena *arena,
		   struct cs_revision *revisions)
{
	const struct cs_plan_function *function = asserted->function;
	const char *note = note_of(asserted, arena);
	int count = 0;

	for (size_t i = 0; i < function->budgets_count && !asserted->failed; i++) {
		const struct cs_budget *budget = &function->budgets[i];
		char text[64], *to;

		if (!is_revised(budget, &asserted->judgements[i]))
			continue;
		cs_revision_amount(wanted(budget, &asserted->judgements[i]), text, sizeof(text));
		to = cs_arena_strndup(arena, text, sizeof(text));
		if (!to || !note)
			return -ENOMEM;
		revisions[count++] = (struct cs_revision){ .line = budget->amount_line,
							   .column = budget->amount_column,
							   .from = budget->amount,
							   .to = to,
							   .note = note };
	}
	return count;
}

/* --- the file --- */

/* The one copy of somebody's work: it is on the disk before the old one goes. */
static int store(const char *path, const struct cs_buffer *text, struct cs_diag *diag)
{
	struct cs_result_file file;
	int r = cs_result_file_open(path, diag, &file);

	if (r == 0) {
		fwrite(text->data, 1, text->len, file.out);
		if (fflush(file.out) == 0)
			r = fsync(fileno(file.out)) < 0 ? -errno : 0;
		if (r == 0)
			r = cs_result_file_commit(&file, diag);
	}
	cs_result_file_close(&file);
	return r;
}

/* What keeps a file from being replaced where others may be made beside it: rename(2), statx(2). */
static int is_held(const char *path)
{
	struct statx found;

	if (statx(AT_FDCWD, path, 0, STATX_BASIC_STATS, &found) < 0)
		return 0; /* filtered, or not there: writing will tell */
	if (found.stx_attributes & STATX_ATTR_MOUNT_ROOT)
		return -EBUSY; /* a container was given this one file */
	return found.stx_attributes & (STATX_ATTR_IMMUTABLE | STATX_ATTR_APPEND) ? -EPERM : 0;
}

int cs_updating_check(const struct cs_plan_file *file, struct cs_diag *diag)
{
	struct cs_result_file unwritten;
	int r = is_held(file->path);

	if (r < 0)
		return cs_diag_set(diag, r, "cannot write %s: %s", file->path, strerror(-r));
	r = cs_result_file_open(file->path, diag, &unwritten);
	cs_result_file_close(&unwritten);
	return r;
}

static int check(const struct cs_plan_file *file, const struct cs_buffer *text,
		 struct cs_diag *diag)
{
	struct cs_plan plan = { .baseline = file->plan.baseline };
	int r = cs_plan_parse(file->path, text->data, text->len, diag, &plan);

	if (r == 0 && plan.functions_count != file->plan.functions_count)
		r = cs_diag_set(diag, -EINVAL, "%s: what would come out is another file",
				file->path);
	cs_plan_deinit(&plan);
	return r;
}

static int revise(const struct cs_plan_file *file, const struct cs_revision *revisions,
		  size_t count, bool *done, struct cs_diag *diag)
{
	cs_cleanup(cs_freep) char *text = NULL;
	struct cs_buffer out = { 0 };
	size_t len = 0;
	int r = cs_input_read_file(file->path, CS_YAML_BYTES_MAX, &text, &len);

	if (r == 0)
		cs_revise(text, len, revisions, count, done, &out);
	if (r == 0 && (!out.data || !text))
		r = -ENOMEM;
	if (r == 0)
		r = check(file, &out, diag);
	if (r == 0 && (out.len != len || memcmp(out.data, text, len) != 0))
		r = store(file->path, &out, diag);
	cs_buffer_deinit(&out);
	return r < 0 ? cs_diag_set(diag, r, "%s: %s", file->path, strerror(-r)) : 0;
}

static size_t budgets_of(const struct cs_result *result)
{
	size_t most = 0;

	for (size_t i = 0; i < result->count; i++)
		most += result->functions[i].asserted.function->budgets_count;
	return most;
}

int cs_updating_write(const struct cs_plan_file *file, struct cs_result *result,
		      struct cs_buffer *said, struct cs_diag *diag)
{
	size_t most = budgets_of(result), count = 0, made = 0;
	struct cs_revision *revisions;
	struct cs_arena arena;
	bool *done;
	int r = 0;

	cs_arena_init(&arena, 0);
	revisions = cs_arena_alloc(&arena, (most + 1) * sizeof(*revisions));
	done = cs_arena_alloc(&arena, most + 1);
	for (size_t i = 0; i < result->count && r >= 0 && revisions; i++) {
		r = collect(&result->functions[i].asserted, &arena, revisions + count);
		count += r > 0 ? (size_t)r : 0;
	}
	if (!revisions || !done || r < 0) {
		cs_arena_deinit(&arena);
		return cs_diag_set(diag, -ENOMEM, "out of memory");
	}
	qsort(revisions, count, sizeof(*revisions), by_place);
	r = revise(file, revisions, count, done, diag);
	for (size_t i = 0; i < count && r == 0; i++)
		made += done[i];
	for (size_t i = 0; i < result->count && r == 0; i++)
		keep_written(&result->functions[i].asserted, revisions, count, done);
	if (r == 0)
		cs_buffer_printf(said, "%s: %zu budgets updated, %zu left as they are\n",
				 file->path, made, most - made);
	cs_arena_deinit(&arena);
	return r;
}
