/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What a destination is made of: the part of `struct cs_exporter` that its kinds (file, OTLP/HTTP)
 * share. Included by them and by exporter.c alone; users see exporters/exporter.h.
 */
#pragma once

#include "exporters/exporter.h"

#define CS_EXPORTER_MAGIC      0x63736578u
#define CS_EXPORTER_NAME_MAX   300 /* an endpoint with a long path; longer ones are cut */
#define CS_EXPORTER_REPORT_MAX 512

/* One kind of destination. Context of all: loop. */
struct cs_exporter_ops {
	void (*submit)(struct cs_exporter *exporter, struct cs_batch batch);
	void (*abandon)(struct cs_exporter *exporter); /* NULL: it never queues */
	int (*reopen)(struct cs_exporter *exporter, struct cs_diag *diag); /* NULL: no file */
	void (*free)(
		struct cs_exporter *exporter); /* frees the whole object; counters are settled */
};

/* First member of every destination. */
struct cs_exporter {
	uint32_t magic;
	const struct cs_exporter_ops *ops;
	uint32_t signals;                                /* that it takes: bit per enum cs_signal */
	struct cs_exporter_stats stats[CS_SIGNAL_COUNT]; /* last_error is set from `error` */
	cs_exporter_report_fn report;                    /* may be NULL */
	void *report_user;
	cs_exporter_operated_fn operated; /* may be NULL */
	void *operated_user;
	cs_exporter_settled_fn settled; /* may be NULL */
	void *settled_user;
	bool failing; /* the last report was a failure */
	char name[CS_EXPORTER_NAME_MAX];
	char error[CS_EXPORTER_REPORT_MAX];
};

/** cs_exporter_init() - the shared part of a new destination; @signals: see there. Context: loop. */
void cs_exporter_init(struct cs_exporter *exporter, const struct cs_exporter_ops *ops,
		      uint32_t signals, const char *name);

/** cs_exporter_fail() - remember one line as last_error; reported if it worked until now. */
void cs_exporter_fail(struct cs_exporter *exporter, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/** cs_exporter_recover() - it works: reported if it failed until now. */
void cs_exporter_recover(struct cs_exporter *exporter);

/** cs_exporter_operated() - a request or write is over, which began at @began_ns, CLOCK_MONOTONIC. */
void cs_exporter_operated(struct cs_exporter *exporter, uint64_t began_ns, const char *error);

/** cs_exporter_settle() - something has left the queue: tell, if it was the last. */
void cs_exporter_settle(struct cs_exporter *exporter);
