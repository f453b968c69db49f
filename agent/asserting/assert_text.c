/* SPDX-License-Identifier: Apache-2.0 */

/* Verdicts as lines; see assert_text.h. */
#include "agent/asserting/assert_text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "agent/asserting/cause.h"
#include "agent/asserting/evicting.h"
#include "agent/budget/metric.h"
#include "agent/exit_codes.h"
#include "agent/output/escape.h"
#include "agent/statistics/paired.h"
#include "agent/statistics/unpaired.h"
#include "base/clean_text.h"
#include "collector/assembler/model.h"

#define LABEL_COLUMNS  12
#define BUDGET_COLUMNS 34

const struct cs_plan_quarantine *cs_assert_quarantine(const struct cs_plan *plan,
						      const struct cs_plan_function *function,
						      const struct cs_budget *budget)
{
	const struct cs_plan_quarantine *last = NULL;
	size_t len = strlen(function->name);

	for (size_t i = 0; i < plan->quarantine_count; i++) {
		const struct cs_plan_quarantine *entry = &plan->quarantine[i];

		if (!strncmp(entry->id, function->name, len) && entry->id[len] == '/' &&
		    !strcmp(entry->id + len + 1, budget->id) &&
		    (!last || entry->until > last->until))
			last = entry;
	}
	return last;
}

void cs_assert_quarantine_text(const struct cs_plan_quarantine *quarantine, unsigned today,
			       struct cs_buffer *out)
{
	unsigned until = quarantine->until;

	cs_buffer_printf(out, "%s %u-%02u-%02u", today <= until ? "until" : "ended with",
			 until / 10000, until / 100 % 100, until % 100);
	if (quarantine->issue)
		cs_buffer_printf(out, ", %s", quarantine->issue);
}

bool cs_assert_quarantined(const struct cs_plan *plan, const struct cs_plan_function *function,
			   const struct cs_budget *budget, unsigned today)
{
	const struct cs_plan_quarantine *entry = cs_assert_quarantine(plan, function, budget);

	return entry && today <= entry->until;
}

void cs_assert_count(const struct cs_plan *plan, const struct cs_asserted *asserted, unsigned today,
		     struct cs_assert_tally *tally)
{
	const struct cs_plan_function *function = asserted->function;

	tally->failures += asserted->failed;
	for (size_t i = 0; !asserted->failed && i < function->budgets_count; i++) {
		const struct cs_budget *budget = &function->budgets[i];
		bool counts = cs_asserted_level(asserted, budget) == CS_LEVEL_ERROR &&
			      !cs_assert_quarantined(plan, function, budget, today);

		if (budget->level == CS_LEVEL_OFF)
			continue;
		tally->judged += asserted->judgements[i].verdict != CS_VERDICT_NO_DATA;
		switch (asserted->judgements[i].verdict) {
		case CS_VERDICT_PASS:
			tally->kept++;
			break;
		case CS_VERDICT_FAIL:
			*(counts ? &tally->exceeded : &tally->excused) += 1;
			break;
		case CS_VERDICT_INCONCLUSIVE:
			tally->doubtful += counts;
			break;
		case CS_VERDICT_UNSTABLE:
			tally->unstable += counts;
			break;
		case CS_VERDICT_NO_DATA:
			*(counts ? &tally->unseen : &tally->untold) += 1;
			break;
		}
	}
}

/* --- a budget --- */

const char *cs_assert_label(enum cs_budget_level level, enum cs_verdict verdict, bool quarantined)
{
	switch (verdict) {
	case CS_VERDICT_PASS:
		return "PASS";
	case CS_VERDICT_FAIL:
		return quarantined               ? "QUARANTINED"
		       : level == CS_LEVEL_ERROR ? "FAIL"
		       : level == CS_LEVEL_WARN  ? "WARN"
						 : "INFO";
	case CS_VERDICT_INCONCLUSIVE:
		return "INCONCLUSIVE";
	case CS_VERDICT_UNSTABLE:
		return "UNSTABLE";
	case CS_VERDICT_NO_DATA:
		break;
	}
	return "NO DATA";
}

