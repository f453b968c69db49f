/* SPDX-License-Identifier: Apache-2.0 */

/* What was found; see result.h. */
#include "agent/output/result.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "agent/asserting/cause.h"
#include "agent/budget/metric.h"
#include "agent/exit_codes.h"
#include "coldspan_config.h"

/* --- where annotations point --- */

/* The folder that a CI system names files from; NULL: none is told. */
static const char *repository(void)
{
	const char *folder = getenv("GITHUB_WORKSPACE");

	if (!folder || !*folder)
		folder = getenv("CI_PROJECT_DIR");
	return folder && *folder ? folder : NULL;
}

static const char *relative_name(struct cs_arena *arena, const char *path)
{
	const char *root = repository();
	char own[PATH_MAX], folder[PATH_MAX];
	size_t len;

	if (!root || !realpath(root, folder) || !realpath(path, own))
		return path;
	len = strlen(folder);
	if (strncmp(own, folder, len) != 0 || own[len] != '/')
		return path;
	return cs_arena_strndup(arena, own + len + 1, strlen(own + len + 1));
}

/* --- the whole --- */

void cs_result_init(struct cs_result *result, const struct cs_plan *plan, bool strict)
{
	time_t now = time(NULL);
	struct tm tm;

	gmtime_r(&now, &tm);
	*result = (struct cs_result){
		.plan = plan,
		.strict = strict || plan->fail_inconclusive,
		.today = (unsigned)((tm.tm_year + 1900) * 10000 + (tm.tm_mon + 1) * 100 +
				    tm.tm_mday),
	};
	cs_arena_init(&result->arena, 0);
	result->file = relative_name(&result->arena, plan->file);
	if (!result->file)
		result->file = plan->file;
}

void cs_result_deinit(struct cs_result *result)
{
	for (size_t i = 0; i < result->count; i++)
		cs_asserted_deinit(&result->functions[i].asserted);
	free(result->functions);
	cs_arena_deinit(&result->arena);
	*result = (struct cs_result){ 0 };
}

static const char *commit(void)
{
	const char *hash = getenv("GITHUB_SHA");

	if (!hash || !*hash)
		hash = getenv("CI_COMMIT_SHA");
	return hash && *hash ? hash : NULL;
}

int cs_result_origin(struct cs_result *result, bool against_itself, struct cs_origin *ret)
{
	struct cs_origin origin = { .version = CS_VERSION,
				    .commit = commit(),
				    .config_hash = *result->plan->hash ? result->plan->hash : NULL,
				    .against_itself = against_itself,
				    .runs_count = 1 };
	const char **runs = cs_arena_alloc(&result->arena, sizeof(*runs));
	time_t now = time(NULL);
	uint64_t name[2];
	char date[32];
	struct tm tm;

	if (getrandom(name, sizeof(name), 0) != sizeof(name))
		return -EIO;
	gmtime_r(&now, &tm);
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%SZ", &tm);
	origin.date = cs_arena_strndup(&result->arena, date, sizeof(date));
	if (!runs || !origin.date)
		return -ENOMEM;
	runs[0] = cs_arena_printf(&result->arena, "%016llx%016llx", (unsigned long long)name[0],
				  (unsigned long long)name[1]);
	if (!runs[0])
		return -ENOMEM;
	origin.runs = runs;
	cs_host_look(&origin.host);
	*ret = origin;
	return 0;
}

