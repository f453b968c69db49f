/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Reading coldspan.assert/v1; see json.h. Only what was measured is taken: which budgets there were, and what
 * was said of them then, is not looked at.
 */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "agent/budget/cost.h"
#include "agent/budget/metric.h"
#include "agent/output/joining.h"
#include "agent/output/json.h"
#include "base/suggest.h"
#include "base/utf8.h"

#define NUMBER_MAX 1e18
#define RUNS_MAX   1024u

static const char script_begin[] = "<script type=\"application/json\" id=\"coldspan\">";

struct reading {
	struct cs_result *result;
	const char *file;
	struct cs_diag *diag;
	const char *function; /* whose part is read; NULL: none's yet */
};

static int fail(const struct reading *reading, int code, const char *what, const char *which)
{
	return cs_diag_set(reading->diag, code, "%s: %s%s%s%s", reading->file,
			   reading->function ? reading->function : "",
			   reading->function ? ": " : "", what, which);
}

/* --- values of a known type, or the word that they are not --- */

static const json_t *member(const struct reading *reading, const json_t *object, const char *name,
			    json_type type)
{
	const json_t *value = json_object_get(object, name);

	if (value && json_typeof(value) == type)
		return value;
	fail(reading, -EINVAL, value ? "of the wrong type: " : "missing: ", name);
	return NULL;
}

static int take_flag(const struct reading *reading, const json_t *object, const char *name,
		     bool *ret)
{
	const json_t *value = json_object_get(object, name);

	if (!json_is_boolean(value))
		return fail(reading, -EINVAL, "neither true nor false: ", name);
	*ret = json_is_true(value);
	return 0;
}

static int take_integer(const struct reading *reading, const json_t *object, const char *name,
			json_int_t least, json_int_t most, json_int_t *ret)
{
	const json_t *value = member(reading, object, name, JSON_INTEGER);

	if (!value)
		return -EINVAL;
	*ret = json_integer_value(value);
	if (*ret < least || *ret > most)
		return fail(reading, -EINVAL, "out of range: ", name);
	return 0;
}

/* @ret: of the result's arena */
static int take_text(const struct reading *reading, const json_t *object, const char *name,
		     size_t most, const char **ret)
{
	const json_t *value = member(reading, object, name, JSON_STRING);
	const char *copy;

	if (!value)
		return -EINVAL;
	if (json_string_length(value) > most)
		return fail(reading, -EINVAL, "too long: ", name);
	copy = cs_arena_strndup(&reading->result->arena, json_string_value(value),
				json_string_length(value));
	if (!copy)
		return -ENOMEM;
	*ret = copy;
	return 0;
}

static int take_text_or_null(const struct reading *reading, const json_t *object, const char *name,
			     size_t most, const char **ret)
{
	if (!json_is_null(json_object_get(object, name)))
		return take_text(reading, object, name, most, ret);
	*ret = NULL;
	return 0;
}

/* --- where samples come from --- */

static int take_host(const struct reading *reading, const json_t *json, struct cs_host *host)
{
	const char *kernel = "", *machine = "", *processor = "";
	const char *governor = "", *huge_pages = "", *aslr = "";
	json_int_t cpus, memory_bytes, cpus_online = 0;

	if (!json || take_text(reading, json, "kernel", sizeof(host->kernel) - 1, &kernel) ||
	    take_text(reading, json, "machine", sizeof(host->machine) - 1, &machine) ||
	    take_text(reading, json, "processor", sizeof(host->processor) - 1, &processor) ||
	    take_integer(reading, json, "cpus", 0, UINT32_MAX, &cpus) ||
	    take_integer(reading, json, "memory_bytes", 0, INT64_MAX, &memory_bytes))
		return -EINVAL;
	/* Documents of earlier versions have none of these. */
	if (json_object_get(json, "governor") &&
	    (take_text(reading, json, "governor", sizeof(host->governor) - 1, &governor) ||
	     take_text(reading, json, "huge_pages", sizeof(host->huge_pages) - 1, &huge_pages) ||
	     take_integer(reading, json, "cpus_online", 0, UINT32_MAX, &cpus_online)))
		return -EINVAL;
	if (json_object_get(json, "aslr") &&
	    take_text(reading, json, "aslr", sizeof(host->aslr) - 1, &aslr))
		return -EINVAL;
	*host = (struct cs_host){ .cpus = (uint32_t)cpus,
				  .cpus_online = (uint32_t)cpus_online,
				  .memory_bytes = (uint64_t)memory_bytes };
	snprintf(host->governor, sizeof(host->governor), "%s", governor);
	snprintf(host->huge_pages, sizeof(host->huge_pages), "%s", huge_pages);
	snprintf(host->aslr, sizeof(host->aslr), "%s", aslr);
	snprintf(host->kernel, sizeof(host->kernel), "%s", kernel);
	snprintf(host->machine, sizeof(host->machine), "%s", machine);
	snprintf(host->processor, sizeof(host->processor), "%s", processor);
	return 0;
}

