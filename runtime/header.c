/* SPDX-License-Identifier: Apache-2.0 */

/* HTTP header fields on their way through; see header.h. */
#include "runtime/header.h"

#include <event2/keyvalq_struct.h>
#include <string.h>
#include <strings.h>
#include <sys/queue.h>

bool cs_header_lists(const char *value, const char *token)
{
	size_t token_len = strlen(token);

	while (*value) {
		size_t len = strcspn(value, ",");
		const char *word = value + strspn(value, " \t");
		size_t word_len = word < value + len ? strcspn(word, ", \t") : 0;

		if (word_len == token_len && !strncasecmp(word, token, token_len))
			return true;
		value += len + (value[len] == ',');
	}
	return false;
}

bool cs_header_name_is_good(const char *name)
{
	static const char bytes[] = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz";

	return *name && !name[strspn(name, bytes)];
}

const char *cs_headers_fault(const struct evkeyvalq *headers)
{
	const char *length = evhttp_find_header(headers, "Content-Length");
	const struct evkeyval *header;
	bool coded = false, hosted = false;

	TAILQ_FOREACH(header, headers, next) {
		if (!cs_header_name_is_good(header->key))
			return "the name of a header is empty or has a character that none may have";
		if (!strcasecmp(header->key, "Transfer-Encoding")) {
			if (coded || strcasecmp(header->value, "chunked"))
				return "the only Transfer-Encoding that is understood is chunked";
			coded = true;
		} else if (!strcasecmp(header->key, "Host")) {
			if (hosted)
				return "Host is given twice";
			hosted = true;
		} else if (!strcasecmp(header->key, "Content-Length") &&
			   strcmp(header->value, length)) {
			return "the length of the body is given twice and differs";
		}
	}
	return length && coded ? "the length of the body is given twice and differs" : NULL;
}

static bool is_of_one_connection(const struct evkeyvalq *headers, const char *name)
{
	static const char *const names[] = {
		"Connection", "Keep-Alive",        "Proxy-Connection", "TE",
		"Trailer",    "Transfer-Encoding", "Upgrade",
	};
	const struct evkeyval *header;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!strcasecmp(names[i], name))
			return true;
	}
	TAILQ_FOREACH(header, headers, next) {
		if (!strcasecmp(header->key, "Connection") && cs_header_lists(header->value, name))
			return true;
	}
	return false;
}

void cs_headers_copy(const struct evkeyvalq *from, struct evkeyvalq *to, bool keep_length)
{
	const struct evkeyval *header;

	TAILQ_FOREACH(header, from, next) {
		if (is_of_one_connection(from, header->key) ||
		    (!keep_length && !strcasecmp(header->key, "Content-Length")))
			continue;
		evhttp_add_header(to, header->key, header->value);
	}
}
