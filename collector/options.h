/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The command line of coldspan-collector, and the variables that stand in for flags not given.
 * A flag beats its variable; an empty variable counts as unset (OpenTelemetry specification,
 * configuration/sdk-environment-variables.md).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/cleanup.h"
#include "base/diag.h"
#include "base/log.h"
#include "collector/metrics/bucket_settings.h"
#include "collector/sampler/sampler.h"

#define CS_OPTIONS_DESTINATIONS_MAX 8
#define CS_OPTIONS_ADDRESS_MAX      300 /* a DNS name, and a port */

/* Bits of cs_options.given. */
enum cs_options_given {
	CS_GIVEN_SOCKET = 1,
	CS_GIVEN_SOCKET_MODE = 2,
	CS_GIVEN_MAX = 4,
	CS_GIVEN_LEVEL = 8,
	CS_GIVEN_XRAY = 16,
	CS_GIVEN_SAMPLER = 32,
	CS_GIVEN_TAIL = 64,
	CS_GIVEN_PROMETHEUS = 128,
};

struct cs_options {
	const char *socket_path;    /* --socket, COLDSPAN_SOCKET */
	mode_t socket_mode;         /* --socket-mode */
	uint32_t instances_per_uid; /* --max-instances; 0: half of the descriptors we may have */
	const char *otlp[CS_OPTIONS_DESTINATIONS_MAX]; /* --otlp: base URLs */
	unsigned otlp_count;
	const char *files[CS_OPTIONS_DESTINATIONS_MAX]; /* --file */
	unsigned files_count;
	/* --prometheus, OTEL_METRICS_EXPORTER with OTEL_EXPORTER_PROMETHEUS_*; "": nobody scrapes */
	char prometheus[CS_OPTIONS_ADDRESS_MAX];
	struct cs_bucket_settings buckets; /* --buckets */
	enum cs_log_level log_level;       /* --log-level, OTEL_LOG_LEVEL */
	const char *level_unknown; /* what OTEL_LOG_LEVEL is instead of a level, NULL it is one */
	bool xray_parent;          /* --xray-parent */
	/* --sampler, OTEL_TRACES_SAMPLER with _ARG; --tail, COLDSPAN_TAIL */
	struct cs_sampler_options sampling;
	const char *sampler_unknown; /* as level_unknown, of OTEL_TRACES_SAMPLER */
	const char *ratio_unknown;   /* idem, of OTEL_TRACES_SAMPLER_ARG */
	int ready_fd;                /* --ready-fd; -1 none */
	unsigned given;              /* flags, by enum cs_options_given */
	bool show_origin;            /* --show-origin */
	bool json;                   /* --json, of that */
	bool help;
	bool version;
};

/**
 * cs_options_parse() - read flags and variables
 * @get_env: getenv(), or a test's
 * @diag:    filled in on failure: one line for people
 * @ret:     strings are borrowed from @argv and the environment; untouched on failure
 *
 * Context: startup (getopt_long(3) is not re-entrant).
 * Return:  0; -EINVAL a mistake of the user's.
 */
int cs_options_parse(int argc, char **argv, char *(*get_env)(const char *name),
		     struct cs_diag *diag, struct cs_options *ret) cs_must_use;

/** cs_options_help() - the text of --help, examples first. */
const char *cs_options_help(void);