static int take_runs(const struct reading *reading, const json_t *runs, struct cs_origin *origin)
{
	size_t count = runs ? json_array_size(runs) : 0;

	if (!runs)
		return -EINVAL;
	if (!count || count > RUNS_MAX)
		return fail(reading, -EINVAL, "no run, or too many: ", "runs");
	origin->runs = cs_arena_alloc(&reading->result->arena, count * sizeof(*origin->runs));
	if (!origin->runs)
		return -ENOMEM;
	for (; origin->runs_count < count; origin->runs_count++) {
		const json_t *run = json_array_get(runs, origin->runs_count);

		if (!json_is_string(run) || !json_string_length(run))
			return fail(reading, -EINVAL, "no name of a run: ", "runs");
		origin->runs[origin->runs_count] = cs_arena_strndup(
			&reading->result->arena, json_string_value(run), json_string_length(run));
		if (!origin->runs[origin->runs_count])
			return -ENOMEM;
	}
	return 0;
}

/* "2026-11-21T23:16:09Z" */
static int check_date(const struct reading *reading, const char *date)
{
	static const char shape[] = "0000-00-00T00:00:00Z";
	size_t i = 0;

	while (shape[i] &&
	       (shape[i] == '0' ? date[i] >= '0' && date[i] <= '9' : date[i] == shape[i]))
		i++;
	return shape[i] || date[i] ? fail(reading, -EINVAL, "no such date: ", date) : 0;
}

static int take_origin(const struct reading *reading, const json_t *json, struct cs_origin *origin)
{
	int r;

	*origin = (struct cs_origin){ .file = reading->file, .date = "" };
	if (!json)
		return -EINVAL;
	r = take_host(reading, member(reading, json, "host", JSON_OBJECT), &origin->host);
	if (r == 0)
		r = take_text(reading, json, "coldspan_version", 64, &origin->version);
	if (r == 0)
		r = take_text_or_null(reading, json, "commit", 256, &origin->commit);
	if (r == 0 && json_object_get(json, "config_hash"))
		r = take_text_or_null(reading, json, "config_hash", CS_FINGERPRINT_BYTES - 1,
				      &origin->config_hash);
	if (r == 0)
		r = take_text(reading, json, "date", 64, &origin->date);
	if (r == 0)
		r = check_date(reading, origin->date);
	if (r == 0)
		r = take_flag(reading, json, "against_itself", &origin->against_itself);
	return r ? r : take_runs(reading, member(reading, json, "runs", JSON_ARRAY), origin);
}

/* --- samples --- */

/* Names of the columns of one kind of numbers in a sample, and where they stand in it. */
struct columns {
	const char *(*key)(unsigned which, char buf[CS_RESULT_KEY_BYTES]);
	unsigned count;
	size_t offset;
};

static const struct columns metrics = { cs_result_json_key, CS_METRIC_COUNT,
					offsetof(struct cs_sample, values) };
static const struct columns noises = { cs_result_json_noise_key, CS_NOISE_COUNT,
				       offsetof(struct cs_sample, noise.values) };

static double *number_at(struct cs_sample *sample, const struct columns *columns, unsigned which)
{
	return (double *)(void *)((char *)sample + columns->offset) + which;
}

