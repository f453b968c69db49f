/* SPDX-License-Identifier: Apache-2.0 */

/* What moved, or is largest; see cause.h. */
#include "agent/asserting/cause.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "agent/asserting/column.h"
#include "agent/asserting/largest.h"
#include "agent/asserting/plan_file.h"
#include "base/buffer.h"
#include "base/shell_word.h"

#define NAMES_MOST    4
#define PHASES_MOST   2
#define GROWTH_SHARE  0.1 /* of all: what moved, or takes, less is not named */
#define SHARE_MOST    100.0
#define COMMAND_BYTES 240u /* a longer one is nothing to type */

/* Of a function, for all of its budgets. */
struct facts {
	double own[CS_PHASE_COUNT]; /* medians */
	double others[CS_PHASE_COUNT];
	double total;
	struct cs_buffer packages; /* by their files; empty: there are none */
	struct cs_buffer objects;  /* shared objects by bytes; idem */
	struct cs_buffer all;      /* files by bytes; idem */
	struct cs_buffer moved;    /* new and gone; idem */
};

static void put_quantity(enum cs_quantity_kind kind, double value, struct cs_buffer *out)
{
	char text[64];

	cs_buffer_puts(out,
		       cs_quantity_format((struct cs_quantity){ kind, value }, text, sizeof(text)));
}

static void put_part(const struct cs_buffer *part, struct cs_buffer *out)
{
	if (part->len)
		cs_buffer_printf(out, "%s%s", out->len ? "; " : "", part->data);
}

/* --- phases --- */

/* 0: it was seen in no start. */
static double median_of(const struct cs_sample *samples, uint32_t count, unsigned metric)
{
	double median = cs_column_median(samples, count, metric);

	return isnan(median) ? 0 : median;
}

/* Nobody's fault: what passes until somebody asks. */
static bool is_counted(unsigned phase)
{
	return phase != CS_PHASE_WAIT;
}

/* CS_PHASE_WAIT: there is none. */
static unsigned most_of(const double *amounts)
{
	unsigned most = CS_PHASE_WAIT;

	for (unsigned i = 0; i < CS_PHASE_COUNT; i++) {
		if (is_counted(i) && amounts[i] > 0 &&
		    (!is_counted(most) || amounts[i] > amounts[most]))
			most = i;
	}
	return most;
}

static void put_grown(const struct facts *facts, struct cs_buffer *out)
{
	double growth[CS_PHASE_COUNT], all = 0;

	for (unsigned i = 0; i < CS_PHASE_COUNT; i++) {
		growth[i] = facts->own[i] - facts->others[i];
		all += is_counted(i) ? fmax(growth[i], 0) : 0;
	}
	for (unsigned told = 0; told < PHASES_MOST; told++) {
		unsigned most = most_of(growth);

		if (!is_counted(most) || growth[most] < GROWTH_SHARE * all)
			return;
		cs_buffer_printf(out, "%s%s +", out->len ? ", " : "", cs_phase_name(most));
		put_quantity(CS_QUANTITY_DURATION, growth[most], out);
		/* Of next to nothing everything is many times. */
		if (growth[most] < SHARE_MOST * facts->others[most]) {
			cs_buffer_puts(out, " (");
			put_quantity(CS_QUANTITY_SHARE, growth[most] / facts->others[most], out);
			cs_buffer_putc(out, ')');
		}
		growth[most] = 0;
	}
}

static void put_phase(const struct facts *facts, unsigned phase, struct cs_buffer *out)
{
	cs_buffer_printf(out, "%s%s ", out->len ? ", " : "", cs_phase_name(phase));
	put_quantity(CS_QUANTITY_DURATION, facts->own[phase], out);
	if (out->len && !(facts->total > 0))
		return;
	cs_buffer_puts(out, " of ");
	put_quantity(CS_QUANTITY_DURATION, facts->total, out);
}

static void put_longest(const struct facts *facts, struct cs_buffer *out)
{
	double own[CS_PHASE_COUNT];

	memcpy(own, facts->own, sizeof(own));
	for (unsigned told = 0; told < PHASES_MOST; told++) {
		unsigned most = most_of(own);

		if (!is_counted(most) || own[most] < GROWTH_SHARE * facts->total)
			return;
		put_phase(facts, most, out);
		own[most] = 0;
	}
}

/* --- files --- */

