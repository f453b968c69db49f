/* SPDX-License-Identifier: Apache-2.0 */

/*
 * OTEL_TRACES_EXPORTER and its like: names by commas (OpenTelemetry specification,
 * configuration/sdk-environment-variables.md, "Exporter Selection"). Pure. Context: any-thread.
 */
#pragma once

#include <stdbool.h>

#include "exporters/batch.h"

/** cs_exporter_list_has() - is @name among those of @list, whatever the case? @list: NULL: the variable is not set. */
bool cs_exporter_list_has(const char *list, const char *name);

/** cs_exporter_list_otlp() - may @signal go out by OTLP? Unless others alone are named that we know. */
bool cs_exporter_list_otlp(const char *list, enum cs_signal signal);