static const char *colour_of(const char *label)
{
	return !strcmp(label, "PASS")                                ? "\x1b[32m"
	       : !strcmp(label, "FAIL") || !strcmp(label, "NO DATA") ? "\x1b[31m"
								     : "\x1b[33m";
}

void cs_assert_value(const struct cs_budget *budget, double value, struct cs_buffer *out)
{
	struct cs_quantity quantity = { cs_metric_about(budget->metric).kind, value,
					budget->max.decimal };
	char text[64];

	if (budget->against != CS_AGAINST_NOTHING && !cs_metric_about(budget->metric).exact)
		quantity = (struct cs_quantity){ CS_QUANTITY_SHARE, value - 1 };
	cs_buffer_puts(out, cs_quantity_format(quantity, text, sizeof(text)));
}

static void put_bounds(const struct cs_budget *budget, const struct cs_judgement *judgement,
		       struct cs_buffer *out)
{
	if (cs_metric_about(budget->metric).exact || isnan(judgement->lower))
		return;
	cs_buffer_puts(out, " (>= ");
	cs_assert_value(budget, judgement->lower, out);
	if (!isnan(judgement->upper)) {
		cs_buffer_puts(out, ", <= ");
		cs_assert_value(budget, judgement->upper, out);
	}
	cs_buffer_putc(out, ')');
}

/* Allowed is an amount, so the ratio is told as one, too. */
static void put_difference(const struct cs_budget *budget, const struct cs_judgement *judgement,
			   struct cs_buffer *out)
{
	const struct cs_metric_about about = cs_metric_about(budget->metric);
	const struct cs_quantity difference = { about.kind,
						(judgement->point - 1) * judgement->other,
						budget->max.decimal };
	char text[64];

	if (budget->against == CS_AGAINST_NOTHING || about.exact ||
	    budget->max.kind != about.kind || isnan(judgement->other))
		return;
	cs_buffer_printf(out, ", which is %s", cs_quantity_format(difference, text, sizeof(text)));
}

/* Two digits that say something. */
static const char *percent(double share, char *buf, size_t size)
{
	snprintf(buf, size, share >= 0.0995 ? "%.0f %%" : "%.2g %%", share * 100);
	return buf;
}

static void put_others_missing(const struct cs_judgement *judgement, const char *more,
			       struct cs_buffer *out)
{
	cs_buffer_printf(out, "not seen in %u of the %u saved starts%s", judgement->others_missing,
			 judgement->others_missing + judgement->others_count, more);
}

void cs_assert_evidence(const struct cs_budget *budget, const struct cs_judgement *judgement,
			struct cs_buffer *out)
{
	char text[32];