static void put_difference(const struct cs_file_set *files, const struct cs_file_set *others,
			   const char *what, struct cs_buffer *out)
{
	char name[CS_LARGEST_NAME_BYTES];
	uint32_t found = 0;

	/* What was left out of the others might be any of them. */
	for (uint32_t i = 0; i < files->count && !others->cut; i++) {
		if (cs_file_set_has(others, files->list[i].name))
			continue;
		if (found < NAMES_MOST)
			cs_buffer_printf(out, "%s%s%s",
					 found      ? ", "
					 : out->len ? "; "
						    : "",
					 found ? "" : what,
					 cs_largest_name(files->list[i].name, name));
		found++;
	}
	if (found > NAMES_MOST)
		cs_buffer_printf(out, " and %u more", found - NAMES_MOST);
}

/* --- a budget --- */

/* What had no shim tells nothing of its phases and files. */
static bool tells_what_moved(const struct cs_asserted *asserted)
{
	return asserted->others && asserted->beside != CS_AGAINST_UNWATCHED;
}

static void collect(const struct cs_asserted *asserted, struct facts *facts)
{
	*facts = (struct facts){ .total = median_of(asserted->own, asserted->count,
						    CS_METRIC_TOTAL) };
	for (unsigned i = 0; i < CS_PHASE_COUNT; i++) {
		facts->own[i] = median_of(asserted->own, asserted->count, CS_METRIC_PHASES + i);
		facts->others[i] = median_of(asserted->others, cs_asserted_others_count(asserted),
					     CS_METRIC_PHASES + i);
	}
	cs_largest_packages(&asserted->files, &facts->packages);
	cs_largest_files(&asserted->files, true, &facts->objects);
	cs_largest_files(&asserted->files, false, &facts->all);
	if (!tells_what_moved(asserted) || asserted->apart)
		return;
	put_difference(&asserted->files, &asserted->other_files, "new: ", &facts->moved);
	put_difference(&asserted->other_files, &asserted->files, "gone: ", &facts->moved);
}

static void forget(struct facts *facts)
{
	cs_buffer_deinit(&facts->packages);
	cs_buffer_deinit(&facts->objects);
	cs_buffer_deinit(&facts->all);
	cs_buffer_deinit(&facts->moved);
}

/* Which files decide it. */
static const struct cs_buffer *files_of(const struct facts *facts, unsigned metric)
{
	switch (metric) {
	case CS_METRIC_FACTS + CS_FACT_SHARED_OBJECTS:
	case CS_METRIC_FACTS + CS_FACT_OPENS_NATIVE:
	case CS_METRIC_FACTS + CS_FACT_DLOPENS:
		return &facts->objects;
	case CS_METRIC_PHASES + CS_PHASE_EXEC:
	case CS_METRIC_PHASES + CS_PHASE_LINK:
	case CS_METRIC_FAULTS_MINOR:
	case CS_METRIC_FAULTS_MAJOR:
	case CS_METRIC_MEMORY:
		return &facts->all;
	default:
		return facts->packages.len ? &facts->packages : &facts->all;
	}
}

/* What files have no part in. */
static bool is_of_files(unsigned metric)
{
	return metric != CS_METRIC_WARM_P50 && metric != CS_METRIC_WARM_P95 &&
	       metric != CS_METRIC_CONNECTS && metric != CS_METRIC_UNATTRIBUTED;
}

static void put_largest(const struct facts *facts, unsigned metric, struct cs_buffer *out)
{
	if (!is_of_files(metric))
		return;
	if (metric < CS_METRIC_PHASES + CS_PHASE_COUNT &&
	    metric != CS_METRIC_PHASES + CS_PHASE_WAIT)
		put_phase(facts, metric - CS_METRIC_PHASES, out);
	else if (metric == CS_METRIC_TOTAL || metric == CS_METRIC_CPU)
		put_longest(facts, out);
	put_part(files_of(facts, metric), out);
	put_part(&facts->moved, out);
}

static struct cs_cause_note cause_of(const struct cs_asserted *asserted, const struct facts *facts,
				     const struct cs_budget *budget)
{
	struct cs_cause_note cause = { .label = "largest" };
	struct cs_buffer out = { 0 };

	if (budget->metric == CS_METRIC_FORBIDDEN && asserted->forbidden[0])
		return (struct cs_cause_note){ "found", strdup(asserted->forbidden) };
	if (tells_what_moved(asserted) && budget->against != CS_AGAINST_NOTHING) {
		if (cs_metric_about(budget->metric).kind == CS_QUANTITY_DURATION)
			put_grown(facts, &out);
		put_part(&facts->moved, &out);
		cause.label = out.len ? "moved" : cause.label;
	}
	if (!out.len)
		put_largest(facts, budget->metric, &out);
	cause.text = cs_buffer_take(&out);
	return cause;
}