static int take_column(const struct reading *reading, const struct columns *columns,
		       const char *key, const json_t *column, struct cs_sample *samples,
		       uint32_t count)
{
	char buf[CS_RESULT_KEY_BYTES];
	unsigned which = 0;

	while (which < columns->count && strcmp(columns->key(which, buf), key) != 0)
		which++;
	if (which == columns->count)
		return fail(reading, -EINVAL, "this coldspan does not know the metric ", key);
	if (!json_is_array(column) || json_array_size(column) != count)
		return fail(reading, -EINVAL, "not one number a start: ", key);
	for (uint32_t i = 0; i < count; i++) {
		const json_t *value = json_array_get(column, i);
		double number = json_number_value(value);

		if (json_is_null(value))
			continue;
		if (!json_is_number(value) || !(fabs(number) <= NUMBER_MAX))
			return fail(reading, -EINVAL, "neither a number nor null: ", key);
		*number_at(&samples[i], columns, which) = number;
	}
	return 0;
}

static int take_again(const struct reading *reading, const json_t *column,
		      struct cs_sample *samples, uint32_t count)
{
	if (!json_is_array(column) || json_array_size(column) != count)
		return fail(reading, -EINVAL, "not one answer a start: ", "again");
	for (uint32_t i = 0; i < count; i++) {
		const json_t *value = json_array_get(column, i);

		if (!json_is_boolean(value))
			return fail(reading, -EINVAL, "neither true nor false: ", "again");
		samples[i].noise.again = json_is_true(value);
	}
	return 0;
}

static int take_columns(const struct reading *reading, const struct columns *columns,
			const json_t *json, struct cs_sample *samples, uint32_t count)
{
	const char *key;
	json_t *column;

	if (!json)
		return -EINVAL;
	json_object_foreach((json_t *)(uintptr_t)json, key, column)
	{
		int r = columns == &noises && !strcmp(key, "again")
				? take_again(reading, column, samples, count)
				: take_column(reading, columns, key, column, samples, count);

		if (r < 0)
			return r;
	}
	return 0;
}

/* @ret: its own, also after a failure. */
static int take_samples(const struct reading *reading, const json_t *json, const char *samples_name,
			const char *noise_name, uint32_t count, struct cs_sample **ret)
{
	struct cs_sample *samples = calloc(count + 1, sizeof(*samples));
	int r;

	*ret = samples;
	if (!samples)
		return -ENOMEM;
	for (uint32_t i = 0; i < count; i++)
		cs_sample_clear(&samples[i]);
	r = take_columns(reading, &metrics, member(reading, json, samples_name, JSON_OBJECT),
			 samples, count);
	return r < 0 ? r
		     : take_columns(reading, &noises,
				    member(reading, json, noise_name, JSON_OBJECT), samples, count);
}

/* --- a start that came to nothing --- */

static int take_outcome(const struct reading *reading, const char *name,
			enum cs_sampling_outcome *ret)
{
	static const struct {
		const char *name;
		enum cs_sampling_outcome outcome;
	} outcomes[] = {
		{ "never_ready", CS_SAMPLING_NEVER_READY },
		{ "ended", CS_SAMPLING_ENDED },
		{ "refused", CS_SAMPLING_REFUSED },
		{ "unseen", CS_SAMPLING_UNSEEN },
		{ "not_started", CS_SAMPLING_NOT_STARTED },
		{ "unprepared", CS_SAMPLING_UNPREPARED },
	};

	for (size_t i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]); i++) {
		if (!strcmp(outcomes[i].name, name)) {
			*ret = outcomes[i].outcome;
			return 0;
		}
	}
	return fail(reading, -EINVAL, "unknown outcome ", name);
}

/* One that there is, or none. */
static int take_phase(const struct reading *reading, const json_t *json, const char **ret)
{
	const char *name = NULL;
	int r = take_text_or_null(reading, json, "last_phase", 64, &name);

	if (r < 0 || !name)
		return r;
	for (unsigned i = 0; i < CS_PHASE_COUNT; i++) {
		if (!strcmp(name, cs_phase_name(i))) {
			*ret = cs_phase_name(i);
			return 0;
		}
	}
	return fail(reading, -EINVAL, "no phase: ", name);
}

static int take_failure(const struct reading *reading, const json_t *json,
			struct cs_asserted *asserted)
{
	struct cs_sampling_result *failure = &asserted->failure;
	const char *outcome = "", *tail = "";
	json_int_t status = 0, answer = 0;
	int r;

