/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Requests of a platform that only asks whether the function is there: health probes are no invocations.
 * Known by what nobody else sends, never by a path that a function may have for itself.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "preload/http/http.h"

/* User-Agent of who probes, by its beginning; docs/traces.md, "Health probes", has the sources. */
#define CS_HTTP_PROBE_AGENTS(X)                                                                    \
	X("kube-probe/")                                                                           \
	X("Knative-Activator-Probe")                                                               \
	X("Knative-Autoscaling-Probe")                                                             \
	X("Knative-Ingress-Probe")                                                                 \
	X("Knative-Queue-Proxy-Probe")                                                             \
	X("GoogleHC/")                                                                             \
	X("ELB-HealthChecker/")                                                                    \
	X("Amazon-Route53-Health-Check-Service")

/* Headers that only a probe has, in lower case. */
#define CS_HTTP_PROBE_HEADERS(X)                                                                   \
	X("k-network-probe")                                                                       \
	X("k-kubelet-probe")

/* Paths that a platform keeps for itself (OpenFaaS's watchdogs), asked for with GET or HEAD. */
#define CS_HTTP_PROBE_PATHS(X)                                                                     \
	X("/_/health")                                                                             \
	X("/_/ready")

/* With POST, what OpenWhisk's invokers ask of a runtime that is an HTTP server: to load code, and to run it. */
#define CS_HTTP_WHISK_INIT "/init"
#define CS_HTTP_WHISK_RUN  "/run"

/** cs_http_probe_agent() - does who says so probe? @len: of the beginning, CS_HTTP_SCRATCH at most. */
bool cs_http_probe_agent(const char *agent, size_t len);

/** cs_http_probe_header() - does a header of that name, in lower case, say so? Context: signal (pure). */
bool cs_http_probe_header(const char *name, size_t len);

/** cs_http_probe_target() - does the method and path of a whole head? Context: signal (pure). */
bool cs_http_probe_target(const struct cs_http_text *text);

/** cs_http_is_post() - is it POST to that very @target? Context: signal (pure). */
bool cs_http_is_post(const struct cs_http_text *text, const char *target);
