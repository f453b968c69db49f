/* SPDX-License-Identifier: Apache-2.0 */

/* Reading lines of OTLP JSON; see trace_file.h. JSON is read by jansson. */
#include "agent/recording/trace_file.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

void cs_trace_file_init(struct cs_trace_file *file)
{
	*file = (struct cs_trace_file){ 0 };
	cs_arena_init(&file->arena, 0);
	file->end = &file->first;
}

void cs_trace_file_deinit(struct cs_trace_file *file)
{
	cs_arena_deinit(&file->arena);
}

/* A copy fit for a terminal; "" for what is no string. */
static const char *text(struct cs_trace_file *file, const json_t *value)
{
	const char *s = json_string_value(value);
	char *copy = s ? cs_arena_strndup(&file->arena, s, strlen(s)) : NULL;

	if (!copy)
		return "";
	cs_utf8_strip_control(copy);
	return copy;
}

/* 64-bit integers are decimal strings in OTLP JSON; numbers are accepted, too. */
static uint64_t number(const json_t *value)
{
	const char *s = json_string_value(value);

	if (s)
		return strtoull(s, NULL, 10);
	return json_is_integer(value) ? (uint64_t)json_integer_value(value) : 0;
}

/* The AnyValue of attribute @key; NULL if it is not there. */
static const json_t *attribute(const json_t *attributes, const char *key)
{
	const json_t *item;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)attributes, i, item)
	{
		const char *name = json_string_value(json_object_get(item, "key"));

		if (name && !strcmp(name, key))
			return json_object_get(item, "value");
	}
	return NULL;
}

static const char *text_attribute(struct cs_trace_file *file, const json_t *attributes,
				  const char *key)
{
	const json_t *value = json_object_get(attribute(attributes, key), "stringValue");

	return value ? text(file, value) : NULL;
}

static int add_span(struct cs_trace_file *file, const char *service, const json_t *json)
{
	struct cs_trace_span *span = cs_arena_alloc(&file->arena, sizeof(*span));
	const json_t *attributes = json_object_get(json, "attributes");
	const json_t *status = json_object_get(json, "status");

	if (!span)
		return -ENOMEM;
	*span = (struct cs_trace_span){
		.number = file->count,
		.service = service,
		.name = text(file, json_object_get(json, "name")),
		.trace_id = text(file, json_object_get(json, "traceId")),
		.span_id = text(file, json_object_get(json, "spanId")),
		.parent_id = text(file, json_object_get(json, "parentSpanId")),
		.phase = text_attribute(file, attributes, "coldspan.phase"),
		.approximate = text_attribute(file, attributes, "coldspan.phase.approximate"),
		.stand_down = text_attribute(file, attributes, "coldspan.stand_down"),
		.message = text(file, json_object_get(status, "message")),
		.start_unix_ns = number(json_object_get(json, "startTimeUnixNano")),
		.end_unix_ns = number(json_object_get(json, "endTimeUnixNano")),
		.kind = (int)number(json_object_get(json, "kind")),
		.cold = json_is_true(
			json_object_get(attribute(attributes, "faas.coldstart"), "boolValue")),
		.unready = json_is_false(
			json_object_get(attribute(attributes, "coldspan.init.ready"), "boolValue")),
		.failed = number(json_object_get(status, "code")) == 2,
	};
	if (!span->approximate)
		span->approximate = text_attribute(file, attributes, "coldspan.approximate");
	*file->end = span;
	file->end = &span->next;
	file->count++;
	return 0;
}

static int add_resource(struct cs_trace_file *file, const json_t *resource_spans)
{
	const json_t *attributes =
		json_object_get(json_object_get(resource_spans, "resource"), "attributes");
	const char *service = text_attribute(file, attributes, "service.name");
	json_t *scope, *span;
	size_t i, k;

	json_array_foreach(json_object_get(resource_spans, "scopeSpans"), i, scope)
	{
		json_array_foreach(json_object_get(scope, "spans"), k, span)
		{
			int r = add_span(file, service ? service : "", span);

			if (r < 0)
				return r;
		}
	}
	return 0;
}

/* Return: 1 a line of traces, 0 of something else, -ENOMEM; -EINVAL no JSON, @error says where. */
static int add_line(struct cs_trace_file *file, const char *line, size_t len, json_error_t *error)
{
	json_t *document = json_loadb(line, len, 0, error), *resource_spans, *all;
	size_t i;
	int r;

	if (!document)
		return -EINVAL;
	all = json_object_get(document, "resourceSpans");
	r = json_is_array(all);
	json_array_foreach(all, i, resource_spans)
	{
		int added = add_resource(file, resource_spans);

		if (added < 0) {
			r = added;
			break;
		}
	}
	json_decref(document);
	return r;
}

static void note_broken(struct cs_trace_reading *reading, const char *path, unsigned number_of_line,
			const json_error_t *error)
{
	reading->broken++;
	cs_diag_at(&reading->first, -EINVAL, path, number_of_line,
		   error->column > 0 ? (unsigned)error->column : 1, "not a line of OTLP JSON: %s",
		   error->text);
}

int cs_trace_file_read(struct cs_trace_file *file, const char *path, struct cs_trace_reading *ret,
		       struct cs_diag *diag)
{
	cs_cleanup(cs_fclosep) FILE *in = fopen(path, "re");
	cs_cleanup(cs_freep) char *line = NULL;
	unsigned number_of_line = 0;
	json_error_t error;
	size_t size = 0;
	ssize_t n;

	*ret = (struct cs_trace_reading){ 0 };
	if (!in)
		return cs_diag_set(diag, -errno, "cannot read %s: %s", path, strerror(errno));
	while ((n = getline(&line, &size, in)) >= 0) {
		int r;

		number_of_line++;
		if (!strcmp(line, "\n"))
			continue;
		ret->lines++;
		r = add_line(file, line, (size_t)n, &error);
		if (r == -ENOMEM)
			return cs_diag_set(diag, r, "out of memory");
		if (r >= 0)
			ret->traces += (unsigned)r;
		else if (line[n - 1] == '\n')
			note_broken(ret, path, number_of_line, &error);
		else
			ret->torn = number_of_line;
	}
	if (ferror(in))
		return cs_diag_set(diag, -EIO, "cannot read %s: %s", path, strerror(errno));
	return 0;
}
