/* SPDX-License-Identifier: Apache-2.0 */

/* Other libraries that put themselves into processes: which ones they are, by the names of their files. */
#pragma once

#include <stddef.h>

enum cs_company_kind {
	CS_COMPANY_AGENT,     /* watches or changes the process: hooks as we do */
	CS_COMPANY_ALLOCATOR, /* replaces malloc */
};

struct cs_company {
	const char *file; /* how the name of the file begins */
	const char *what; /* for people */
	enum cs_company_kind kind;
};

/** cs_company_find() - who comes with the file @name (no folder); NULL nobody known. Pure. */
const struct cs_company *cs_company_find(const char *name);
