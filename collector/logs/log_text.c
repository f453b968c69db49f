/* SPDX-License-Identifier: Apache-2.0 */

/* Lines out of pieces; see log_text.h. */
#include "collector/logs/log_text.h"

#include <string.h>

#include "exporters/telemetry.h"

/* More of the begun line. What does not fit, or has no memory, is cut. */
static void add(struct cs_log_text *text, const char *bytes, size_t len, uint64_t time_ns)
{
	size_t room = CS_TELEMETRY_BODY_MAX - text->begun.len;
	size_t taken = len < room ? len : room;

	if (!text->begun.len && !text->cut)
		text->time_ns = time_ns;
	if (cs_buffer_reserve(&text->begun, taken) < 0) {
		text->begun.failed = false;
		taken = 0;
	}
	cs_buffer_append(&text->begun, bytes, taken);
	text->cut += len - taken;
}

void cs_log_text_end(struct cs_log_text *text, cs_log_line_fn tell, void *context)
{
	if (text->begun.len || text->cut)
		tell(context, text->begun.data ? text->begun.data : "", text->begun.len, text->cut,
		     text->time_ns);
	cs_buffer_clear(&text->begun);
	text->cut = 0;
}

void cs_log_text_feed(struct cs_log_text *text, const char *bytes, size_t len, uint64_t lost,
		      uint64_t time_ns, cs_log_line_fn tell, void *context)
{
	while (len) {
		const char *end = memchr(bytes, '\n', len);
		size_t part = end ? (size_t)(end - bytes) : len;

		if (end && !text->begun.len && !text->cut && part <= CS_TELEMETRY_BODY_MAX) {
			tell(context, bytes, part, 0, time_ns);
		} else {
			add(text, bytes, part, time_ns);
			if (end)
				cs_log_text_end(text, tell, context);
		}
		part += end != NULL;
		bytes += part;
		len -= part;
	}
	if (!lost)
		return;
	if (!text->begun.len && !text->cut)
		text->time_ns = time_ns;
	text->cut += lost;
	cs_log_text_end(text, tell, context);
}

void cs_log_text_deinit(struct cs_log_text *text)
{
	cs_buffer_deinit(&text->begun);
}
