/* SPDX-License-Identifier: Apache-2.0 */

/* The document of a recording; see recording_json.h. */
#include "agent/recording/recording_json.h"

#include <stdbool.h>
#include <string.h>

#include "agent/document.h"
#include "agent/recording/trace_file.h"
#include "agent/recording/trace_index.h"

static json_t *phase_json(const struct cs_trace_span *cold, const struct cs_trace_span *phase)
{
	uint64_t start_ns = phase->start_unix_ns > cold->start_unix_ns
				    ? phase->start_unix_ns - cold->start_unix_ns
				    : 0;

	return json_pack("{s:s, s:o, s:o, s:o}", "name", phase->phase, "start_ns",
			 cs_document_number(start_ns), "duration_ns",
			 cs_document_number(cs_trace_span_duration(phase)), "approximate",
			 cs_document_text(phase->approximate));
}

static json_t *phases_json(const struct cs_trace_index *index, const struct cs_trace_span *cold)
{
	size_t count;
	const struct cs_trace_span *const *phases = cs_trace_index_phases(index, cold, &count);
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, phase_json(cold, phases[i]));
	return list;
}

/* Of a span that failed without a word, "" is the error. */
static json_t *cold_start_json(const struct cs_trace_index *index, const struct cs_trace_span *cold)
{
	return json_pack("{s:s, s:s, s:s, s:o, s:o, s:b, s:o, s:o, s:o, s:o}", "function",
			 cold->service, "trace_id", cold->trace_id, "span_id", cold->span_id,
			 "start_unix_ns", cs_document_number(cold->start_unix_ns), "total_ns",
			 cs_document_number(cs_trace_span_duration(cold)), "ready",
			 (int)!cold->unready, "approximate", cs_document_text(cold->approximate),
			 "stand_down", cs_document_text(cold->stand_down), "error",
			 cs_document_text(cold->failed ? cold->message : NULL), "phases",
			 phases_json(index, cold));
}

static json_t *function_json(const struct cs_trace_service *service)
{
	return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:b}", "name", service->name, "cold_count",
			 cs_document_number(service->cold_count), "cold_mean_ns",
			 service->cold_count ? cs_document_number(service->cold_ns) : json_null(),
			 "warm_count", cs_document_number(service->warm_count), "warm_median_ns",
			 service->warm_count ? cs_document_number(service->warm_ns) : json_null(),
			 "failed_count", cs_document_number(service->failed_count), "calls_others",
			 (int)service->calls_others);
}

static bool is_wanted(const char *function, const char *service)
{
	return !function || !strcmp(function, service);
}

json_t *cs_recording_json(const struct cs_trace_file *file, const struct cs_trace_index *index,
			  const char *function)
{
	json_t *document = cs_document_new("coldspan.report/v1"), *colds = json_array(),
	       *functions = json_array();
	int r = document ? 0 : -1;

	for (const struct cs_trace_span *s = file->first; s && r == 0; s = s->next) {
		if (cs_trace_span_is_cold_start(s) && is_wanted(function, s->service))
			r = json_array_append_new(colds, cold_start_json(index, s));
	}
	for (size_t i = 0; i < index->services_count && r == 0; i++) {
		if (is_wanted(function, index->services[i].name))
			r = json_array_append_new(functions, function_json(&index->services[i]));
	}
	r |= json_object_set_new(document, "spans_count", cs_document_number(file->count));
	r |= json_object_set_new(document, "cold_starts", colds);
	r |= json_object_set_new(document, "functions", functions);
	if (r == 0)
		return document;
	json_decref(document);
	return NULL;
}
