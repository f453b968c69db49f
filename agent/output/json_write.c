/* SPDX-License-Identifier: Apache-2.0 */

/* Writing coldspan.assert/v1; see json.h. */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "agent/asserting/cause.h"
#include "agent/budget/metric.h"
#include "agent/document.h"
#include "agent/output/escape.h"
#include "agent/output/json.h"
#include "base/clean_text.h"
#include "coldspan_config.h"

/* Strings that may be anything. */
static json_t *text(const char *s)
{
	struct cs_buffer out = { 0 };
	json_t *value;

	if (!s)
		return json_null();
	value = json_string(s); /* escapes controls by itself; refuses what is no UTF-8 */
	if (value)
		return value;
	cs_put_plain(&out, s);
	value = json_string(out.len ? out.data : "");
	cs_buffer_deinit(&out);
	return value;
}

/* Whole numbers as such, whatever size; null what is not there. */
static json_t *number(double value)
{
	if (!isfinite(value))
		return json_null();
	if (fabs(value) < 9e15 && fabs(value - nearbyint(value)) < 1e-9)
		return json_integer((json_int_t)nearbyint(value));
	return json_real(value);
}

static const char *unit_of(enum cs_quantity_kind kind)
{
	switch (kind) {
	case CS_QUANTITY_DURATION:
		return "ns";
	case CS_QUANTITY_SIZE:
		return "bytes";
	case CS_QUANTITY_SHARE:
		return "share";
	case CS_QUANTITY_FACTOR:
		return "factor";
	case CS_QUANTITY_COST:
		return "usd";
	case CS_QUANTITY_COUNT:
		break;
	}
	return "count";
}

static const char *key_of(const char *name, enum cs_quantity_kind kind,
			  char buf[CS_RESULT_KEY_BYTES])
{
	const char *unit = unit_of(kind);
	size_t len = strlen(name), unit_len = strlen(unit);
	bool has_it = len > unit_len && !strcmp(name + len - unit_len, unit);
	bool bare = kind == CS_QUANTITY_COUNT || has_it;

	snprintf(buf, CS_RESULT_KEY_BYTES, "%s%s%s", name, bare ? "" : "_", bare ? "" : unit);
	return buf;
}

const char *cs_result_json_key(unsigned metric, char buf[CS_RESULT_KEY_BYTES])
{
	const struct cs_metric_about about = cs_metric_about(metric);

	return key_of(about.name, about.kind, buf);
}

const char *cs_result_json_noise_key(unsigned kind, char buf[CS_RESULT_KEY_BYTES])
{
	const struct cs_noise_about about = cs_noise_about(kind);

	return key_of(about.name, about.kind, buf);
}

static void put(json_t *object, const char *name, const char *unit, double value)
{
	char key[CS_RESULT_KEY_BYTES];

	snprintf(key, sizeof(key), "%s_%s", name, unit);
	json_object_set_new(object, key, number(value));
}

/* --- parts --- */

static json_t *host_json(const struct cs_host *host)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "kernel",
			 text(host->kernel), "machine", text(host->machine), "processor",
			 text(host->processor), "cpus", cs_document_number(host->cpus),
			 "cpus_online", cs_document_number(host->cpus_online), "memory_bytes",
			 cs_document_number(host->memory_bytes), "governor", text(host->governor),
			 "huge_pages", text(host->huge_pages), "aslr", text(host->aslr));
}

static json_t *origin_json(const struct cs_origin *origin)
{
	json_t *runs = json_array();

	for (size_t i = 0; i < origin->runs_count; i++)
		json_array_append_new(runs, text(origin->runs[i]));
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:b}", "host", host_json(&origin->host),
			 "coldspan_version", text(origin->version), "commit", text(origin->commit),
			 "config_hash", text(origin->config_hash), "date", text(origin->date),
			 "runs", runs, "against_itself", (int)origin->against_itself);
}

static const char *outcome_name(enum cs_sampling_outcome outcome)
{
	switch (outcome) {
	case CS_SAMPLING_NEVER_READY:
		return "never_ready";
	case CS_SAMPLING_REFUSED:
		return "refused";
	case CS_SAMPLING_UNSEEN:
		return "unseen";
	case CS_SAMPLING_NOT_STARTED:
		return "not_started";
	case CS_SAMPLING_UNPREPARED:
		return "unprepared";
	case CS_SAMPLING_ENDED:
	case CS_SAMPLING_DONE:
		break;
	}
	return "ended";
}

static json_t *failure_json(const struct cs_asserted *asserted)
{
	const struct cs_sampling_result *failure = &asserted->failure;

	if (!asserted->failed)
		return json_null();
	return json_pack("{s:b, s:s, s:i, s:i, s:o, s:o}", "of_baseline",
			 (int)asserted->other_failed, "outcome", outcome_name(failure->outcome),
			 "wait_status", failure->status, "http_status", failure->answer,
			 "last_phase", text(failure->last_phase), "output_tail",
			 text(failure->tail.text));
}

