/* SPDX-License-Identifier: Apache-2.0 */

/* Attributes of an instance; see resource.h. */
#include "collector/spans/resource.h"

#include <stdio.h>
#include <string.h>

#include "collector/spans/attr_list.h"
#include "exporters/attributes.h"

/* Of its platform, and of itself where that has no word for it; Azure's apps are no function. */
static void add_function(struct cs_attr_list *list, const struct cs_identity *identity,
			 const char *instance)
{
	static const struct cs_platform nothing;
	const struct cs_platform *platform = identity->platform ? identity->platform : &nothing;
	const char *name = platform->function ? platform->function : identity->name;

	cs_attr_add_string(list, "faas.name", platform->app ? NULL : name);
	cs_attr_add_string(list, "faas.version", platform->version);
	cs_attr_add_string(list, "faas.instance",
			   platform->instance ? platform->instance : instance);
	cs_attr_add_string(list, "coldspan.platform", platform->name);
	for (size_t i = 0; i < platform->attrs.count; i++) {
		const struct cs_attr *attr = &platform->attrs.items[i];

		if (attr->value.type == CS_VALUE_STRINGS)
			cs_attr_add_only(list, attr->key, attr->value.strings.items[0]);
		else if (attr->value.type == CS_VALUE_STRING)
			cs_attr_add_string(list, attr->key, attr->value.string);
		else
			cs_attr_add_signed(list, attr->key, attr->value.integer);
	}
}

/* Of what holds it; how much memory that leaves it, where its platform's variables do not say. */
static void add_container(struct cs_attr_list *list, const struct cs_identity *identity)
{
	const struct cs_container *container = identity->container;

	if (!container)
		return;
	if (*container->id)
		cs_attr_add_string(list, "container.id", container->id);
	if (*container->pod_uid)
		cs_attr_add_string(list, "k8s.pod.uid", container->pod_uid);
	if (container->memory_max_bytes &&
	    !(identity->platform &&
	      cs_attributes_find(&identity->platform->attrs, "faas.max_memory")))
		cs_attr_add_int(list, "faas.max_memory", container->memory_max_bytes);
}

/* Seen by us, so that nobody's word on it counts. */
static bool is_seen(const char *key)
{
	static const char *const prefixes[] = { "process.", "telemetry.", "coldspan." };

	if (!strcmp(key, "service.name"))
		return true; /* heeded before */
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		if (!strncmp(key, prefixes[i], strlen(prefixes[i])))
			return true;
	}
	return false;
}

/* What its operator said of the resource goes before what its platform's variables say. */
static void add_said(struct cs_attr_list *list, const struct cs_attrs *said)
{
	for (size_t i = 0; i < said->count; i++) {
		if (!is_seen(said->items[i].key))
			cs_attr_set_string(list, said->items[i].key, said->items[i].value.string);
	}
	list->dropped += said->dropped_count;
}

bool cs_resource_attrs(const struct cs_identity *identity, struct cs_arena *arena,
		       struct cs_attrs *ret)
{
	char instance[48];
	CS_ATTR_LIST(list, arena);

	snprintf(instance, sizeof(instance), "%llu-%d", (unsigned long long)identity->segment,
		 identity->pid);
	cs_attr_add_string(&list, "service.name", identity->name);
	add_function(&list, identity, instance);
	add_container(&list, identity);
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
	if (identity->platform && identity->platform->said_refused)
		cs_attr_add_string(&list, "coldspan.resource.refused", "OTEL_RESOURCE_ATTRIBUTES");
	if (identity->platform)
		add_said(&list, &identity->platform->said);
	return cs_attr_list_keep(&list, ret);
}