	if (judgement->verdict == CS_VERDICT_NO_DATA && judgement->alone) {
		cs_buffer_printf(out, "nothing was measured of the %s",
				 cs_budget_against_name(budget->against));
		return;
	}
	if (judgement->verdict == CS_VERDICT_NO_DATA) {
		if (judgement->scant)
			put_others_missing(judgement, ", too many to compare with", out);
		else if (judgement->oversize && judgement->apart)
			cs_buffer_printf(out,
					 "too many to compare: starts by saved starts may be %u",
					 CS_UNPAIRED_MAX);
		else if (judgement->oversize)
			cs_buffer_printf(out, "too many to compare: pairs may be %u", CS_PAIRS_MAX);
		else if (!judgement->missing && judgement->count)
			cs_buffer_puts(out, "no ratio: in some starts it is nothing");
		else
			cs_buffer_printf(out, "not seen in %u of %u starts", judgement->missing,
					 judgement->missing + judgement->count);
		return;
	}
	cs_assert_value(budget, judgement->point, out);
	put_bounds(budget, judgement, out);
	put_difference(budget, judgement, out);
	if (cs_metric_about(budget->metric).exact && judgement->smallest < judgement->point &&
	    budget->against == CS_AGAINST_NOTHING) {
		cs_buffer_puts(out, ", not the same in every start: from ");
		cs_assert_value(budget, judgement->smallest, out);
	}
	if (budget->against == CS_AGAINST_NOTHING && judgement->over)
		cs_buffer_printf(out, ", %u of %u over", judgement->over, judgement->count);
	if (judgement->needed)
		cs_buffer_printf(out, "; %u %s are needed to prove anything", judgement->needed,
				 budget->against == CS_AGAINST_NOTHING || judgement->apart
					 ? "starts"
					 : "pairs");
	else if (judgement->verdict == CS_VERDICT_INCONCLUSIVE &&
		 budget->against == CS_AGAINST_NOTHING && judgement->too_many <= judgement->count)
		cs_buffer_printf(out, "; %u would prove it", judgement->too_many);
	if (judgement->disturbed)
		cs_buffer_printf(out, "; kept without the %u in which the machine was disturbed",
				 judgement->disturbed);
	else if (judgement->verdict == CS_VERDICT_UNSTABLE && !isnan(judgement->resolution))
		cs_buffer_printf(out, "; this runner proves >= %s more than that",
				 percent(judgement->resolution, text, sizeof(text)));
	/* NaN: not asked. What chance brings every other time says nothing. */
	if (judgement->chance < 0.5)
		cs_buffer_printf(out, ", by chance once in %.0f", 1 / judgement->chance);
	if (judgement->others_missing) {
		cs_buffer_puts(out, "; ");
		put_others_missing(judgement, "", out);
	}
	if (judgement->apart)
		cs_buffer_puts(out, "; weaker: of saved samples, not of pairs");
}

/* What came out when it was measured once more. */
static void put_confirmation(const struct cs_asserted *asserted, size_t which,
			     struct cs_buffer *out)
{
	const struct cs_budget *budget = &asserted->function->budgets[which];
	const struct cs_judgement *second = &asserted->confirmation->judgements[which];
	enum cs_verdict verdict = asserted->judgements[which].verdict;

	if (asserted->confirmation->failed || cs_metric_about(budget->metric).exact ||
	    (verdict != CS_VERDICT_FAIL && verdict != CS_VERDICT_UNSTABLE))
		return;
	cs_buffer_printf(
		out, "%*sagain: %s, ", LABEL_COLUMNS + 4, "",
		cs_assert_label(cs_asserted_level(asserted, budget), second->verdict, false));
	cs_assert_evidence(budget, second, out);
	cs_buffer_putc(out, '\n');
}

/* Below a budget that is not kept. */
static void put_line(const char *label, const char *text, struct cs_buffer *out)
{
	cs_buffer_printf(out, "%*s%s: ", LABEL_COLUMNS + 4, "", label);
	cs_put_plain(out, text);
	cs_buffer_putc(out, '\n');
}

static void put_next(const struct cs_plan *plan, const struct cs_asserted *asserted,
		     struct cs_buffer *out)
{
	struct cs_buffer next = { 0 };

	cs_cause_next(plan->file, asserted, &next);
	if (next.len)
		put_line("next", next.data, out);
	out->failed |= next.failed;
	cs_buffer_deinit(&next);
}

static void put_quarantine(const struct cs_plan_quarantine *quarantine, unsigned today,
			   struct cs_buffer *out)
{
	struct cs_buffer text = { 0 };

	if (!quarantine)
		return;
	cs_assert_quarantine_text(quarantine, today, &text);
	if (text.len)
		put_line("quarantine", text.data, out);
	out->failed |= text.failed;
	cs_buffer_deinit(&text);
}

