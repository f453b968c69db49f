/* SPDX-License-Identifier: Apache-2.0 */

/* Notes on spans; see api_note.h. */
#include "collector/protocols/api_note.h"

#include <errno.h>
#include <string.h>

#include "base/utf8.h"
#include "collector/protocols/api.h"

/* Attributes under construction, of whatever. */
struct list {
	struct cs_attr **items;
	unsigned *count;
	uint32_t *dropped;
	unsigned max;
};

char *cs_api_text(struct cs_arena *arena, const char *bytes, size_t len)
{
	char clean[CS_TELEMETRY_STRING_MAX];

	cs_utf8_repair(clean, sizeof(clean), bytes, strnlen(bytes, len), NULL);
	cs_utf8_strip_control(clean);
	return cs_arena_strndup(arena, clean, sizeof(clean));
}

/* One packed attribute; *ret_used: its bytes. @ret's key: NULL, of a type that is not known. */
static int read_one(struct cs_arena *arena, const unsigned char *bytes, uint32_t len,
		    struct cs_attr *ret, uint32_t *ret_used)
{
	struct cs_rec_api_attribute head;
	const unsigned char *value;
	uint32_t used = sizeof(head);
	int64_t integer;

	if (len < sizeof(head))
		return -EBADMSG;
	memcpy(&head, bytes, sizeof(head));
	used += (uint32_t)head.key_len + head.value_len;
	if (used > len || !head.key_len ||
	    (head.type != CS_API_STRING && head.value_len != sizeof(integer)))
		return -EBADMSG;
	*ret_used = used;
	*ret = (struct cs_attr){ NULL };
	value = bytes + sizeof(head) + head.key_len;
	if (head.type < CS_API_STRING || head.type > CS_API_BOOL)
		return 0;
	ret->key = cs_api_text(arena, (const char *)bytes + sizeof(head), head.key_len);
	if (!ret->key)
		return -ENOMEM;
	if (head.type == CS_API_STRING) {
		ret->value.type = CS_VALUE_STRING;
		ret->value.string = cs_api_text(arena, (const char *)value, head.value_len);
		return ret->value.string ? 0 : -ENOMEM;
	}
	if (head.type == CS_API_DOUBLE) {
		ret->value.type = CS_VALUE_DOUBLE;
		memcpy(&ret->value.real, value, sizeof(ret->value.real));
		return 0;
	}
	memcpy(&integer, value, sizeof(integer));
	ret->value.type = head.type == CS_API_INT ? CS_VALUE_INT : CS_VALUE_BOOL;
	if (head.type == CS_API_INT)
		ret->value.integer = integer;
	else
		ret->value.boolean = integer != 0;
	return 0;
}

/* Room for one more item of @bytes behind @count; NULL: no memory. Lists of 4, 8, 16, … */
static void *grow(struct cs_arena *arena, void *items, unsigned count, size_t bytes)
{
	void *larger;

	if (count && (count < 4 || count & (count - 1)))
		return items;
	larger = cs_arena_alloc(arena, (count ? 2 * count : 4) * bytes);
	if (larger && count)
		memcpy(larger, items, count * bytes);
	return larger;
}

/* In the place of the same key, or behind the others. */
static int set(struct cs_arena *arena, struct list *list, const struct cs_attr *attr)
{
	struct cs_attr *items = *list->items;
	unsigned i = 0;

	while (i < *list->count && strcmp(items[i].key, attr->key) != 0)
		i++;
	if (i == list->max) {
		++*list->dropped;
		return 0;
	}
	if (i == *list->count) {
		items = grow(arena, items, i, sizeof(*items));
		if (!items)
			return -ENOMEM;
		*list->items = items;
		++*list->count;
	}
	items[i] = *attr;
	return 0;
}

static int read_all(struct cs_arena *arena, const struct cs_rec_api_note *rec, struct list *list)
{
	const unsigned char *bytes = (const unsigned char *)(rec + 1) + rec->text_len;
	uint32_t len = rec->attributes_len, used;

	*list->dropped += rec->left_out;
	for (unsigned i = 0; i < rec->count; i++, bytes += used, len -= used) {
		struct cs_attr attr;
		int r = read_one(arena, bytes, len, &attr, &used);

		if (r == 0 && attr.key && *attr.key)
			r = set(arena, list, &attr);
		else if (r == 0)
			++*list->dropped;
		if (r < 0)
			return r;
	}
	return 0;
}

static int add_attributes(struct cs_api_notes *notes, struct cs_arena *arena,
			  const struct cs_rec_api_note *rec)
{
	struct list list = { &notes->attributes, &notes->attributes_count,
			     &notes->attributes_dropped, CS_API_ATTRIBUTES_MAX };

	return read_all(arena, rec, &list);
}

static int add_event(struct cs_api_notes *notes, struct cs_arena *arena,
		     const struct cs_rec_api_note *rec, uint64_t time_ns)
{
	struct cs_span_event event = { .time_unix_ns = time_ns }, *events;
	struct cs_attr *items = NULL;
	unsigned count = 0;
	struct list list = { &items, &count, &event.attrs.dropped_count,
			     CS_API_EVENT_ATTRIBUTES_MAX };
	int r;

	if (notes->events_count == CS_API_EVENTS_MAX) {
		notes->events_dropped++;
		return 0;
	}
	event.name = cs_api_text(arena, (const char *)(rec + 1), rec->text_len);
	events = grow(arena, notes->events, notes->events_count, sizeof(event));
	if (!event.name || !events)
		return -ENOMEM;
	notes->events = events;
	r = read_all(arena, rec, &list);
	if (r < 0)
		return r;
	event.attrs.items = items;
	event.attrs.count = count;
	events[notes->events_count++] = event;
	return 0;
}

static int set_status(struct cs_api_notes *notes, struct cs_arena *arena,
		      const struct cs_rec_api_note *rec)
{
	const char *message = cs_api_text(arena, (const char *)(rec + 1), rec->text_len);

	if (rec->status > CS_STATUS_ERROR)
		return -EBADMSG;
	if (!message)
		return -ENOMEM;
	notes->status = (enum cs_status_code)rec->status;
	notes->status_message = *message ? message : NULL;
	return 0;
}

int cs_api_notes_add(struct cs_api_notes *notes, struct cs_arena *arena,
		     const struct cs_rec_api_note *rec, uint32_t len, uint64_t time_ns)
{
	if ((uint32_t)rec->text_len + rec->attributes_len > len)
		return -EBADMSG;
	switch (rec->kind) {
	case CS_API_NOTE_ATTRIBUTES:
		return add_attributes(notes, arena, rec);
	case CS_API_NOTE_EVENT:
		return add_event(notes, arena, rec, time_ns);
	case CS_API_NOTE_STATUS:
		return set_status(notes, arena, rec);
	}
	return -EBADMSG;
}

void cs_api_notes_said(const struct cs_api_notes *notes, struct cs_api_said *ret)
{
	ret->attrs = (struct cs_attrs){ notes->attributes, notes->attributes_count,
					notes->attributes_dropped };
	ret->events = notes->events;
	ret->events_count = notes->events_count;
	ret->events_dropped = notes->events_dropped;
	ret->status = notes->status;
	ret->status_message = notes->status_message;
}
