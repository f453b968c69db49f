/* SPDX-License-Identifier: Apache-2.0 */

/* One population of starts, or several; see joining.h. */
#include "agent/output/joining.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/same_text.h"

static bool has_run(const struct cs_origin *origin, const char *run)
{
	for (size_t i = 0; i < origin->runs_count; i++) {
		if (!strcmp(origin->runs[i], run))
			return true;
	}
	return false;
}

static bool share_a_run(const struct cs_origin *a, const struct cs_origin *b)
{
	for (size_t i = 0; i < b->runs_count; i++) {
		if (has_run(a, b->runs[i]))
			return true;
	}
	return false;
}

/* One population: the same program, on machines of one kind, measured in one way. */
static bool belong_together(const struct cs_result_function *function,
			    const struct cs_asserted *asserted, const struct cs_origin *origin)
{
	const struct cs_origin *own = &function->origin;

	return cs_host_same(&own->host, &origin->host) &&
	       cs_same_text(own->version, origin->version) &&
	       cs_same_text(own->commit, origin->commit) &&
	       own->against_itself == origin->against_itself &&
	       function->asserted.beside == asserted->beside && !function->asserted.apart &&
	       !asserted->apart && !strcmp(function->asserted.measured_as, asserted->measured_as);
}

static int append(struct cs_sample **to, uint32_t count, const struct cs_sample *from,
		  uint32_t added)
{
	struct cs_sample *grown = realloc(*to, ((size_t)count + added + 1) * sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	*to = grown;
	memcpy(grown + count, from, added * sizeof(*grown));
	return 0;
}

static int add_runs(struct cs_arena *arena, const char *in_force, struct cs_origin *to,
		    const struct cs_origin *from)
{
	size_t count = to->runs_count + from->runs_count;
	const char **runs = cs_arena_alloc(arena, count * sizeof(*runs));

	if (!runs)
		return -ENOMEM;
	memcpy(runs, to->runs, to->runs_count * sizeof(*runs));
	memcpy(runs + to->runs_count, from->runs, from->runs_count * sizeof(*runs));
	to->runs = runs;
	to->runs_count = count;
	if (strcmp(from->date, to->date) < 0)
		to->date = from->date;
	/* Of several the one that is not in force, if there is one, is told. */
	if (cs_same_text(to->config_hash, in_force))
		to->config_hash = from->config_hash;
	return 0;
}

static void add_files(struct cs_file_set *to, const struct cs_file_set *from)
{
	for (uint32_t i = 0; i < from->count; i++)
		cs_file_set_put(to, from->list[i].name, from->list[i].bytes);
	to->cut |= from->cut;
}

/* All of @more is behind what @asserted has, and its confirmation with that. */
static int add_samples(struct cs_asserted *asserted, struct cs_asserted *more)
{
	int r;

	if (more->count > CS_PLAN_RUNS_MAX - asserted->count)
		return -E2BIG;
	r = append(&asserted->own, asserted->count, more->own, more->count);
	if (r == 0 && more->others)
		r = append(&asserted->others, asserted->count, more->others, more->count);
	if (r < 0)
		return r;
	if (more->failed && !asserted->failed) {
		asserted->failed = true;
		asserted->other_failed = more->other_failed;
		asserted->failure = more->failure;
	}
	if (!asserted->forbidden[0])
		memcpy(asserted->forbidden, more->forbidden, sizeof(asserted->forbidden));
	add_files(&asserted->files, &more->files);
	add_files(&asserted->other_files, &more->other_files);
	asserted->count += more->count;
	if (more->looks > asserted->looks)
		asserted->looks = more->looks;
	if (!asserted->confirmation)
		asserted->confirmation = CS_TAKE_PTR(more->confirmation);
	return more->confirmation ? add_samples(asserted->confirmation, more->confirmation) : 0;
}

int cs_result_join(struct cs_result *result, struct cs_asserted *asserted,
		   const struct cs_origin *origin)
{
	struct cs_result_function *same = NULL;
	int r;

	for (size_t i = 0; i < result->count; i++) {
		struct cs_result_function *function = &result->functions[i];

		if (function->asserted.function != asserted->function)
			continue;
		if (share_a_run(&function->origin, origin))
			return -EEXIST;
		if (!same && belong_together(function, asserted, origin))
			same = function;
	}
	if (!same)
		return cs_result_add(result, asserted, origin);
	r = add_samples(&same->asserted, asserted);
	return r < 0 ? r : add_runs(&result->arena, result->plan->hash, &same->origin, origin);
}
