/* SPDX-License-Identifier: Apache-2.0 */

#include "preload/events/event_body.h"

#include "preload/shim.h"

/* What was found so far. */
static bool emit_event(struct cs_lambda_scan *scan, enum cs_invocation_source source)
{
	bool told;
	struct cs_rec_event rec = {
		.messages = scan->messages,
		.source = (uint16_t)source,
		.service = scan->source,
		.flags = (uint16_t)((scan->batch ? CS_EVENT_BATCH : 0) |
				    (scan->lines.cut ? CS_EVENT_CUT : 0)),
		.id_len = scan->id_len,
		.text_len = scan->done,
	};

	told = cs_emit_parts(
		CS_RECORD_EVENT, CS_PRIORITY_LOW, cs_now(),
		(const struct iovec[]){ { &rec, sizeof(rec) }, { scan->text, scan->done } }, 2);
	cs_lambda_scan_told(scan);
	return told;
}

void cs_event_body_pass(struct cs_lambda_scan *scan, enum cs_invocation_source source,
			const unsigned char *data, size_t len)
{
	while (len) {
		size_t taken = cs_lambda_scan_feed(scan, data, len);

		if (scan->lines.full)
			(void)emit_event(scan, source);
		len -= taken;
		data = data ? data + taken : NULL;
	}
}

bool cs_event_body_end(struct cs_lambda_scan *scan, enum cs_invocation_source source,
		       size_t *ret_len)
{
	*ret_len = 0;
	if (!cs_lambda_scan_end(scan))
		return true;
	*ret_len = (size_t)(scan->done - scan->id_len);
	return emit_event(scan, source);
}
