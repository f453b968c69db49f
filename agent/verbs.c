/* SPDX-License-Identifier: Apache-2.0 */

/* The table of subcommands; see verbs.h. */
#include "agent/verbs.h"

#include <string.h>

#include "agent/exit_codes.h"
#include "base/log.h"
#include "base/output.h"
#include "base/suggest.h"

static const struct cs_verb verbs[] = {
#define X(name, summary) { #name, summary, cs_cmd_##name },
	CS_VERBS(X)
#undef X
};

#define VERBS_COUNT (sizeof(verbs) / sizeof(verbs[0]))

const struct cs_verb *cs_verbs(size_t *ret_count)
{
	*ret_count = VERBS_COUNT;
	return verbs;
}

const struct cs_verb *cs_verb_find(const char *typed)
{
	const char *names[VERBS_COUNT], *near;

	for (size_t i = 0; i < VERBS_COUNT; i++) {
		if (!strcmp(verbs[i].name, typed))
			return &verbs[i];
		names[i] = verbs[i].name;
	}
	near = cs_suggest(typed, names, VERBS_COUNT);
	if (near)
		cs_log(CS_LOG_ERROR, "unknown command \"%s\"; did you mean \"%s\"?", typed, near);
	else
		cs_log(CS_LOG_ERROR, "unknown command \"%s\"; see coldspan --help", typed);
	return NULL;
}

/* run passes its command's status on, and looks after its own words. */
int cs_verb_call(const struct cs_verb *verb, int argc, char **argv)
{
	int code = verb->run(argc, argv);

	return verb->run == cs_cmd_run ? code : cs_output_finish(code, CS_EXIT_FAILED);
}
