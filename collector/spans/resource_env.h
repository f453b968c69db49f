/* SPDX-License-Identifier: Apache-2.0 */

/*
 * OTEL_RESOURCE_ATTRIBUTES: what people say of the service (OpenTelemetry specification, resource SDK:
 * "key=value,key=value", where either may have any octet as %XX, and has "," and "=" so). Pure.
 */
#pragma once

#include "base/arena.h"
#include "base/cleanup.h"
#include "exporters/telemetry.h"

#define CS_RESOURCE_ENV_MAX 16u /* attributes; those behind are dropped, and counted */

/**
 * cs_resource_env_read() - the attributes, all of them strings
 * @text: valid UTF-8
 *
 * Of a key that comes twice the last counts. What is not in this form is refused as a whole.
 * Context: any-thread.
 * Return:  0; -EBADMSG refused; -ENOMEM.
 */
int cs_resource_env_read(const char *text, struct cs_arena *arena, struct cs_attrs *ret)
	cs_must_use;
