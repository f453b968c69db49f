/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Puts boards into a Grafana over its HTTP API: a folder "coldspan" first, if there is none.
 *
 * Format: Grafana's documentation, developers/http_api: folder, dashboard.
 */
#pragma once

#include <jansson.h>
#include <stddef.h>

#include "base/cleanup.h"
#include "base/diag.h"

#define CS_GRAFANA_TOKEN "GRAFANA_TOKEN" /* of a service account, in the environment */

/**
 * cs_grafana_install() - send @boards, each in place of the one with its uid
 * @url:   of Grafana, http; with its path if it is served below one
 * @token: NULL: none is sent
 * @ret:   how many were taken
 *
 * Context: startup; waits for Grafana, at most 30 s for each.
 * Return:  0; -EINVAL wrong URL or token; -EIO, @diag says what became of which board.
 */
int cs_grafana_install(const char *url, const char *token, json_t *const *boards, size_t count,
		       size_t *ret, struct cs_diag *diag) cs_must_use;
