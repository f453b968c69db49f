/* SPDX-License-Identifier: Apache-2.0 */

/* JSON documents of commands; see document.h. */
#include "agent/document.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "agent/exit_codes.h"
#include "base/log.h"
#include "base/utf8.h"
#include "coldspan_config.h"

#define TEXT_MAX_BYTES (2 * PATH_MAX + 512) /* two paths and what is said of them; more is cut */

json_t *cs_document_new(const char *schema)
{
	return json_pack("{s:s, s:s}", "schema", schema, "coldspan_version", CS_VERSION);
}

json_t *cs_document_text(const char *text)
{
	char clean[TEXT_MAX_BYTES];

	if (!text)
		return json_null();
	cs_utf8_repair(clean, sizeof(clean), text, strlen(text), NULL);
	return json_string(clean);
}

json_t *cs_document_number(uint64_t n)
{
	return json_integer((json_int_t)n);
}

int cs_document_print(json_t *document, int code)
{
	if (!document) {
		cs_log(CS_LOG_ERROR, "out of memory");
		return CS_EXIT_FAILED;
	}
	/* What it says of a stream that takes nothing, the stream says as well. */
	if (json_dumpf(document, stdout, JSON_INDENT(2)) == 0)
		putchar('\n');
	else if (!ferror(stdout))
		code = CS_EXIT_FAILED;
	json_decref(document);
	return code;
}
