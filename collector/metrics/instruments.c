/* SPDX-License-Identifier: Apache-2.0 */

/* The list of metrics; see instruments.h. */
#include "collector/metrics/instruments.h"

static const struct cs_instrument instruments[CS_INSTRUMENT_ID_COUNT] = {
#define X(ID, NAME, UNIT, TYPE, INTEGER, LAYOUT, OF, ATTRIBUTES, DESCRIPTION)                      \
	[CS_INSTRUMENT_##ID] = {                                                                   \
		.name = NAME,                                                                      \
		.unit = UNIT,                                                                      \
		.description = DESCRIPTION,                                                        \
		.attributes = ATTRIBUTES,                                                          \
		.type = CS_INSTRUMENT_##TYPE,                                                      \
		.layout = CS_BUCKETS_##LAYOUT,                                                     \
		.of = CS_OF_##OF,                                                                  \
		.integer = INTEGER,                                                                \
	},
	CS_INSTRUMENTS(X)
#undef X
};

const struct cs_instrument *cs_instrument(enum cs_instrument_id id)
{
	return &instruments[id];
}