/* @first: a number of the first sample; that of the others stands as far behind. */
static void put_column(json_t *all, const char *key, const double *first, uint32_t n)
{
	json_t *column = json_array();
	bool seen = false;

	for (uint32_t i = 0; i < n; i++) {
		double value = first[i * (sizeof(struct cs_sample) / sizeof(double))];

		seen = seen || !isnan(value);
		json_array_append_new(column, number(value));
	}
	if (seen)
		json_object_set(all, key, column);
	json_decref(column);
}

_Static_assert(sizeof(struct cs_sample) % sizeof(double) == 0, "samples are rows of numbers");

/* One list a metric that was seen, a number a start. */
static json_t *samples_json(const struct cs_sample *samples, uint32_t n)
{
	json_t *all = json_object();
	char key[CS_RESULT_KEY_BYTES];

	for (unsigned metric = 0; samples && metric < CS_METRIC_COUNT; metric++)
		put_column(all, cs_result_json_key(metric, key), &samples->values[metric], n);
	return all;
}

static json_t *noise_json(const struct cs_sample *samples, uint32_t n)
{
	json_t *all = json_object(), *again = json_array();
	char key[CS_RESULT_KEY_BYTES];

	for (unsigned kind = 0; samples && kind < CS_NOISE_COUNT; kind++)
		put_column(all, cs_result_json_noise_key(kind, key), &samples->noise.values[kind],
			   n);
	for (uint32_t i = 0; samples && i < n; i++)
		json_array_append_new(again, json_boolean(samples[i].noise.again));
	json_object_set_new(all, "again", again);
	return all;
}

static const char *level_name(enum cs_budget_level level)
{
	switch (level) {
	case CS_LEVEL_ERROR:
		return "error";
	case CS_LEVEL_WARN:
		return "warn";
	case CS_LEVEL_INFO:
		return "info";
	case CS_LEVEL_OFF:
		break;
	}
	return "off";
}

struct cs_result_others_keys cs_result_json_others(enum cs_budget_against against)
{
	if (against == CS_AGAINST_REFERENCE)
		return (struct cs_result_others_keys){ "reference_samples", "reference_noise" };
	if (against == CS_AGAINST_UNWATCHED)
		return (struct cs_result_others_keys){ "unwatched_samples", "unwatched_noise" };
	return (struct cs_result_others_keys){ "baseline_samples", "baseline_noise" };
}

static json_t *evidence_json(const struct cs_budget *budget, const struct cs_judgement *judgement)
{
	const struct cs_metric_about about = cs_metric_about(budget->metric);
	bool ratio = budget->against != CS_AGAINST_NOTHING && !about.exact;
	const char *own = unit_of(about.kind), *unit = ratio ? "factor" : own;
	json_t *evidence = json_pack(
		"{s:o, s:o, s:o, s:o, s:o, s:o}", "starts", cs_document_number(judgement->count),
		"missing", cs_document_number(judgement->missing), "saved_missing",
		cs_document_number(judgement->others_missing), "over",
		cs_document_number(judgement->over), "too_many",
		cs_document_number(judgement->too_many), "chance", number(judgement->chance));

	if (!evidence)
		return NULL;
	put(evidence, "point", unit, judgement->point);
	put(evidence, "lower", unit, judgement->lower);
	put(evidence, "upper", unit, judgement->upper);
	put(evidence, "smallest", own, judgement->smallest);
	put(evidence, "other", own, judgement->other);
	return evidence;
}

static json_t *cause_json(const struct cs_row *row)
{
	return row->cause ? json_pack("{s:s, s:o}", "kind", row->cause->label, "text",
				      text(row->cause->text))
			  : json_null();
}

static json_t *next_json(const struct cs_row *row)
{
	struct cs_buffer next = { 0 };
	json_t *json;

	cs_row_next(row, &next);
	json = text(next.len ? next.data : NULL);
	cs_buffer_deinit(&next);
	return json;
}

static json_t *budget_json(const struct cs_row *row)
{
	const struct cs_budget *budget = row->budget;
	json_t *json = json_pack(
		"{s:o, s:o, s:s, s:o, s:s, s:o, s:o, s:s, s:b, s:i, s:i, s:o, s:o, s:o}", "id",
		text(budget->id), "budget", text(budget->text), "metric",
		cs_metric_about(budget->metric).name, "quantile", number(budget->quantile), "level",
		level_name(budget->level), "relative_to",
		text(cs_budget_against_name(budget->against)), "why", text(budget->why), "verdict",
		row->label, "counts", (int)row->counts, "line", (int)budget->line, "column",
		(int)budget->column, "measured", evidence_json(budget, row->judgement), "cause",
		cause_json(row), "next", next_json(row));

	if (json)
		put(json, "max", unit_of(budget->max.kind), budget->max.value);
	return json;
}

/* Of a baseline that was not measured now. */
static json_t *saved_json(const struct cs_asserted *asserted)
{
	if (!asserted->apart)
		return json_null();
	return json_pack("{s:o, s:o, s:o}", "starts", cs_document_number(asserted->apart), "from",
			 text(asserted->earlier), "difference", text(asserted->difference));
}