	if (json_is_null(json))
		return 0;
	if (!json_is_object(json))
		return fail(reading, -EINVAL, "neither an object nor null: ", "failure");
	asserted->failed = true;
	r = take_flag(reading, json, "of_baseline", &asserted->other_failed);
	if (r == 0)
		r = take_text(reading, json, "outcome", 32, &outcome);
	if (r == 0)
		r = take_outcome(reading, outcome, &failure->outcome);
	if (r == 0)
		r = take_integer(reading, json, "wait_status", 0, 0xffff, &status);
	if (r == 0)
		r = take_integer(reading, json, "http_status", 0, 999, &answer);
	if (r == 0)
		r = take_phase(reading, json, &failure->last_phase);
	if (r == 0)
		r = take_text(reading, json, "output_tail", CS_TAIL_BYTES, &tail);
	if (r < 0)
		return r;
	failure->status = (int)status;
	failure->answer = (int)answer;
	cs_tail_add(&failure->tail, tail, strlen(tail));
	cs_tail_settle(&failure->tail);
	return 0;
}

/* --- files --- */

static int take_bytes(const struct reading *reading, const json_t *json,
		      struct cs_asserted *asserted)
{
	const char *name;
	json_t *bytes;

	if (!json)
		return -EINVAL;
	json_object_foreach((json_t *)(uintptr_t)json, name, bytes)
	{
		json_int_t size = json_integer_value(bytes);

		if (!json_is_integer(bytes) || size < 0)
			return fail(reading, -EINVAL, "no size in bytes: ", "files");
		cs_file_set_put(&asserted->files, name, (uint64_t)size);
	}
	return 0;
}

/* @json: null where there are no pairs */
static int take_names(const struct reading *reading, const json_t *json, struct cs_file_set *set)
{
	if (json_is_null(json))
		return 0;
	for (size_t i = 0; i < json_array_size(json); i++) {
		const char *name = json_string_value(json_array_get(json, i));

		if (!name)
			return fail(reading, -EINVAL, "no name of a file: ", "files");
		cs_file_set_put(set, name, 0);
	}
	return json_is_array(json) ? 0 : fail(reading, -EINVAL, "no names: ", "files");
}

/* The others have what is gone, and of its own what is not new. */
static int take_files(const struct reading *reading, const json_t *json,
		      struct cs_asserted *asserted)
{
	struct cs_file_set news = { 0 }, *others = &asserted->other_files;
	bool cut = false, others_cut = false;
	int r;

	/* Documents of earlier versions have none. */
	if (!json || json_is_null(json))
		return 0;
	r = take_bytes(reading, member(reading, json, "bytes", JSON_OBJECT), asserted);
	if (r == 0)
		r = take_flag(reading, json, "cut", &cut);
	if (r == 0)
		r = take_flag(reading, json, "others_cut", &others_cut);
	if (r == 0)
		r = take_names(reading, json_object_get(json, "gone"), others);
	if (r == 0)
		r = take_names(reading, json_object_get(json, "new"), &news);
	for (uint32_t i = 0; r == 0 && asserted->others && i < asserted->files.count; i++) {
		const struct cs_named_file *file = &asserted->files.list[i];

		if (!cs_file_set_has(&news, file->name))
			cs_file_set_put(others, file->name, file->bytes);
	}
	cs_file_set_deinit(&news);
	asserted->files.cut |= cut;
	others->cut |= others_cut;
	return r;
}

/* --- a function --- */

static const struct cs_plan_function *planned(const struct reading *reading, const char *name)
{
	const struct cs_plan *plan = reading->result->plan;
	const struct cs_plan_function *found = cs_plan_find(plan, name);
	const char *near = NULL;

	if (found)
		return found;
	for (size_t i = 0; i < plan->functions_count && !near; i++)
		near = cs_suggest(name, &plan->functions[i].name, 1);
	cs_diag_set(reading->diag, -ENOENT, "%s: %s has no function \"%s\"%s%s%s", reading->file,
		    plan->file, name, near ? "; it has \"" : "", near ? near : "",
		    near ? "\"" : "");
	return NULL;
}

/* A baseline that was measured before has a number of its own. */
static int take_saved(const struct reading *reading, const json_t *json,
		      struct cs_asserted *asserted)
{
	const json_t *saved = json_object_get(json, "baseline_saved");
	json_int_t count = 0;
	int r;

