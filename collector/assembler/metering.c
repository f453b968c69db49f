/* SPDX-License-Identifier: Apache-2.0 */

/* When to read what a process has used, and whose it is; see metering.h. */
#include "collector/assembler/metering.h"

#include "collector/assembler/assembler.h"
#include "collector/processes/usage.h"

#define NS_PER_S 1000000000ull

struct cs_meter {
	struct cs_usage base; /* read when nothing was in flight; time_ns 0: none */
	bool settled;         /* read once more since the last invocation */
};

/* Not on behalf of itself, so that nobody can use up the others' turns by being read often. */
static bool take_turn(struct cs_metering *metering, uint64_t now_ns)
{
	if (now_ns - metering->second_ns >= NS_PER_S) {
		metering->second_ns = now_ns;
		metering->readings = 0;
	}
	return metering->readings++ < CS_METERING_PER_S;
}

static struct cs_meter *meter_of(struct cs_member *member)
{
	if (!member->meter)
		member->meter = calloc(1, sizeof(*member->meter));
	return member->meter;
}

/* What has come since the rings were drained may have used some of it. */
static bool read_quiet(const struct cs_member *member, struct cs_usage *ret)
{
	return cs_usage_read(member->process, ret) == 0 && !cs_instance_used(member->instance);
}

static void look_at(struct cs_metering *metering, struct cs_member *member, uint64_t now_ns)
{
	struct cs_meter *meter = meter_of(member);
	struct cs_assembled *model = member->instance->model;
	struct cs_usage usage;
	struct cs_used used;
	enum cs_served served;

	if (!meter)
		return;
	served = cs_assembler_served(model, member->pid, meter->base.time_ns);
	if (served == CS_SERVED_NOW)
		return;
	if (served == CS_SERVED_NONE &&
	    (meter->settled || now_ns - meter->base.time_ns < CS_METERING_AGAIN_NS)) {
		member->instance->to_meter |= !meter->settled;
		return;
	}
	if (now_ns - meter->base.time_ns < CS_METERING_EVERY_NS || !take_turn(metering, now_ns)) {
		member->instance->to_meter = true;
		return;
	}
	if (!read_quiet(member, &usage)) {
		/* Where nobody was served since, the reading before is as good for who comes now. */
		if (served != CS_SERVED_NONE)
			meter->base.time_ns = 0;
		return;
	}
	if (served == CS_SERVED_ONE && meter->base.time_ns) {
		cs_usage_since(&meter->base, &usage, &used);
		cs_assembler_used(model, member->pid, meter->base.time_ns, &used);
	}
	meter->settled = served == CS_SERVED_NONE;
	meter->base = usage;
	member->instance->to_meter |= !meter->settled;
}

void cs_metering_record(struct cs_instance *instance)
{
	instance->to_meter = true;
}

void cs_metering_look(struct cs_metering *metering, struct cs_instance *instance, uint64_t now_ns)
{
	struct cs_member *member;

	if (!instance->to_meter || instance->members_count > CS_METERING_MEMBERS_MAX)
		return;
	instance->to_meter = false;
	LIST_FOREACH(member, &instance->members, of_instance)
	{
		if (member->process)
			look_at(metering, member, now_ns);
	}
}

void cs_metering_ready(struct cs_instance *instance, const struct cs_usage *usage)
{
	struct cs_member *member;
	struct cs_meter *meter;

	LIST_FOREACH(member, &instance->members, of_instance)
	{
		if (!member->own || !member->process)
			continue;
		meter = meter_of(member);
		if (!meter)
			continue;
		meter->base = *usage;
		if (cs_instance_used(instance))
			meter->base.time_ns = 0;
	}
}

static bool is_metered(const struct cs_member *member, const struct cs_process *process)
{
	return member->process == process && member->meter && member->meter->base.time_ns;
}

bool cs_metering_wants(const struct cs_instance *instance, const struct cs_process *process)
{
	const struct cs_member *member;

	LIST_FOREACH(member, &instance->members, of_instance)
	{
		if (is_metered(member, process))
			return true;
	}
	return false;
}

void cs_metering_exited(struct cs_instance *instance, const struct cs_process *process,
			const struct cs_usage *usage)
{
	struct cs_member *member;
	struct cs_used used;

	LIST_FOREACH(member, &instance->members, of_instance)
	{
		if (!is_metered(member, process))
			continue;
		cs_usage_since(&member->meter->base, usage, &used);
		cs_assembler_used(instance->model, member->pid, member->meter->base.time_ns, &used);
	}
}
