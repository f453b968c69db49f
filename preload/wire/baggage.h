/* SPDX-License-Identifier: Apache-2.0 */

/* Members of W3C baggage among the lines of a record: "baggage.KEY: value", the value percent-encoded. */
#pragma once

#define CS_BAGGAGE_PREFIX    "baggage."
#define CS_BAGGAGE_VALUE_MAX 512u /* as of other headers that are kept; longer ones are left out */
#define CS_BAGGAGE_KEY_MAX   32u  /* of one that may be named */
#define CS_BAGGAGE_NAME_MAX  (CS_BAGGAGE_KEY_MAX + sizeof(CS_BAGGAGE_PREFIX) - 1)
#define CS_BAGGAGE_KEYS_MAX  16u /* that may be named: a span has 64 attributes */
