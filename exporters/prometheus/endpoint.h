/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Where Prometheus scrapes: GET /metrics of an HTTP server on the caller's loop. Metrics are collected when they
 * are asked for, and only then.
 *
 * Every process of the host can reach loopback, and every web page that somebody looks at there can make his
 * browser ask (DNS rebinding): a request whose Host header is a name is refused, unless it is "localhost" or the
 * name that we were told to listen on. Nothing can be changed by a request. Bounds: 8 KiB of head, no body, 10 s; between
 * two scrapes the connections of as many scrapers as readers.h has places for may be idle for as long as Prometheus keeps them.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/diag.h"
#include "exporters/prometheus/readers.h"
#include "exporters/telemetry_metrics.h"

#define CS_PROMETHEUS_HOST_MAX 256

struct event_base;
struct cs_prometheus_endpoint;

/**
 * cs_prometheus_collect_fn() - all metrics of now
 * @reader: who scrapes, below CS_PROMETHEUS_READERS_MAX; CS_PROMETHEUS_NOBODY: somebody looks who is no scraper
 * @past:   of a scraper: what it has been told
 * @ret:    in @arena
 *
 * Context: loop. Return: false: there is no memory.
 */
typedef bool (*cs_prometheus_collect_fn)(void *user, int reader, enum cs_reader_past past,
					 struct cs_arena *arena, struct cs_metric_batch *ret);

/**
 * cs_prometheus_endpoint_new() - listen
 * @address: "HOST:PORT", "[IPV6]:PORT", or a port alone, which is one of 127.0.0.1; port 0: any that is free
 * @ret:     free with cs_prometheus_endpoint_free(); untouched on failure
 * @diag:    what is wrong and what to write instead; may be NULL
 *
 * Context: startup. Return: 0; -EINVAL; -ENOMEM; negative errno of bind().
 */
int cs_prometheus_endpoint_new(struct event_base *base, const char *address,
			       cs_prometheus_collect_fn collect, void *user,
			       struct cs_prometheus_endpoint **ret, struct cs_diag *diag)
	cs_must_use;

/** cs_prometheus_endpoint_url() - "http://127.0.0.1:9464/metrics", with the port that it really has; borrowed. */
const char *cs_prometheus_endpoint_url(const struct cs_prometheus_endpoint *endpoint);

/** cs_prometheus_endpoint_free() - answers under way are cut off. Return: NULL. Accepts NULL. */
struct cs_prometheus_endpoint *cs_prometheus_endpoint_free(struct cs_prometheus_endpoint *endpoint);
