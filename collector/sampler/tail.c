/* SPDX-License-Identifier: Apache-2.0 */

/* Tail rules; see tail.h. */
#include "collector/sampler/tail.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/sampler/probability.h"

#define TEXT_MAX 128u

static int parse_count(const char *text, unsigned *ret)
{
	unsigned long n;
	char *end;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	n = strtoul(text, &end, 10);
	if (*end || n > CS_TAIL_SLOWEST_MAX)
		return -EINVAL;
	*ret = (unsigned)n;
	return 0;
}

static int parse_rule(const char *word, struct cs_diag *diag, struct cs_tail_rules *tail)
{
	if (!strcmp(word, "cold"))
		tail->cold = true;
	else if (!strcmp(word, "timeouts"))
		tail->timeouts = true;
	else if (!strcmp(word, "errors"))
		tail->errors = true;
	else if (!strncmp(word, "slowest=", 8) && parse_count(word + 8, &tail->slowest) == 0)
		return 0;
	else if (!strncmp(word, "ratio=", 6) && cs_probability_parse(word + 6, &tail->ratio) == 0)
		return 0;
	else
		return cs_diag_set(diag, -EINVAL,
				   "\"%s\" is none of cold, timeouts, errors, slowest=N (up to %u) "
				   "and ratio=R (0 to 1)",
				   word, CS_TAIL_SLOWEST_MAX);
	return 0;
}

int cs_tail_parse(const char *text, struct cs_diag *diag, struct cs_tail_rules *ret)
{
	struct cs_tail_rules tail = { .asked = true };
	char words[TEXT_MAX], *word = words, *comma;

	if (strlen(text) >= sizeof(words))
		return cs_diag_set(diag, -EINVAL, "that is too long to be tail rules");
	memcpy(words, text, strlen(text) + 1);
	for (; word; word = comma ? comma + 1 : NULL) {
		int r;

		comma = strchr(word, ',');
		if (comma)
			*comma = '\0';
		r = parse_rule(word, diag, &tail);
		if (r < 0)
			return r;
	}
	*ret = tail;
	return 0;
}

const char *cs_tail_text(const struct cs_tail_rules *tail, char *buf, size_t size)
{
	char slowest[24] = "";

	if (!tail->asked)
		return "everything";
	if (tail->slowest)
		snprintf(slowest, sizeof(slowest), "slowest=%u,", tail->slowest);
	snprintf(buf, size, "%s%s%s%sratio=%g", tail->cold ? "cold," : "",
		 tail->timeouts ? "timeouts," : "", tail->errors ? "errors," : "", slowest,
		 tail->ratio);
	return buf;
}

const char *cs_tail_rule_name(enum cs_tail_rule rule)
{
	static const char *const names[CS_TAIL_RULE_COUNT] = {
		[CS_TAIL_COLD] = "cold",       [CS_TAIL_TIMEOUT] = "timeouts",
		[CS_TAIL_ERROR] = "errors",    [CS_TAIL_TRACE] = "trace",
		[CS_TAIL_SLOWEST] = "slowest", [CS_TAIL_RATIO] = "ratio",
	};

	return names[rule];
}

bool cs_tail_ratio(const struct cs_tail_rules *tail, uint64_t randomness, uint64_t *threshold)
{
	uint64_t own = cs_threshold_of(tail->ratio, CS_THRESHOLD_PRECISION);

	if (randomness < own)
		return false;
	if (own > *threshold)
		*threshold = own;
	return true;
}
