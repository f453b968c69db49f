/* SPDX-License-Identifier: Apache-2.0 */

/* Saved samples as a baseline; see earlier.h. */
#include "agent/output/earlier.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/asserting/measured_as.h"
#include "agent/output/result.h"
#include "agent/output/saved.h"
#include "base/buffer.h"
#include "coldspan_config.h"

/* --- is it of this machine, and measured in this way? --- */

static void put_difference(struct cs_buffer *out, const char *what, const char *there,
			   const char *here)
{
	if (strcmp(there, here) != 0)
		cs_buffer_printf(out, "%s%s %s there, %s here", out->len ? "; " : "", what,
				 *there ? there : "not told", *here ? here : "not told");
}

static void put_numbers(struct cs_buffer *out, const char *what, uint64_t there, uint64_t here)
{
	if (there != here)
		cs_buffer_printf(out, "%s%llu %s there, %llu here", out->len ? "; " : "",
				 (unsigned long long)there, what, (unsigned long long)here);
}

/* Return: NULL: as here. */
static const char *measured_otherwise(const char *there, const struct cs_plan_function *function)
{
	char here[CS_MEASURED_AS_BYTES];

	cs_measured_as(function, false, here);
	if (!strcmp(there, here))
		return NULL;
	cs_measured_as(function, true, here);
	if (!strcmp(there, here))
		return "its starts were made in pairs, which avoid slow processors unless "
		       "they say slow_processor: take";
	return "its ready, invoke, prepare, cache, processor, slow_processor or warm_events differ";
}

/* Return: nothing in @out where all is the same. */
static void find_difference(const struct cs_result_function *saved,
			    const struct cs_plan_function *function, struct cs_buffer *out)
{
	const struct cs_host *there = &saved->origin.host;
	const char *otherwise = measured_otherwise(saved->asserted.measured_as, function);
	struct cs_host here;

	cs_host_look(&here);
	put_difference(out, "kernel", there->kernel, here.kernel);
	put_difference(out, "machine", there->machine, here.machine);
	put_difference(out, "processor", there->processor, here.processor);
	put_numbers(out, "processors", there->cpus, here.cpus);
	if (!cs_host_same_memory(there, &here))
		put_numbers(out, "bytes of memory", there->memory_bytes, here.memory_bytes);
	if (*there->governor && *here.governor)
		put_difference(out, "frequency governor", there->governor, here.governor);
	if (*there->huge_pages && *here.huge_pages)
		put_difference(out, "transparent huge pages", there->huge_pages, here.huge_pages);
	if (*there->aslr && *here.aslr)
		put_difference(out, "random addresses (ASLR)", there->aslr, here.aslr);
	put_difference(out, "coldspan", saved->origin.version, CS_VERSION);
	if (otherwise)
		cs_buffer_printf(out, "%s%s", out->len ? "; " : "", otherwise);
}

/* --- the file --- */

static int check(const struct cs_result *past, const char *path, struct cs_diag *diag)
{
	const struct cs_asserted *asserted = &past->functions[0].asserted;

	if (past->count != 1)
		return cs_diag_set(diag, -EINVAL,
				   "%s has samples of it from %zu machines, commits or ways to "
				   "measure; write those of one",
				   path, past->count);
	if (asserted->failed)
		return cs_diag_set(diag, -ENODATA, "%s: a start of it came to nothing there", path);
	if (!asserted->count)
		return cs_diag_set(diag, -ENODATA, "%s has no samples of it", path);
	return 0;
}

static int take(struct cs_earlier *earlier, struct cs_result *past, const char *path,
		const struct cs_plan_function *function, struct cs_diag *diag)
{
	struct cs_result_function *saved = &past->functions[0];
	struct cs_asserting_earlier *grown, item = { .function = function };
	const char *commit = saved->origin.commit;
	struct cs_buffer difference = { 0 };
	int r = 0;

	find_difference(saved, function, &difference);
	if (difference.len && !function->baseline.differs_warns)
		r = cs_diag_set(diag, -EINVAL,
				"%s was not measured as here: %s; measure it here, or write "
				"if_different: warn, and it can only warn",
				path, difference.data);
	if (r == 0 && difference.len)
		item.difference =
			cs_arena_strndup(&earlier->arena, difference.data, difference.len);
	item.from = cs_arena_printf(&earlier->arena, "%s, %s%s%s", path, saved->origin.date,
				    commit ? ", commit " : "", commit ? commit : "");
	if (r == 0 && (!item.from || (difference.len && !item.difference) || difference.failed))
		r = -ENOMEM;
	cs_buffer_deinit(&difference);
	if (r < 0)
		return r;
	grown = realloc(earlier->items, (earlier->count + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	earlier->items = grown;
	item.count = saved->asserted.count;
	item.samples = CS_TAKE_PTR(saved->asserted.own);
	grown[earlier->count++] = item;
	return 0;
}

static int read_file(struct cs_earlier *earlier, const struct cs_plan *plan, const char *path,
		     const struct cs_plan_function *function, struct cs_diag *diag)
{
	char *names[] = { NULL };
	struct cs_result past;
	int r;

	/* Names of functions to keep are argv's words elsewhere; nobody changes them. */
	memcpy(&names[0], &function->name, sizeof(names[0]));
	cs_result_init(&past, plan, false);
	past.only = function;
	r = cs_saved_read(&past, &path, 1, names, 1, diag);
	if (r == 0)
		r = check(&past, path, diag);
	if (r == 0)
		r = take(earlier, &past, path, function, diag);
	cs_result_deinit(&past);
	return r;
}

void cs_earlier_init(struct cs_earlier *earlier)
{
	*earlier = (struct cs_earlier){ .count = 0 };
	cs_arena_init(&earlier->arena, 0);
}

int cs_earlier_read(struct cs_earlier *earlier, const struct cs_plan *plan,
		    const struct cs_plan_function *function, const char *folder,
		    struct cs_diag *diag)
{
	const struct cs_plan_baseline *baseline = &function->baseline;
	const char *path;
	int r;

	if (baseline->kind != CS_BASELINE_FILE || function->beside != CS_AGAINST_BASELINE)
		return 0;
	path = *baseline->ref == '/'
		       ? baseline->ref
		       : cs_arena_printf(&earlier->arena, "%s/%s", folder, baseline->ref);
	r = path ? read_file(earlier, plan, path, function, diag) : -ENOMEM;
	if (r < 0 && r != -ENOMEM) {
		diag->file = plan->file;
		diag->line = baseline->line;
		diag->column = baseline->column;
	}
	return r;
}

void cs_earlier_deinit(struct cs_earlier *earlier)
{
	for (size_t i = 0; i < earlier->count; i++)
		free(earlier->items[i].samples);
	free(earlier->items);
	cs_arena_deinit(&earlier->arena);
	*earlier = (struct cs_earlier){ 0 };
}
