/* SPDX-License-Identifier: Apache-2.0 */

/* Names of what is accounted for; see ledger.h. */
#include "collector/ledger.h"

const char *cs_ledger_name(enum cs_ledger_kind kind)
{
	static const char *const names[CS_LEDGER_COUNT] = {
#define X(id, name, aside) [CS_LEDGER_##id] = (name),
		CS_LEDGER_KINDS(X)
#undef X
	};

	return names[kind];
}