struct cs_cause_note *cs_causes_find(const struct cs_asserted *asserted)
{
	const struct cs_plan_function *function = asserted->function;
	struct cs_cause_note *causes = calloc(function->budgets_count + 1, sizeof(*causes));
	bool collected = false;
	struct facts facts;

	for (size_t i = 0; causes && asserted->count && i < function->budgets_count; i++) {
		if (asserted->judgements[i].verdict != CS_VERDICT_FAIL)
			continue;
		if (!collected)
			collect(asserted, &facts);
		collected = true;
		causes[i] = cause_of(asserted, &facts, &function->budgets[i]);
	}
	if (collected)
		forget(&facts);
	return causes;
}

struct cs_cause_note *cs_causes_free(struct cs_cause_note *causes, size_t count)
{
	for (size_t i = 0; causes && i < count; i++)
		free(causes[i].text);
	free(causes);
	return NULL;
}

/* --- what to type --- */

static bool has_control(const char *text)
{
	for (; *text; text++) {
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return true;
	}
	return false;
}

/* Does its command alone do what it does under coldspan.yaml? */
static bool stands_alone(const struct cs_plan_function *function)
{
	return function->start != CS_START_FAAS && function->ready != CS_READY_POLL &&
	       !function->env_count && function->argv;
}

/* Where it runs; the file's name begins in the folder that is typed in. */
static void put_folder(const char *file, struct cs_buffer *out)
{
	const char *slash = strrchr(file, '/');
	struct cs_buffer folder = { 0 };

	if (!slash || !strncmp(file, "/dev/", 5))
		return;
	cs_buffer_append(&folder, file, slash == file ? 1 : (size_t)(slash - file));
	cs_buffer_puts(out, *file == '-' ? "cd -- " : "cd ");
	cs_shell_word(out, folder.len ? folder.data : "", false);
	cs_buffer_puts(out, " && ");
	out->failed |= folder.failed;
	cs_buffer_deinit(&folder);
}

/* Return: false: it cannot be named. */
static bool put_page(const char *file, const struct cs_plan_function *function,
		     struct cs_buffer *out)
{
	const char *slash = strrchr(file, '/'), *name = slash ? slash + 1 : file;

	if (!strncmp(file, "/dev/", 5) || has_control(function->name))
		return false;
	cs_buffer_puts(out, "coldspan assert ");
	cs_shell_word(out, function->name, false);
	if (strcmp(name, CS_PLAN_FILE) != 0) {
		cs_buffer_puts(out, " -c ");
		cs_shell_word(out, name, false);
	}
	cs_buffer_puts(out, " -o html=cold-starts.html");
	return true;
}

void cs_cause_next(const char *file, const struct cs_asserted *asserted, struct cs_buffer *out)
{
	const struct cs_plan_function *function = asserted->function;
	enum cs_sampling_outcome outcome = asserted->failure.outcome;
	bool not_started = asserted->failed && outcome == CS_SAMPLING_NOT_STARTED;
	bool unseen = not_started || (asserted->failed && outcome == CS_SAMPLING_UNSEEN);
	bool unprepared = asserted->failed && outcome == CS_SAMPLING_UNPREPARED;
	bool listens = !unseen &&
		       (function->ready == CS_READY_RESPONSE || function->ready == CS_READY_LISTEN);
	struct cs_buffer words = { 0 }, command = { 0 };
	bool typed;

	if (unprepared || (not_started && !stands_alone(function)) || has_control(file))
		return; /* what is said of it says more than a start could */
	for (char **word = function->argv; stands_alone(function) && *word; word++) {
		cs_buffer_putc(&words, ' ');
		cs_shell_word(&words, *word, false);
	}
	typed = words.len && words.len <= COMMAND_BYTES && !has_control(words.data);
	if (typed)
		cs_buffer_printf(&command, "%scoldspan %s --%s", listens ? "PORT=8080 " : "",
				 unseen ? "doctor" : "run", words.data);
	if (typed || put_page(file, function, &command)) {
		put_folder(file, out);
		cs_buffer_puts(out, command.len ? command.data : "");
	}
	out->failed |= words.failed || command.failed;
	cs_buffer_deinit(&words);
	cs_buffer_deinit(&command);
}
