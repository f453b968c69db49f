/* SPDX-License-Identifier: Apache-2.0 */

/* Texts as Prometheus' formats want them: labels and HELP (OpenMetrics 1.0, "ABNF"; exposition_formats.md). */
#pragma once

#include <stdbool.h>

#include "base/buffer.h"

/** cs_prometheus_escape() - append @s; @quotes: these, too, as in labels. Context: any-thread (pure). */
void cs_prometheus_escape(struct cs_buffer *out, const char *s, bool quotes);
