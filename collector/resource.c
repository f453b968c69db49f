/* SPDX-License-Identifier: Apache-2.0 */

/* Attributes of an instance; see resource.h. */
#include "collector/resource.h"

#include <stdio.h>

#include "collector/attr_list.h"

static void add_lambda_place(struct cs_attr_list *list, const struct cs_lambda_place *place)
{
	if (!place || !place->platform)
		return;
	cs_attr_add_string(list, "cloud.provider", "aws");
	cs_attr_add_string(list, "cloud.platform", "aws_lambda");
	cs_attr_add_string(list, "cloud.region", place->region);
	if (place->max_memory_bytes)
		cs_attr_add_int(list, "faas.max_memory", place->max_memory_bytes);
	cs_attr_add_only(list, "aws.log.group.names", place->log_group);
	cs_attr_add_only(list, "aws.log.stream.names", place->log_stream);
}

bool cs_resource_attrs(const struct cs_identity *identity, struct cs_arena *arena,
		       struct cs_attrs *ret)
{
	char instance[48];
	CS_ATTR_LIST(list, arena);

	snprintf(instance, sizeof(instance), "%llu-%d", (unsigned long long)identity->segment,
		 identity->pid);
	cs_attr_add_string(&list, "service.name", identity->name);
	cs_attr_add_string(&list, "faas.name", identity->name);
	cs_attr_add_string(&list, "faas.version", identity->version);
	cs_attr_add_string(&list, "faas.instance",
			   identity->lambda && identity->lambda->log_stream
				   ? identity->lambda->log_stream
				   : instance);
	add_lambda_place(&list, identity->lambda);
	/* Processes of a pid namespace that we do not see have none. */
	if (identity->pid > 0)
		cs_attr_add_int(&list, "process.pid", (uint64_t)identity->pid);
	if (identity->ppid > 0)
		cs_attr_add_int(&list, "process.parent_pid", (uint64_t)identity->ppid);
	cs_attr_add_string(&list, "process.executable.path", identity->exe);
	cs_attr_add_string(&list, "process.command", identity->argv0);
	if (identity->clock_shift_ns)
		cs_attr_add_signed(&list, "coldspan.clock.shift_ns",
				   (int64_t)identity->clock_shift_ns);
	cs_attr_add_string(&list, "coldspan.script", identity->script);
	cs_attr_add_string(&list, "telemetry.sdk.name", "coldspan");
	cs_attr_add_string(&list, "telemetry.sdk.language", "c");
	return cs_attr_list_keep(&list, ret);
}
