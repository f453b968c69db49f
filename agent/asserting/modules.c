/* SPDX-License-Identifier: Apache-2.0 */

/* Modules of a start; see modules.h. */
#include "agent/asserting/modules.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/asserting/module_name.h"
#include "base/fingerprint.h"

#define TABLE (2 * CS_MODULES_MOST)

static struct cs_modules_of *of_process(struct cs_modules *modules, uint64_t segment)
{
	struct cs_modules_of *one;

	for (unsigned i = 0; i < modules->count; i++) {
		if (modules->list[i].segment == segment)
			return &modules->list[i];
	}
	if (modules->count == CS_MODULES_PROCESSES)
		return NULL;
	one = &modules->list[modules->count];
	*one = (struct cs_modules_of){ .segment = segment };
	modules->count++;
	return one;
}

/* Of some hundred names two that are taken for one would be chance in 10^14. */
static uint64_t hash_of(const char *text)
{
	uint64_t hash = cs_fingerprint_add(CS_FINGERPRINT_NONE, text, strlen(text));

	return hash ? hash : 1;
}

/* Return: false: it was there. */
static bool put(struct cs_modules_of *one, const char *name)
{
	uint64_t hash = hash_of(name);
	size_t at = hash % TABLE;

	if (!one->seen)
		one->seen = calloc(TABLE, sizeof(*one->seen));
	if (!one->seen)
		one->opens = 0; /* which is never complete */
	if (!one->seen || one->count == CS_MODULES_MOST)
		return false;
	while (one->seen[at] && one->seen[at] != hash)
		at = (at + 1) % TABLE;
	if (one->seen[at])
		return false;
	one->seen[at] = hash;
	one->count++;
	return true;
}

void cs_modules_add(struct cs_modules *modules, const struct cs_opened_file *file)
{
	struct cs_modules_of *one = of_process(modules, file->identity->segment);
	struct cs_module_name name;

	if (!one)
		return;
	one->opens += !file->by_loader;
	if (cs_module_name(file->path, modules->folder, &name) < 0 || !put(one, name.text))
		return;
	for (size_t i = 0; i < modules->forbid_count; i++) {
		if (!cs_module_matches(&name, modules->forbid[i]))
			continue;
		if (!one->forbidden++)
			snprintf(one->found, sizeof(one->found), "%.120s (%s)", name.text,
				 file->path);
		return;
	}
}

static uint64_t opens_of(const struct cs_cold_start *cold)
{
	static const unsigned facts[] = { CS_FACT_OPENS_USER, CS_FACT_OPENS_DEPENDENCY,
					  CS_FACT_OPENS_RUNTIME, CS_FACT_OPENS_NATIVE,
					  CS_FACT_OPENS_OTHER };
	uint64_t sum = 0;

	for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++)
		sum += cold->facts[facts[i]];
	return sum;
}

void cs_modules_fill(const struct cs_modules *modules, const struct cs_cold_start *cold,
		     struct cs_sample *sample, char *ret_found)
{
	static const struct cs_modules_of none;
	const struct cs_modules_of *one = &none;
	bool complete;

	for (unsigned i = 0; i < modules->count; i++) {
		if (modules->list[i].segment == cold->identity->segment)
			one = &modules->list[i];
	}
	/* Records that found no room, or were one too many, may have been of anything. */
	complete = one->opens >= opens_of(cold) && one->count < CS_MODULES_MOST;
	sample->values[CS_METRIC_MODULES] = complete ? one->count : (double)NAN;
	sample->values[CS_METRIC_FORBIDDEN] =
		complete || one->forbidden ? one->forbidden : (double)NAN;
	memcpy(ret_found, one->found, sizeof(one->found));
}

void cs_modules_deinit(struct cs_modules *modules)
{
	for (unsigned i = 0; i < modules->count; i++)
		free(modules->list[i].seen);
	modules->count = 0;
}
