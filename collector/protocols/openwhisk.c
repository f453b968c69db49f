/* SPDX-License-Identifier: Apache-2.0 */

/* Events of OpenWhisk, and code that it brings; see openwhisk.h. */
#include "collector/protocols/openwhisk.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "collector/assembler/assembled.h"
#include "collector/assembler/lines.h"

static uint64_t number_of(struct cs_part digits)
{
	uint64_t number = 0;

	for (size_t i = 0; i < digits.len; i++) {
		if (digits.text[i] < '0' || digits.text[i] > '9' || number > UINT64_MAX / 100)
			return 0;
		number = number * 10 + (uint64_t)(digits.text[i] - '0');
	}
	return number;
}

/* Own copy; NULL: nothing is left of it. */
static char *said(struct cs_part value)
{
	char *copy = cs_text_clean_copy(value.text, value.len);

	if (copy && *copy)
		return copy;
	free(copy);
	return NULL;
}

static void take_line(struct cs_whisk_event *event, const struct cs_line *line)
{
	const struct {
		const char *name;
		char **where;
	} fields[] = {
		{ "action_name", &event->action },
		{ "action_version", &event->version },
		{ "namespace", &event->space },
	};

	if (cs_part_is(line->name, "deadline"))
		event->deadline_unix_ms = number_of(line->value);
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (cs_part_is(line->name, fields[i].name) && !*fields[i].where)
			*fields[i].where = said(line->value);
	}
}

struct cs_whisk_event *cs_openwhisk_event_new(const char *lines, size_t len)
{
	struct cs_whisk_event *event = calloc(1, sizeof(*event));
	struct cs_part rest = { lines, len };
	struct cs_line line;

	while (event && cs_line_next(&rest, &line))
		take_line(event, &line);
	return event;
}

void cs_openwhisk_event_free(struct cs_whisk_event *event)
{
	if (!event)
		return;
	free(event->action);
	free(event->version);
	free(event->space);
	free(event);
}

size_t cs_openwhisk_event_bytes(const struct cs_whisk_event *event)
{
	return event ? sizeof(*event) + cs_text_bytes(event->action) +
			       cs_text_bytes(event->version) + cs_text_bytes(event->space)
		     : 0;
}

/* --- who it is --- */

static const char *keep(struct cs_assembled *instance, const char *text)
{
	return text ? cs_arena_strndup(&instance->arena, text, CS_TELEMETRY_STRING_MAX) : NULL;
}

static void add_space(struct cs_assembled *instance, struct cs_platform *platform,
		      const char *space)
{
	struct cs_attr *items = cs_arena_alloc(&instance->arena, sizeof(*items));

	if (platform->attrs.count || !space || !items)
		return;
	*items = (struct cs_attr){ "coldspan.openwhisk.namespace",
				   { CS_VALUE_STRING, .string = keep(instance, space) } };
	if (items->value.string)
		platform->attrs = (struct cs_attrs){ .items = items, .count = 1 };
}

void cs_openwhisk_name(struct cs_assembled *instance, const struct cs_whisk_event *event)
{
	struct cs_identity *identity = &instance->identity;
	struct cs_platform *platform;

	if (!event->action || !identity->platform || identity->platform->function)
		return;
	platform = cs_arena_alloc(&instance->arena, sizeof(*platform));
	if (!platform)
		return;
	*platform = *identity->platform;
	platform->name = "openwhisk";
	platform->function = keep(instance, event->action);
	if (!platform->version)
		platform->version = keep(instance, event->version);
	add_space(instance, platform, event->space);
	identity->platform = platform;
	if (platform->function && !identity->named)
		cs_utf8_repair(identity->name, sizeof(identity->name), event->action,
			       strlen(event->action), NULL);
}

/* --- code --- */

void cs_openwhisk_on_load_failed(struct cs_assembled *instance,
				 const struct cs_rec_invocation_end *rec, uint64_t time_ns)
{
	instance->load_failed_ns = time_ns;
	instance->load_status = rec->status;
}