	if (!saved || json_is_null(saved))
		return 0;
	if (asserted->beside != CS_AGAINST_BASELINE)
		return fail(reading, -EINVAL, "not of a baseline: ", "baseline_saved");
	r = take_integer(reading, saved, "starts", 1, CS_PLAN_RUNS_MAX, &count);
	if (r == 0)
		r = take_text_or_null(reading, saved, "from", 4096, &asserted->earlier);
	if (r == 0)
		r = take_text_or_null(reading, saved, "difference", 4096, &asserted->difference);
	asserted->apart = (uint32_t)count;
	/* Whether such may be compared with is for the plan in force to say. */
	if (r == 0 && asserted->difference && asserted->function->beside == CS_AGAINST_BASELINE &&
	    !asserted->function->baseline.differs_warns)
		return fail(reading, -EINVAL,
			    "its baseline was not measured as it was, and may only warn (write "
			    "if_different: warn): ",
			    asserted->difference);
	return r;
}

/* What was made beside them must be what the plan compares with, if it compares. */
static int take_others(const struct reading *reading, const json_t *json,
		       struct cs_asserted *asserted)
{
	static const enum cs_budget_against kinds[] = { CS_AGAINST_BASELINE, CS_AGAINST_REFERENCE,
							CS_AGAINST_UNWATCHED };
	enum cs_budget_against wanted = asserted->function->beside;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const struct cs_result_others_keys keys = cs_result_json_others(kinds[i]);
		const json_t *others = json_object_get(json, keys.samples);
		int r;

		if (!others || json_is_null(others))
			continue;
		if (wanted && wanted != kinds[i])
			return fail(reading, -EINVAL,
				    "coldspan.yaml compares with something else than these ",
				    keys.samples);
		if (asserted->others)
			return fail(reading, -EINVAL, "one too many: ", keys.samples);
		asserted->beside = kinds[i];
		r = take_saved(reading, json, asserted);
		if (r < 0)
			return r;
		r = take_samples(reading, json, keys.samples, keys.noise,
				 asserted->apart ? asserted->apart : asserted->count,
				 &asserted->others);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Prices are of the plan in force, as budgets are. */
static void fill_cost(struct cs_asserted *asserted)
{
	uint32_t others = cs_asserted_others_count(asserted);

	for (uint32_t i = 0; asserted->function->cost && i < asserted->count; i++)
		cs_cost_fill(asserted->function->cost, &asserted->own[i]);
	for (uint32_t i = 0; asserted->function->cost && i < others; i++)
		cs_cost_fill(asserted->function->cost, &asserted->others[i]);
}

static int take_measured(const struct reading *reading, const json_t *json,
			 struct cs_asserted *asserted)
{
	const char *forbidden = "", *method = "";
	json_int_t count = 0, looks = 0;
	int r = take_integer(reading, json, "starts", 0, CS_PLAN_RUNS_MAX, &count);

	if (r == 0)
		r = take_integer(reading, json, "looks", 1, 100, &looks);
	if (r == 0)
		r = take_failure(reading, json_object_get(json, "failure"), asserted);
	if (r == 0 && json_object_get(json, "measured_as"))
		r = take_text(reading, json, "measured_as", CS_MEASURED_AS_BYTES - 1, &method);
	if (r == 0)
		r = take_text(reading, json, "forbidden", sizeof(asserted->forbidden) - 1,
			      &forbidden);
	if (r < 0)
		return r;
	cs_utf8_repair(asserted->forbidden, sizeof(asserted->forbidden), forbidden,
		       strlen(forbidden), NULL);
	cs_utf8_strip_control(asserted->forbidden);
	asserted->count = (uint32_t)count;
	asserted->looks = (uint32_t)looks;
	memcpy(asserted->measured_as, method, strlen(method) + 1);
	r = take_samples(reading, json, "samples", "noise", asserted->count, &asserted->own);
	if (r == 0)
		r = take_others(reading, json, asserted);
	if (r == 0)
		fill_cost(asserted);
	asserted->judgements =
		calloc(asserted->function->budgets_count + 1, sizeof(*asserted->judgements));
	return r < 0 ? r : asserted->judgements ? 0 : -ENOMEM;
}

/* What was measured once more, in the same way; null where it was not. */
static int take_asserted(const struct reading *reading, const json_t *json,
			 struct cs_asserted *asserted)
{
	const json_t *again = json_object_get(json, "confirmation");
	struct cs_asserted *second;
	int r = take_measured(reading, json, asserted);

