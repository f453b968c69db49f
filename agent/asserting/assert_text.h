/* SPDX-License-Identifier: Apache-2.0 */

/* What `coldspan assert` says to people. */
#pragma once

#include <stdbool.h>

#include "agent/asserting/asserting.h"
#include "agent/terminal.h"
#include "base/buffer.h"

/* How many budgets came out how. */
struct cs_assert_tally {
	unsigned kept;
	unsigned exceeded; /* of level error, not quarantined */
	unsigned excused;  /* exceeded, of a lower level or quarantined */
	unsigned doubtful; /* inconclusive, of level error */
	unsigned unstable; /* of level error */
	unsigned unseen;   /* no data, of level error */
	unsigned untold;   /* no data, and excused */
	unsigned judged;   /* of any level: with data */
	unsigned failures; /* functions of which a start came to nothing */
};

/** cs_assert_quarantine() - of a budget; NULL: it is in none, also not in one that is over. */
const struct cs_plan_quarantine *cs_assert_quarantine(const struct cs_plan *plan,
						      const struct cs_plan_function *function,
						      const struct cs_budget *budget);

/** cs_assert_quarantine_text() - "until 2026-12-31, #88", or "ended with 2026-12-31, #88". */
void cs_assert_quarantine_text(const struct cs_plan_quarantine *quarantine, unsigned today,
			       struct cs_buffer *out);

/** cs_assert_quarantined() - is its failing excused on @today (20261231)? */
bool cs_assert_quarantined(const struct cs_plan *plan, const struct cs_plan_function *function,
			   const struct cs_budget *budget, unsigned today);

/** cs_assert_label() - PASS, FAIL, WARN, INFO, QUARANTINED, INCONCLUSIVE, UNSTABLE or NO DATA */
const char *cs_assert_label(enum cs_budget_level level, enum cs_verdict verdict, bool quarantined);

/** cs_assert_value() - a value that the budget bounds, with its unit: "281 ms", "+3.2 %" */
void cs_assert_value(const struct cs_budget *budget, double value, struct cs_buffer *out);

/** cs_assert_evidence() - what was measured of a budget, with its bounds: half a line */
void cs_assert_evidence(const struct cs_budget *budget, const struct cs_judgement *judgement,
			struct cs_buffer *out);

/** cs_assert_beside() - what its starts were made beside: "baseline", "reference"; NULL: nothing */
const char *cs_assert_beside(const struct cs_asserted *asserted);

/** cs_assert_failure() - which start came to nothing, and how: half a line; of one that failed */
void cs_assert_failure(const struct cs_asserted *asserted, struct cs_buffer *out);

/** cs_assert_starts() - how many, and what they were made beside: half a line */
void cs_assert_starts(const struct cs_asserted *asserted, struct cs_buffer *out);

/** cs_assert_weaker() - of saved samples: that, and whose they are: half a line; else empty */
void cs_assert_weaker(const struct cs_asserted *asserted, struct cs_buffer *out);

/** cs_assert_runner() - what the machine did meanwhile: half a line; empty where nothing is known */
void cs_assert_runner(const struct cs_asserted *asserted, struct cs_buffer *out);

/** cs_assert_exit_code() - of all functions together, an enum cs_exit_code */
int cs_assert_exit_code(const struct cs_assert_tally *tally, bool strict);

/** cs_assert_count() - add a function's verdicts to @tally. */
void cs_assert_count(const struct cs_plan *plan, const struct cs_asserted *asserted, unsigned today,
		     struct cs_assert_tally *tally);

/** cs_assert_text() - a function and its budgets, a line each; of what failed, why. */
void cs_assert_text(const struct cs_plan *plan, const struct cs_asserted *asserted, unsigned today,
		    const struct cs_terminal *terminal, struct cs_buffer *out);

/** cs_assert_text_end() - the last line. */
void cs_assert_text_end(const struct cs_assert_tally *tally, struct cs_buffer *out);
