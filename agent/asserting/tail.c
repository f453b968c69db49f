/* SPDX-License-Identifier: Apache-2.0 */

/* What was written last; see tail.h. */
#include "agent/asserting/tail.h"

#include <string.h>

#include "base/utf8.h"

void cs_tail_add(struct cs_tail *tail, const char *bytes, size_t len)
{
	size_t room = CS_TAIL_BYTES - 1;

	if (len > room) {
		bytes += len - room;
		len = room;
	}
	if (tail->used + len > room) {
		size_t out = tail->used + len - room;

		memmove(tail->text, tail->text + out, tail->used - out);
		tail->used -= out;
	}
	memcpy(tail->text + tail->used, bytes, len);
	tail->used += len;
	tail->text[tail->used] = '\0';
}

void cs_tail_settle(struct cs_tail *tail)
{
	char raw[CS_TAIL_BYTES];

	memcpy(raw, tail->text, sizeof(raw));
	cs_utf8_repair(tail->text, CS_TAIL_BYTES, raw, tail->used, NULL);
	for (char *line = tail->text, *end; *line; line = end + 1) {
		end = line + strcspn(line, "\n");
		if (!*end) {
			cs_utf8_strip_control(line);
			break;
		}
		*end = '\0';
		cs_utf8_strip_control(line);
		*end = '\n';
	}
	tail->used = strlen(tail->text);
}
