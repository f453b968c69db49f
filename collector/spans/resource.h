/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The OpenTelemetry resource of an instance: who it is and where it runs. Names: semantic
 * conventions (service, faas, cloud, process); coldspan.* of docs/traces.md. By platform:
 * docs/platforms.md.
 */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "collector/assembler/model.h"
#include "exporters/telemetry.h"

/**
 * cs_resource_attrs() - its attributes
 *
 * Ownership: of what @ret points to: @arena's.
 * Return:    false: no memory.
 */
bool cs_resource_attrs(const struct cs_identity *identity, struct cs_arena *arena,
		       struct cs_attrs *ret);