static void put_budget(const struct cs_plan *plan, const struct cs_asserted *asserted, size_t which,
		       unsigned today, const struct cs_terminal *terminal, struct cs_buffer *out)
{
	const struct cs_budget *budget = &asserted->function->budgets[which];
	const struct cs_judgement *judgement = &asserted->judgements[which];
	const char *label =
		cs_assert_label(cs_asserted_level(asserted, budget), judgement->verdict,
				cs_assert_quarantined(plan, asserted->function, budget, today));

	cs_buffer_printf(out, "  %s%-*s%s  %-*s  ", terminal->colour ? colour_of(label) : "",
			 LABEL_COLUMNS, label, terminal->colour ? "\x1b[0m" : "", BUDGET_COLUMNS,
			 budget->text);
	cs_assert_evidence(budget, judgement, out);
	if (judgement->verdict != CS_VERDICT_PASS)
		cs_buffer_printf(out, "  %s:%u:%u", plan->file, budget->line, budget->column);
	cs_buffer_putc(out, '\n');
	if (asserted->confirmation)
		put_confirmation(asserted, which, out);
	if (judgement->verdict != CS_VERDICT_FAIL)
		return;
	if (asserted->causes && asserted->causes[which].text)
		put_line(asserted->causes[which].label, asserted->causes[which].text, out);
	if (budget->why)
		put_line("why", budget->why, out);
	put_quarantine(cs_assert_quarantine(plan, asserted->function, budget), today, out);
}

const char *cs_assert_beside(const struct cs_asserted *asserted)
{
	return asserted->others ? cs_budget_against_name(asserted->beside) : NULL;
}

/* --- a start that came to nothing --- */

static const char *const waited_for[] = {
	[CS_READY_RESPONSE] = "an answer to its first event on $PORT",
	[CS_READY_LISTEN] = "it to listen on $PORT",
	[CS_READY_POLL] = "it to ask the Runtime API for an event and to answer it",
	[CS_READY_EXIT] = "it to end",
	[CS_READY_PATTERN] = "it to write its pattern",
};

/* What it was waited for, and what is probably wrong. */
static const char *never_ready(const struct cs_asserted *asserted, char *buf, size_t size)
{
	const struct cs_plan_function *function = asserted->function;
	const char *phase = asserted->failure.last_phase;
	struct cs_quantity limit = { CS_QUANTITY_DURATION, (double)function->sampling.timeout_ns };
	bool serves = function->ready == CS_READY_EXIT && phase && !strcmp(phase, "wait");
	char time[32];

	snprintf(buf, size, "it never became ready within %s (waited for %s%s)",
		 cs_quantity_format(limit, time, sizeof(time)), waited_for[function->ready],
		 serves ? "; of a server on $PORT write ready: first-response" : "");
	return buf;
}

static const char *unprepared(int status, char *buf, size_t size)
{
	static const char what[] = "its prepare command: ";
	bool killed = WIFSIGNALED(status);
	struct cs_outcome outcome = { killed ? CS_CAUSE_SIGNAL : CS_CAUSE_EXIT,
				      killed ? WTERMSIG(status) : WEXITSTATUS(status) };

	snprintf(buf, size, "%s", what);
	cs_outcome_text(outcome, buf + sizeof(what) - 1, size - sizeof(what) + 1);
	return buf;
}

static const char *failure_of(const struct cs_asserted *asserted, char *buf, size_t size)
{
	const struct cs_sampling_result *failure = &asserted->failure;
	struct cs_outcome outcome = { CS_CAUSE_EXIT, WEXITSTATUS(failure->status) };
	unsigned ready = asserted->function->ready;
	const char *why;
	size_t used;

	switch (failure->outcome) {
	case CS_SAMPLING_NEVER_READY:
		return never_ready(asserted, buf, size);
	case CS_SAMPLING_REFUSED:
		snprintf(buf, size, "its first event was answered with %d", failure->answer);
		return buf;
	case CS_SAMPLING_UNSEEN:
		return "nothing was seen inside of it; coldspan doctor says why";
	case CS_SAMPLING_UNPREPARED:
		return unprepared(failure->status, buf, size);
	case CS_SAMPLING_NOT_STARTED:
		return WEXITSTATUS(failure->status) == CS_EXIT_RUN_NOT_FOUND
			       ? "it could not be started: not found"
			       : "it could not be started";
	case CS_SAMPLING_ENDED:
	case CS_SAMPLING_DONE:
		break;
	}
	if (WIFSIGNALED(failure->status))
		outcome = (struct cs_outcome){ CS_CAUSE_SIGNAL, WTERMSIG(failure->status) };
	why = cs_outcome_text(outcome, buf, size);
	used = why ? strlen(why) : 0;
	if (used && ready != CS_READY_EXIT)
		snprintf(buf + used, size - used, " before it was ready (waited for %s)",
			 waited_for[ready]);
	return why;
}

