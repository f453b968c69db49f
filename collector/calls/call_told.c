/* SPDX-License-Identifier: Apache-2.0 */

#include "collector/calls/call_told.h"

#include <string.h>

#include "collector/assembler/assembled.h"

#define LOOK_MAX 512u /* the newest */

struct cs_part cs_call_lines(const struct cs_rec_call *rec)
{
	const char *text = (const char *)(rec + 1);

	return (struct cs_part){ text + rec->method_len + rec->target_len, rec->headers_len };
}

void cs_call_told_read(struct cs_part lines, struct cs_call_told *ret, struct cs_part *ret_host)
{
	bool span = false, parent = false;
	struct cs_line line;

	while (cs_line_next(&lines, &line)) {
		if (ret_host && cs_part_is(line.name, "host"))
			*ret_host = line.value;
		else if (cs_part_is(line.name, "coldspan-span-id"))
			span = cs_id_read(line.value.text, line.value.len, ret->span,
					  sizeof(ret->span));
		else if (cs_part_is(line.name, "coldspan-parent-id"))
			parent = cs_id_read(line.value.text, line.value.len, ret->parent,
					    sizeof(ret->parent));
	}
	ret->is = span && parent;
}

struct cs_request *cs_call_told_owner(struct cs_assembled *instance,
				      const struct cs_call_told *told, uint32_t tag)
{
	struct cs_request *request;
	unsigned looked = 0;

	if (!told->is)
		return NULL;
	LIST_FOREACH(request, &instance->requests, of_instance)
	{
		if (++looked > LOOK_MAX)
			break;
		if (request->tag == tag && !request->handed_over &&
		    request->inbound.has_handed_on &&
		    memcmp(request->inbound.handed_on, told->parent, sizeof(told->parent)) == 0)
			return request;
	}
	return NULL;
}
