/* SPDX-License-Identifier: Apache-2.0 */

/* What all destinations have in common; see exporter.h and destination.h. */
#include "exporters/exporter.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "exporters/destination.h"

static const char *const drop_reasons[CS_DROP_REASON_COUNT] = {
	[CS_DROP_QUEUE_FULL] = "queue_full", [CS_DROP_RETRY_EXHAUSTED] = "retry_exhausted",
	[CS_DROP_REFUSED] = "refused",       [CS_DROP_TOO_LARGE] = "too_large",
	[CS_DROP_ENCODE] = "encode",         [CS_DROP_IO] = "io",
	[CS_DROP_SHUTDOWN] = "shutdown",
};

static const char *const signal_names[CS_SIGNAL_COUNT] = {
	[CS_SIGNAL_TRACES] = "traces",
	[CS_SIGNAL_METRICS] = "metrics",
	[CS_SIGNAL_LOGS] = "logs",
};

static const char *const signal_items[CS_SIGNAL_COUNT] = {
	[CS_SIGNAL_TRACES] = "spans",
	[CS_SIGNAL_METRICS] = "data points",
	[CS_SIGNAL_LOGS] = "log records",
};

const char *cs_signal_name(enum cs_signal signal)
{
	return (unsigned)signal < CS_SIGNAL_COUNT ? signal_names[signal] : "unknown";
}

const char *cs_signal_items(enum cs_signal signal)
{
	return (unsigned)signal < CS_SIGNAL_COUNT ? signal_items[signal] : "items";
}

const char *cs_drop_reason_name(enum cs_drop_reason reason)
{
	return (unsigned)reason < CS_DROP_REASON_COUNT ? drop_reasons[reason] : "unknown";
}

void cs_exporter_init(struct cs_exporter *exporter, const struct cs_exporter_ops *ops,
		      uint32_t signals, const char *name)
{
	*exporter =
		(struct cs_exporter){ .magic = CS_EXPORTER_MAGIC, .ops = ops, .signals = signals };
	snprintf(exporter->name, sizeof(exporter->name), "%s", name);
}

bool cs_exporter_takes(const struct cs_exporter *exporter, enum cs_signal signal)
{
	return exporter->signals >> signal & 1;
}

void cs_exporter_submit(struct cs_exporter *exporter, struct cs_batch batch)
{
	assert(exporter->magic == CS_EXPORTER_MAGIC);
	assert(cs_exporter_takes(exporter, batch.signal));
	exporter->stats[batch.signal].accepted += cs_batch_count(batch);
	exporter->ops->submit(exporter, batch);
}

bool cs_exporter_idle(const struct cs_exporter *exporter)
{
	assert(exporter->magic == CS_EXPORTER_MAGIC);
	for (unsigned i = 0; i < CS_SIGNAL_COUNT; i++) {
		if (exporter->stats[i].queued)
			return false;
	}
	return true;
}

void cs_exporter_get_stats(const struct cs_exporter *exporter, enum cs_signal signal,
			   struct cs_exporter_stats *ret)
{
	assert(exporter->magic == CS_EXPORTER_MAGIC);
	*ret = exporter->stats[signal];
	ret->last_error = exporter->error;
}

const char *cs_exporter_get_name(const struct cs_exporter *exporter)
{
	return exporter->name;
}

void cs_exporter_set_report(struct cs_exporter *exporter, cs_exporter_report_fn report, void *user)
{
	exporter->report = report;
	exporter->report_user = user;
}

void cs_exporter_set_operated(struct cs_exporter *exporter, cs_exporter_operated_fn operated,
			      void *user)
{
	exporter->operated = operated;
	exporter->operated_user = user;
}

void cs_exporter_operated(struct cs_exporter *exporter, uint64_t began_ns, const char *error)
{
	if (exporter->operated)
		exporter->operated(exporter->operated_user, exporter,
				   cs_clock_monotonic_ns() - began_ns, error);
}

void cs_exporter_set_settled(struct cs_exporter *exporter, cs_exporter_settled_fn settled,
			     void *user)
{
	exporter->settled = settled;
	exporter->settled_user = user;
}

void cs_exporter_settle(struct cs_exporter *exporter)
{
	if (exporter->settled && cs_exporter_idle(exporter))
		exporter->settled(exporter->settled_user, exporter);
}

int cs_exporter_reopen(struct cs_exporter *exporter, struct cs_diag *diag)
{
	assert(exporter->magic == CS_EXPORTER_MAGIC);
	return exporter->ops->reopen ? exporter->ops->reopen(exporter, diag) : 0;
}

void cs_exporter_abandon(struct cs_exporter *exporter)
{
	assert(exporter->magic == CS_EXPORTER_MAGIC);
	if (exporter->ops->abandon)
		exporter->ops->abandon(exporter);
}

struct cs_exporter *cs_exporter_free(struct cs_exporter *exporter)
{
	if (!exporter)
		return NULL;
	assert(exporter->magic == CS_EXPORTER_MAGIC);
	exporter->magic = 0;
	exporter->ops->free(exporter);
	return NULL;
}

void cs_exporter_fail(struct cs_exporter *exporter, const char *fmt, ...)
{
	char text[sizeof(exporter->error)];
	bool first = !exporter->failing;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n < 0)
		n = 0;
	if ((size_t)n >= sizeof(text))
		n = (int)sizeof(text) - 1;
	cs_utf8_repair(exporter->error, sizeof(exporter->error), text, (size_t)n, NULL);
	cs_utf8_strip_control(exporter->error); /* may quote what a server answered */
	exporter->failing = true;
	if (first && exporter->report)
		exporter->report(exporter->report_user, exporter, true, exporter->error);
}

void cs_exporter_recover(struct cs_exporter *exporter)
{
	if (!exporter->failing)
		return;
	exporter->failing = false;
	if (exporter->report)
		exporter->report(exporter->report_user, exporter, false, "works again");
}