void cs_assert_failure(const struct cs_asserted *asserted, struct cs_buffer *out)
{
	const struct cs_sampling_result *failure = &asserted->failure;
	char buf[256];
	const char *why = failure_of(asserted, buf, sizeof(buf));
	const char *beside = cs_assert_beside(asserted);

	if (asserted->other_failed)
		cs_buffer_printf(out, "the %s's ",
				 !beside                                    ? "baseline"
				 : asserted->beside == CS_AGAINST_UNWATCHED ? "unwatched function"
									    : beside);
	cs_buffer_printf(out, "start %u: %s", asserted->count + 1, why ? why : "it ended");
	if (failure->last_phase)
		cs_buffer_printf(out, ", in phase %s", failure->last_phase);
}

static void put_failure(const struct cs_plan *plan, const struct cs_asserted *asserted,
			const struct cs_terminal *terminal, struct cs_buffer *out)
{
	const struct cs_plan_function *function = asserted->function;
	const char *line = asserted->failure.tail.text;

	cs_buffer_printf(out, "  %s%-*s%s  ", terminal->colour ? "\x1b[31m" : "", LABEL_COLUMNS,
			 "NO DATA", terminal->colour ? "\x1b[0m" : "");
	cs_assert_failure(asserted, out);
	cs_buffer_printf(out, "  %s:%u:%u\n", plan->file, function->line, function->column);
	while (*line) {
		size_t len = strcspn(line, "\n");

		cs_buffer_printf(out, "    | %.*s\n", (int)len, line);
		line += len + (line[len] == '\n');
	}
	if (!asserted->other_failed)
		put_next(plan, asserted, out);
}

/* --- what the machine did --- */

static void put_share(struct cs_buffer *out, const char *what, double share)
{
	if (!isnan(share))
		cs_buffer_printf(out, "%s %.*f %%, ", what, share < 0.1, share * 100);
}

void cs_assert_runner(const struct cs_asserted *asserted, struct cs_buffer *out)
{
	const struct cs_noise_summary *noise = &asserted->noise;
	char text[32];

	if (!noise->count)
		return;
	put_share(out, "steal", noise->steal);
	put_share(out, "CPU pressure", noise->pressure);
	put_share(out, "held back by the CPU quota", noise->throttled);
	put_share(out, "page cache", noise->resident);
	if (!isnan(noise->load))
		cs_buffer_printf(out, "load %.1f, ", noise->load);
	if (!isnan(noise->switches))
		cs_buffer_printf(out, "%.1f switches and %.1f major faults a start, ",
				 noise->switches, noise->faults);
	cs_buffer_printf(out, "%u of %u starts disturbed", noise->disturbed, noise->count);
	if (noise->again)
		cs_buffer_printf(out, " (%u measured once more)", noise->again);
	if (noise->slow || noise->not_taken)
		cs_buffer_printf(out, ", %u of %u on a slow processor (%u more were not taken)",
				 noise->slow, noise->probed, noise->not_taken);
	if (!isnan(asserted->resolution))
		cs_buffer_printf(out, "; it proves >= %s of %s",
				 percent(asserted->resolution, text, sizeof(text)),
				 cs_metric_about(cs_asserted_whole(asserted)).name);
}

static void put_cold(const struct cs_asserted *asserted, struct cs_buffer *out)
{
	double cold = 1 - cs_samples_resident(asserted->own, asserted->count);

	if (isnan(cold))
		cs_buffer_puts(out,
			       "  how much of its files was out of the page cache is not known\n");
	else
		cs_buffer_printf(
			out,
			"  %.0f %% or more of its files was out of the page cache before each\n",
			floor(cold * 100));
}