int cs_result_add(struct cs_result *result, struct cs_asserted *asserted,
		  const struct cs_origin *origin)
{
	struct cs_result_function *grown;

	if (result->count >= CS_RESULT_FUNCTIONS_MAX)
		return -E2BIG;
	grown = realloc(result->functions, (result->count + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	result->functions = grown;
	grown[result->count] = (struct cs_result_function){ *asserted, *origin, NULL };
	*asserted = (struct cs_asserted){ 0 };
	result->count++;
	return 0;
}

int cs_result_judge(struct cs_result *result, uint64_t seed)
{
	int r = 0;

	for (size_t i = 0; i < result->count && r == 0; i++) {
		if (!result->functions[i].asserted.failed)
			r = cs_asserted_judge(&result->functions[i].asserted, result->strict, seed,
					      NULL);
	}
	return r;
}

/* Of one that is there more than once: which of its samples these are. */
static void label(struct cs_result *result, size_t which)
{
	struct cs_result_function *function = &result->functions[which];
	unsigned before = 0, all = 0;

	for (size_t i = 0; i < result->count; i++) {
		if (result->functions[i].asserted.function != function->asserted.function)
			continue;
		all++;
		before += i < which;
	}
	if (all > 1)
		function->label = cs_arena_printf(
			&result->arena, "%s #%u",
			function->origin.file ? function->origin.file : "here", before + 1);
}

void cs_result_settle(struct cs_result *result)
{
	result->tally = (struct cs_assert_tally){ 0 };
	for (size_t i = 0; i < result->count; i++)
		label(result, i);
	for (size_t i = 0; i < result->count; i++)
		cs_assert_count(result->plan, &result->functions[i].asserted, result->today,
				&result->tally);
}

int cs_result_exit_code(const struct cs_result *result)
{
	return cs_assert_exit_code(&result->tally, result->strict);
}

const char *cs_result_word(const struct cs_result *result)
{
	switch (cs_result_exit_code(result)) {
	case CS_EXIT_DONE:
		return result->tally.doubtful || result->tally.unstable ? "inconclusive" : "kept";
	case CS_EXIT_OVER_BUDGET:
		return "exceeded";
	case CS_EXIT_INCONCLUSIVE:
		return "inconclusive";
	default:
		return "no data";
	}
}

/* --- rows --- */

static enum cs_grade grade_of(enum cs_verdict verdict, bool counts)
{
	if (verdict == CS_VERDICT_PASS)
		return CS_GRADE_KEPT;
	if (verdict == CS_VERDICT_FAIL)
		return counts ? CS_GRADE_EXCEEDED : CS_GRADE_EXCUSED;
	return verdict == CS_VERDICT_NO_DATA ? CS_GRADE_BROKEN : CS_GRADE_DOUBTFUL;
}

/* What is compared with others is a ratio already, unless it is a count. */
static double excess_of(const struct cs_budget *budget, const struct cs_judgement *judgement)
{
	bool absolute = budget->against == CS_AGAINST_NOTHING;

	if (isnan(judgement->point))
		return 0;
	if (!absolute)
		return cs_metric_about(budget->metric).exact ? 0 : judgement->point;
	return budget->max.value > 0 ? judgement->point / budget->max.value : 0;
}

static const struct cs_cause_note *cause_of(const struct cs_asserted *asserted, size_t which)
{
	bool failed = asserted->judgements[which].verdict == CS_VERDICT_FAIL;

	return failed && asserted->causes && asserted->causes[which].text ? &asserted->causes[which]
									  : NULL;
}

static struct cs_row row_of(const struct cs_result *result,
			    const struct cs_result_function *function, size_t which)
{
	const struct cs_plan_function *planned = function->asserted.function;
	const struct cs_budget *budget = &planned->budgets[which];
	const struct cs_judgement *judgement = &function->asserted.judgements[which];
	bool quarantined = cs_assert_quarantined(result->plan, planned, budget, result->today);
	enum cs_budget_level level = cs_asserted_level(&function->asserted, budget);
	bool counts = level == CS_LEVEL_ERROR && !quarantined;

	return (struct cs_row){
		.function = function,
		.budget = budget,
		.judgement = judgement,
		.cause = cause_of(&function->asserted, which),
		.quarantine = cs_assert_quarantine(result->plan, planned, budget),
		.result = result,
		.label = cs_assert_label(level, judgement->verdict, quarantined),
		.grade = grade_of(judgement->verdict, counts),
		.counts = counts,
		.excess = excess_of(budget, judgement),
	};
}

static int compare(const void *a, const void *b)
{
	const struct cs_row *left = a, *right = b;

	if (left->grade != right->grade)
		return left->grade < right->grade ? -1 : 1;
	if (left->counts != right->counts)
		return left->counts ? -1 : 1;
	if (left->excess > right->excess || left->excess < right->excess)
		return left->excess > right->excess ? -1 : 1;
	return left->position < right->position ? -1 : left->position > right->position;
}

static size_t add_rows(const struct cs_result *result, const struct cs_result_function *function,
		       struct cs_row *rows)
{
	const struct cs_plan_function *planned = function->asserted.function;
	size_t count = 0;

	if (function->asserted.failed) {
		rows[0] = (struct cs_row){
			.function = function, .result = result, .label = "NO DATA", .counts = true
		};
		return 1;
	}
	for (size_t i = 0; i < planned->budgets_count; i++) {
		if (planned->budgets[i].level != CS_LEVEL_OFF)
			rows[count++] = row_of(result, function, i);
	}
	return count;
}

int cs_result_rows(const struct cs_result *result, bool worst_first, struct cs_row **ret,
		   size_t *ret_count)
{
	size_t room = 1, count = 0;
	struct cs_row *rows;

	for (size_t i = 0; i < result->count; i++)
		room += result->functions[i].asserted.function->budgets_count + 1;
	rows = calloc(room, sizeof(*rows));
	if (!rows)
		return -ENOMEM;
	for (size_t i = 0; i < result->count; i++)
		count += add_rows(result, &result->functions[i], rows + count);
	for (size_t i = 0; i < count; i++)
		rows[i].position = (unsigned)i;
	if (worst_first)
		qsort(rows, count, sizeof(*rows), compare);
	*ret = rows;
	*ret_count = count;
	return 0;
}

const char *cs_row_name(const struct cs_row *row)
{
	return row->budget ? row->budget->text : "a cold start";
}

void cs_row_evidence(const struct cs_row *row, struct cs_buffer *out)
{
	if (row->budget)
		cs_assert_evidence(row->budget, row->judgement, out);
	else
		cs_assert_failure(&row->function->asserted, out);
}

void cs_row_cause(const struct cs_row *row, struct cs_buffer *out)
{
	if (row->cause)
		cs_buffer_printf(out, "%s: %s", row->cause->label, row->cause->text);
}

void cs_row_next(const struct cs_row *row, struct cs_buffer *out)
{
	const struct cs_asserted *asserted = &row->function->asserted;

	if (row->budget ? row->judgement->verdict == CS_VERDICT_FAIL : !asserted->other_failed)
		cs_cause_next(row->result->file, asserted, out);
}

static void put_note(struct cs_buffer *out, const char *label, const char *text)
{
	cs_buffer_printf(out, "%s%s%s", out->len ? "\n" : "", label, text);
}

void cs_row_notes(const struct cs_row *row, struct cs_buffer *out)
{
	struct cs_buffer one = { 0 };

	cs_row_cause(row, &one);
	if (one.len)
		put_note(out, "", one.data);
	if (row->budget && row->budget->why && row->grade != CS_GRADE_KEPT)
		put_note(out, "why: ", row->budget->why);
	cs_buffer_clear(&one);
	if (row->quarantine && row->judgement->verdict == CS_VERDICT_FAIL)
		cs_assert_quarantine_text(row->quarantine, row->result->today, &one);
	if (one.len)
		put_note(out, "quarantine: ", one.data);
	cs_buffer_clear(&one);
	cs_row_next(row, &one);
	if (one.len)
		put_note(out, "next: ", one.data);
	out->failed |= one.failed;
	cs_buffer_deinit(&one);
}

void cs_row_other(const struct cs_row *row, struct cs_buffer *out)
{
	struct cs_quantity other;
	char text[64];

	if (!row->budget || isnan(row->judgement->other))
		return;
	other.kind = cs_metric_about(row->budget->metric).kind;
	other.value = row->judgement->other;
	other.decimal = row->budget->max.decimal;
	cs_buffer_puts(out, cs_quantity_format(other, text, sizeof(text)));
	if (row->budget->against != CS_AGAINST_BASELINE)
		cs_buffer_printf(out, " (%s)", cs_budget_against_name(row->budget->against));
}

void cs_row_place(const struct cs_row *row, unsigned *ret_line, unsigned *ret_column)
{
	const struct cs_plan_function *planned = row->function->asserted.function;

	*ret_line = row->budget ? row->budget->line : planned->line;
	*ret_column = row->budget ? row->budget->column : planned->column;
}

/* Comments count as well: it is told, and excuses or forbids nothing. */
static void put_config(const struct cs_result *result, const struct cs_origin *origin,
		       struct cs_buffer *out)
{
	if (origin->config_hash && strcmp(origin->config_hash, result->plan->hash) != 0)
		cs_buffer_printf(out,
				 "judged by another coldspan.yaml than it was measured with (%s, "
				 "not %s)",
				 result->plan->hash, origin->config_hash);
}

void cs_result_remark(const struct cs_result *result, const struct cs_result_function *function,
		      enum cs_remark remark, struct cs_buffer *out)
{
	switch (remark) {
	case CS_REMARK_WEAKER:
		cs_assert_weaker(&function->asserted, out);
		break;
	case CS_REMARK_CONFIG:
		put_config(result, &function->origin, out);
		break;
	case CS_REMARK_RUNNER:
		if (function->asserted.noise.count)
			cs_buffer_puts(out, "runner: ");
		cs_assert_runner(&function->asserted, out);
		break;
	case CS_REMARK_COUNT:
		break;
	}
}

void cs_result_label(const struct cs_result_function *function, struct cs_buffer *out)
{
	cs_buffer_puts(out, function->asserted.function->name);
	if (function->label)
		cs_buffer_printf(out, " (%s)", function->label);
}
