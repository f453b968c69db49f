/* SPDX-License-Identifier: Apache-2.0 */

#include "preload/events/kept_scan.h"

void cs_kept_begin(struct cs_kept *kept, char *text, uint16_t size, uint16_t used)
{
	*kept = (struct cs_kept){
		.text = (uint16_t)(text - (char *)kept),
		.size = size,
		.used = used,
	};
	cs_json_begin(&kept->json);
}

static char *text_of(struct cs_kept *kept)
{
	return (char *)kept + kept->text;
}

bool cs_kept_append(struct cs_kept *kept, char c)
{
	if (kept->used == kept->size)
		return false;
	text_of(kept)[kept->used++] = c;
	return true;
}

void cs_kept_drop_line(struct cs_kept *kept)
{
	kept->used = kept->line;
	kept->sink = CS_KEPT_NOWHERE;
}

static void cut_line(struct cs_kept *kept)
{
	cs_kept_drop_line(kept);
	kept->cut = true;
}

void cs_kept_begin_line(struct cs_kept *kept, const char *name, size_t len, uint16_t value_max)
{
	bool room = true;

	kept->line = kept->used;
	kept->value_len = 0;
	kept->value_max = value_max;
	kept->sink = CS_KEPT_AS_VALUE;
	for (size_t i = 0; i < len; i++)
		room = cs_kept_append(kept, name[i]) && room;
	if (!cs_kept_append(kept, ':') || !cs_kept_append(kept, ' ') || !room)
		cut_line(kept);
}

void cs_kept_end_line(struct cs_kept *kept)
{
	if (kept->sink != CS_KEPT_AS_VALUE)
		return;
	if (!kept->value_len)
		cs_kept_drop_line(kept);
	else if (!cs_kept_append(kept, '\n'))
		cut_line(kept);
	kept->sink = CS_KEPT_NOWHERE;
}

/* The next byte of that header's value, or its end. */
static void take_baggage(struct cs_kept *kept, int c)
{
	const struct cs_baggage_text lines = {
		.bytes = text_of(kept),
		.size = kept->size,
		.used = &kept->used,
		.line = &kept->line,
		.name = kept->name,
		.name_len = &kept->name_len,
	};

	kept->cut |= !cs_baggage_take(&kept->baggage, &lines, c);
}

void cs_kept_end_baggage(struct cs_kept *kept, bool lost)
{
	take_baggage(kept, lost ? CS_BAGGAGE_LOST : CS_BAGGAGE_OVER);
	kept->sink = CS_KEPT_NOWHERE;
}

void cs_kept_break_off(struct cs_kept *kept)
{
	if (kept->sink == CS_KEPT_AS_VALUE)
		cs_kept_drop_line(kept);
	if (kept->sink == CS_KEPT_AS_BAGGAGE)
		cs_kept_end_baggage(kept, true);
}

/* What an id, a name or a context is made of is plain ASCII. */
void cs_kept_put(struct cs_kept *kept, unsigned char c)
{
	bool plain = c >= 0x20 && c < 0x7f;

	switch ((enum cs_kept_sink)kept->sink) {
	case CS_KEPT_NOWHERE:
		break;
	case CS_KEPT_AS_NAME:
		if (kept->name_len < CS_KEPT_NAME)
			kept->name[kept->name_len] = (char)(plain ? c : 0);
		if (kept->name_len <= CS_KEPT_NAME)
			kept->name_len++;
		break;
	case CS_KEPT_AS_VALUE:
		if (!plain)
			cs_kept_drop_line(kept);
		else if (kept->value_len++ >= kept->value_max || !cs_kept_append(kept, (char)c))
			cut_line(kept);
		break;
	case CS_KEPT_AS_BAGGAGE:
		take_baggage(kept, c);
		break;
	}
}

bool cs_kept_name_is(const struct cs_kept *kept, const char *name, size_t len)
{
	if (kept->name_len != len)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (kept->name[i] != name[i])
			return false;
	}
	return true;
}

size_t cs_kept_feed(struct cs_kept *kept, const unsigned char *data, size_t len,
		    void (*token)(struct cs_kept *kept, enum cs_json_token token, unsigned char c))
{
	size_t left = CS_KEPT_BYTES - kept->bytes, end = len < left ? len : left, n = 0;

	while (n < end && !kept->dead && !kept->full) {
		enum cs_json_token which;

		if (kept->sink == CS_KEPT_NOWHERE)
			n += cs_json_skip(&kept->json, data + n, end - n);
		if (n == end)
			break;
		which = cs_json_take(&kept->json, data[n]);
		if (which == CS_JSON_CHARACTER) {
			cs_kept_put(kept, kept->json.character);
		} else if (which == CS_JSON_TOO_DEEP || which == CS_JSON_BROKEN) {
			kept->cut |= which == CS_JSON_TOO_DEEP;
			kept->dead = true;
		} else {
			token(kept, which, data[n]);
		}
		n++;
	}
	kept->bytes += (uint32_t)n;
	return n;
}