/* All that was measured. What the others are stands in the names of their samples. */
static json_t *measured_json(const struct cs_asserted *asserted)
{
	uint32_t n = asserted->count, others_n = cs_asserted_others_count(asserted);
	json_t *json = json_pack(
		"{s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:o}", "starts", cs_document_number(n),
		"looks", cs_document_number(asserted->looks), "measured_as", asserted->measured_as,
		"baseline_saved", saved_json(asserted), "forbidden", text(asserted->forbidden),
		"failure", failure_json(asserted), "samples", samples_json(asserted->own, n),
		"noise", noise_json(asserted->own, n));

	for (unsigned i = CS_AGAINST_BASELINE; json && i <= CS_AGAINST_UNWATCHED; i++) {
		const struct cs_result_others_keys keys =
			cs_result_json_others((enum cs_budget_against)i);
		bool has = asserted->others && asserted->beside == i;

		json_object_set_new(json, keys.samples,
				    has ? samples_json(asserted->others, others_n) : json_null());
		json_object_set_new(json, keys.noise,
				    has ? noise_json(asserted->others, others_n) : json_null());
	}
	return json;
}

/* Names that only one of two has; null where there are not two. */
static json_t *names_json(const struct cs_file_set *files, const struct cs_file_set *others,
			  bool pairs)
{
	json_t *names = pairs ? json_array() : json_null();

	for (uint32_t i = 0; pairs && i < files->count; i++) {
		if (!cs_file_set_has(others, files->list[i].name))
			json_array_append_new(names, text(files->list[i].name));
	}
	return names;
}

static json_t *files_json(const struct cs_asserted *asserted)
{
	const struct cs_file_set *own = &asserted->files, *others = &asserted->other_files;
	json_t *bytes = json_object();

	for (uint32_t i = 0; i < own->count; i++)
		json_object_set_new(bytes, own->list[i].name,
				    cs_document_number(own->list[i].bytes));
	return json_pack("{s:o, s:b, s:b, s:o, s:o}", "bytes", bytes, "cut", (int)own->cut,
			 "others_cut", (int)others->cut, "new",
			 names_json(own, others, asserted->others), "gone",
			 names_json(others, own, asserted->others));
}

static json_t *function_json(const struct cs_result_function *function, json_t *budgets)
{
	const struct cs_asserted *asserted = &function->asserted;
	json_t *json =
		json_pack("{s:o, s:o, s:i, s:i, s:o, s:o}", "function",
			  text(asserted->function->name), "label", text(function->label), "line",
			  (int)asserted->function->line, "column", (int)asserted->function->column,
			  "origin", origin_json(&function->origin), "budgets", budgets);
	json_t *measured = measured_json(asserted);

	if (json && measured) {
		json_object_update(json, measured);
		json_object_set_new(json, "files", files_json(asserted));
		json_object_set_new(json, "confirmation",
				    asserted->confirmation ? measured_json(asserted->confirmation)
							   : json_null());
	}
	json_decref(measured);
	return json;
}

static json_t *functions_json(const struct cs_result *result, const struct cs_row *rows,
			      size_t rows_count)
{
	json_t *functions = json_array();
	size_t row = 0;

	for (size_t i = 0; i < result->count; i++) {
		const struct cs_result_function *function = &result->functions[i];
		json_t *budgets = json_array();

		for (; row < rows_count && rows[row].function == function; row++) {
			if (rows[row].budget)
				json_array_append_new(budgets, budget_json(&rows[row]));
		}
		json_array_append_new(functions, function_json(function, budgets));
	}
	return functions;
}

static json_t *document(const struct cs_result *result)
{
	struct cs_row *rows;
	size_t count_of_rows;
	json_t *json;

	if (cs_result_rows(result, false, &rows, &count_of_rows) < 0)
		return NULL;
	json = json_pack("{s:s, s:s, s:o, s:s, s:b, s:b, s:s, s:i, s:o}", "schema",
			 CS_RESULT_JSON_SCHEMA, "coldspan_version", CS_VERSION, "config",
			 text(result->file), "config_hash", result->plan->hash, "strict",
			 (int)result->strict, "saved", (int)result->saved, "verdict",
			 cs_result_word(result), "exit_status", cs_result_exit_code(result),
			 "functions", functions_json(result, rows, count_of_rows));
	free(rows);
	return json;
}

/* `</script>` and `<!--` end or change a script element: `<` is written as JSON allows. */
static void put_script(struct cs_buffer *out, const char *json)
{
	for (const char *c = json; *c; c++) {
		if (*c == '<')
			cs_buffer_puts(out, "\\u003c");
		else
			cs_buffer_putc(out, *c);
	}
}

int cs_result_json_write(const struct cs_result *result, enum cs_result_json_form form,
			 struct cs_buffer *out)
{
	json_t *json = document(result);
	bool script = form == CS_RESULT_JSON_SCRIPT;
	char *dump = json ? json_dumps(json, JSON_COMPACT) : NULL;

	json_decref(json);
	if (!dump)
		return -ENOMEM;
	if (script) {
		put_script(out, dump);
	} else {
		cs_buffer_puts(out, dump);
		cs_buffer_putc(out, '\n');
	}
	free(dump);
	return out->failed ? -ENOMEM : 0;
}
