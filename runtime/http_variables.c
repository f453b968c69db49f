/* SPDX-License-Identifier: Apache-2.0 */

/* A request as environment; see http_variables.h. */
#include "runtime/http_variables.h"

#include <event2/keyvalq_struct.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/queue.h>

#include "runtime/header.h"

#define PREFIX     "Http_"
#define PREFIX_LEN (sizeof(PREFIX) - 1)

static char upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

int cs_http_variable_name(const char *header, char *buf)
{
	size_t len = strlen(header);
	bool start = true; /* of a word */

	if (!cs_header_name_is_good(header) || PREFIX_LEN + len + 1 > CS_HTTP_VARIABLE_MAX)
		return -EINVAL;
	if (!strcasecmp(header, "Proxy"))
		return -EPERM;
	memcpy(buf, PREFIX, PREFIX_LEN);
	for (size_t i = 0; i < len; i++) {
		char c = start ? upper(header[i]) : lower(header[i]);

		start = c == '-';
		buf[PREFIX_LEN + i] = start ? '_' : c;
	}
	buf[PREFIX_LEN + len] = 0;
	return 0;
}

static const char *method_name(enum evhttp_cmd_type method)
{
	switch (method) {
	case EVHTTP_REQ_GET:
		return "GET";
	case EVHTTP_REQ_POST:
		return "POST";
	case EVHTTP_REQ_HEAD:
		return "HEAD";
	case EVHTTP_REQ_PUT:
		return "PUT";
	case EVHTTP_REQ_DELETE:
		return "DELETE";
	case EVHTTP_REQ_OPTIONS:
		return "OPTIONS";
	case EVHTTP_REQ_PATCH:
		return "PATCH";
	case EVHTTP_REQ_TRACE:
	case EVHTTP_REQ_CONNECT: /* the gateway takes neither */
		break;
	}
	return "";
}

/* Names that say something of the runtime's own: a header cannot fake them, set or not. */
static bool is_reserved(const char *name)
{
	static const char *const names[] = {
		"Http_Method",
		"Http_Path",
		"Http_Query",
		"Http_Host",
		"Http_ContentLength",
		"Http_Content_Length",
		"Http_Transfer_Encoding",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!strcasecmp(names[i], name))
			return true;
	}
	return false;
}

static int add_headers(struct cs_variables *variables, const struct evkeyvalq *headers)
{
	const struct evkeyval *header;

	TAILQ_FOREACH(header, headers, next) {
		char name[CS_HTTP_VARIABLE_MAX];
		int r = cs_http_variable_name(header->key, name);

		if (r < 0 || is_reserved(name) || cs_variables_get(variables, name))
			continue;
		r = cs_variables_set(variables, name, header->value);
		if (r < 0)
			return r;
	}
	return 0;
}

static int add_path(struct cs_variables *variables, const char *path)
{
	size_t len;
	char *decoded = evhttp_uridecode(path, 0, &len);
	int r = -ENOMEM;

	if (decoded)
		r = strlen(decoded) == len ? cs_variables_set(variables, "Http_Path", decoded)
					   : -EILSEQ;
	free(decoded);
	return r;
}

int cs_http_variables_add(struct cs_variables *variables, const struct cs_call *call)
{
	struct evkeyvalq *headers = evhttp_request_get_input_headers(call->request);
	const char *host = evhttp_find_header(headers, "Host");
	const char *encoding = evhttp_find_header(headers, "Transfer-Encoding");
	char length[24];
	const struct own {
		const char *name;
		const char *value; /* NULL: leave out */
	} own[] = {
		{ "Http_Method", method_name(evhttp_request_get_command(call->request)) },
		{ "Http_ContentLength", length },
		{ "Http_Content_Length", length },
		{ "Http_Query", call->query && *call->query ? call->query : NULL },
		{ "Http_Host", host },
		{ "Http_Transfer_Encoding", encoding },
		{ "Http_X_Call_Id", call->id[0] ? call->id : NULL },
	};
	int r;

	snprintf(length, sizeof(length), "%zu",
		 evbuffer_get_length(evhttp_request_get_input_buffer(call->request)));
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		r = own[i].value ? cs_variables_set(variables, own[i].name, own[i].value) : 0;
		if (r < 0)
			return r;
	}
	r = add_path(variables, call->path);
	return r < 0 ? r : add_headers(variables, headers);
}