void cs_assert_weaker(const struct cs_asserted *asserted, struct cs_buffer *out)
{
	if (!asserted->apart)
		return;
	cs_buffer_puts(out, "weaker than pairs: the baseline is of saved samples (");
	cs_put_plain(out, asserted->earlier ? asserted->earlier : "not told");
	cs_buffer_printf(out, "), and what grew by less than %.0f %% is not proved",
			 CS_JUDGE_APART * 100);
	if (!asserted->difference)
		return;
	cs_buffer_puts(out, "; it can only warn, since ");
	cs_put_plain(out, asserted->difference);
}

void cs_assert_starts(const struct cs_asserted *asserted, struct cs_buffer *out)
{
	const char *beside = cs_assert_beside(asserted);

	cs_buffer_printf(out, "%u cold start%s", asserted->count, asserted->count == 1 ? "" : "s");
	if (asserted->against_itself)
		cs_buffer_puts(out, ", each beside another of itself");
	else if (beside && asserted->beside == CS_AGAINST_UNWATCHED)
		cs_buffer_puts(out, ", each beside one without the shim");
	else if (asserted->apart)
		cs_buffer_printf(out, ", and %u of the %s that were made before", asserted->apart,
				 beside);
	else if (beside)
		cs_buffer_printf(out, ", each beside one of the %s", beside);
}

void cs_assert_text(const struct cs_plan *plan, const struct cs_asserted *asserted, unsigned today,
		    const struct cs_terminal *terminal, struct cs_buffer *out)
{
	const struct cs_plan_function *function = asserted->function;
	bool failed = false;

	cs_buffer_printf(out, "%s: ", function->name);
	cs_assert_starts(asserted, out);
	cs_buffer_putc(out, '\n');
	if (asserted->apart) {
		cs_buffer_puts(out, "  ");
		cs_assert_weaker(asserted, out);
		cs_buffer_putc(out, '\n');
	}
	if (function->sampling.evict)
		put_cold(asserted, out);
	if (asserted->failed) {
		put_failure(plan, asserted, terminal, out);
		return;
	}
	for (size_t i = 0; i < function->budgets_count; i++) {
		if (function->budgets[i].level != CS_LEVEL_OFF)
			put_budget(plan, asserted, i, today, terminal, out);
		failed |= function->budgets[i].level != CS_LEVEL_OFF &&
			  asserted->judgements[i].verdict == CS_VERDICT_FAIL;
	}
	if (failed)
		put_next(plan, asserted, out);
	if (!asserted->noise.count)
		return;
	cs_buffer_puts(out, "  runner: ");
	cs_assert_runner(asserted, out);
	cs_buffer_putc(out, '\n');
}

static void put_count(struct cs_buffer *out, unsigned count, const char *what)
{
	if (count)
		cs_buffer_printf(out, "%s%u %s", out->len ? ", " : "", count, what);
}

int cs_assert_exit_code(const struct cs_assert_tally *tally, bool strict)
{
	/* Never green without data: also where all that has none is excused. */
	if (tally->failures || tally->unseen || (tally->untold && !tally->judged))
		return CS_EXIT_NO_DATA;
	if (tally->exceeded)
		return CS_EXIT_OVER_BUDGET;
	return strict && (tally->doubtful || tally->unstable) ? CS_EXIT_INCONCLUSIVE : CS_EXIT_DONE;
}

void cs_assert_text_end(const struct cs_assert_tally *tally, struct cs_buffer *out)
{
	struct cs_buffer line = { 0 };

	put_count(&line, tally->exceeded, "exceeded");
	put_count(&line, tally->unseen, "without data");
	put_count(&line, tally->untold, "without data but excused");
	put_count(&line, tally->failures, "without a start");
	put_count(&line, tally->doubtful, "inconclusive");
	put_count(&line, tally->unstable, "unstable");
	put_count(&line, tally->excused, "exceeded but excused");
	put_count(&line, tally->kept, "kept");
	cs_buffer_printf(out, "budgets: %s\n", line.len ? line.data : "none");
	cs_buffer_deinit(&line);
}