	if (r == 0)
		r = take_files(reading, json_object_get(json, "files"), asserted);
	if (r < 0 || !again || json_is_null(again))
		return r;
	asserted->confirmation = second = calloc(1, sizeof(*second));
	if (!second)
		return -ENOMEM;
	second->function = asserted->function;
	second->confirming = true;
	r = json_is_object(again) ? take_measured(reading, again, second) : -EINVAL;
	if (r == 0 && second->beside == asserted->beside && second->apart == asserted->apart)
		return 0;
	return fail(reading, r < 0 ? r : -EINVAL,
		    "not measured as the first time: ", "confirmation");
}

static int place(const struct reading *reading, struct cs_asserted *asserted,
		 const struct cs_origin *origin)
{
	int r = cs_result_join(reading->result, asserted, origin);

	if (r == -EEXIST)
		return fail(reading, r, "its starts are counted already", "");
	return r == -E2BIG ? fail(reading, r, "too many starts in all", "") : r;
}

static int take_function(struct reading *reading, const json_t *json)
{
	struct cs_asserted asserted = { 0 };
	struct cs_origin origin;
	const char *name = "";
	int r = take_text(reading, json, "function", 1024, &name);

	if (r < 0)
		return r;
	if (reading->result->only && strcmp(reading->result->only->name, name) != 0)
		return 0;
	asserted.function = planned(reading, name);
	if (!asserted.function)
		return -ENOENT;
	reading->function = asserted.function->name;
	r = take_origin(reading, member(reading, json, "origin", JSON_OBJECT), &origin);
	asserted.against_itself = r == 0 && origin.against_itself;
	if (r == 0)
		r = take_asserted(reading, json, &asserted);
	if (r == 0)
		r = place(reading, &asserted, &origin);
	cs_asserted_deinit(&asserted);
	reading->function = NULL;
	return r;
}

/* --- the document --- */

static int check_schema(const struct reading *reading, const json_t *json)
{
	const char *schema = json_string_value(json_object_get(json, "schema"));

	if (!schema)
		return fail(reading, -EINVAL, "no result of coldspan assert: it has no ", "schema");
	if (strcmp(schema, CS_RESULT_JSON_SCHEMA) != 0)
		return fail(reading, -EINVAL, "this coldspan reads " CS_RESULT_JSON_SCHEMA ", not ",
			    schema);
	return 0;
}

static int take_document(struct reading *reading, const json_t *json)
{
	const json_t *functions;
	int r = check_schema(reading, json);

	if (r < 0)
		return r;
	functions = member(reading, json, "functions", JSON_ARRAY);
	if (!functions)
		return -EINVAL;
	for (size_t i = 0; i < json_array_size(functions) && r == 0; i++)
		r = take_function(reading, json_array_get(functions, i));
	return r;
}

/* The document inside of a page of ours, or all of it. */
static void find_document(const char **text, size_t *len)
{
	const char *found = memmem(*text, *len, script_begin, sizeof(script_begin) - 1);
	const char *end;

	if (!found || **text == '{')
		return;
	found += sizeof(script_begin) - 1;
	*len -= (size_t)(found - *text);
	*text = found;
	end = memmem(found, *len, "</script>", strlen("</script>"));
	if (end)
		*len = (size_t)(end - found);
}

int cs_result_json_read(struct cs_result *result, const char *file, const char *text, size_t len,
			struct cs_diag *diag)
{
	struct reading reading = { .result = result, .file = file, .diag = diag };
	json_error_t error;
	json_t *json;
	int r;

	if (len > CS_RESULT_JSON_BYTES_MAX)
		return fail(&reading, -E2BIG, "larger than 64 MiB", "");
	find_document(&text, &len);
	json = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
	if (!json)
		return cs_diag_set(diag, -EINVAL, "%s:%d:%d: not a result of coldspan assert: %s",
				   file, error.line, error.column, error.text);
	r = take_document(&reading, json);
	json_decref(json);
	return r == -ENOMEM ? cs_diag_set(diag, r, "out of memory") : r;
}
