/* SPDX-License-Identifier: Apache-2.0 */

/* Calls of the Lambda Runtime API; see lambda_call.h. */
#include "preload/events/lambda_call.h"

#include <netinet/in.h>
#include <stddef.h>
#include <sys/socket.h>

#include "preload/text.h"
#include "preload/wire/records.h"
#include "preload/wire/runtime_api.h"

#define RUNTIME  "/2018-06-01/runtime/"
#define EVENTS   RUNTIME "invocation/"
#define REGISTER "/2020-01-01/extension/register"

/* "1.2.3.4" up to @end; false: a name, or an address of another kind. */
static bool read_ipv4(const char *s, const char *end, uint32_t *ret)
{
	uint32_t address = 0;

	for (int i = 0; i < 4; i++) {
		uint32_t part = 0, digits = 0;

		while (s < end && *s >= '0' && *s <= '9' && digits++ < 3)
			part = part * 10 + (uint32_t)(*s++ - '0');
		if (!digits || part > 255 || (i < 3 && (s == end || *s++ != '.')))
			return false;
		address = address << 8 | part;
	}
	*ret = address;
	return s == end;
}

void cs_lambda_api_read(struct cs_lambda_api *api, const char *value)
{
	size_t host;

	*api = (struct cs_lambda_api){ .port = cs_runtime_api_port(value, &host) };
	api->numeric = api->port && read_ipv4(value, value + host, &api->address);
}

bool cs_lambda_api_is(const struct cs_lambda_api *api, const struct sockaddr *address, uint32_t len)
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };
	const struct sockaddr_in6 *in6 = (const void *)address;
	const struct sockaddr_in *in = (const void *)address;
	uint32_t ipv4;

	if (len >= sizeof(*in) && address->sa_family == AF_INET) {
		ipv4 = in->sin_addr.s_addr;
		return in->sin_port == __builtin_bswap16(api->port) &&
		       (!api->numeric || __builtin_bswap32(ipv4) == api->address);
	}
	if (len < sizeof(*in6) || address->sa_family != AF_INET6 ||
	    in6->sin6_port != __builtin_bswap16(api->port))
		return false;
	for (unsigned i = 0; api->numeric && i < sizeof(mapped); i++) {
		if (in6->sin6_addr.s6_addr[i] != mapped[i])
			return false;
	}
	__builtin_memcpy(&ipv4, in6->sin6_addr.s6_addr + sizeof(mapped), sizeof(ipv4));
	return !api->numeric || __builtin_bswap32(ipv4) == api->address;
}

static bool part_is(const char *s, size_t len, const char *text)
{
	return cs_text_len(text) == len && cs_text_ends(s, len, text);
}

/* "{id}/response" or "{id}/error", behind what all of them begin with. */
static enum cs_lambda_call answer_of(const char *target, size_t at, size_t len,
				     struct cs_lambda_part *ret_id)
{
	size_t slash = at;

	while (slash < len && target[slash] != '/')
		slash++;
	if (slash == at || slash == len)
		return CS_LAMBDA_OTHER;
	ret_id->offset = (uint16_t)at;
	ret_id->len = (uint16_t)(slash - at);
	if (part_is(target + slash, len - slash, "/response"))
		return CS_LAMBDA_RESPONSE;
	return part_is(target + slash, len - slash, "/error") ? CS_LAMBDA_ERROR : CS_LAMBDA_OTHER;
}

static bool begins(const char *s, size_t len, const char *with)
{
	size_t n = cs_text_len(with);

	return len >= n && cs_text_ends(s, n, with);
}

enum cs_lambda_call cs_lambda_call_of(const struct cs_http_text *text,
				      struct cs_lambda_part *ret_id)
{
	const char *target = text->bytes + text->method_len;
	size_t len = text->target_len;
	enum cs_lambda_call call;

	if (text->flags & CS_REQUEST_TARGET_CUT)
		return CS_LAMBDA_OTHER;
	if (part_is(text->bytes, text->method_len, "GET"))
		return part_is(target, len, EVENTS "next")            ? CS_LAMBDA_NEXT
		       : part_is(target, len, RUNTIME "restore/next") ? CS_LAMBDA_RESTORE_NEXT
								      : CS_LAMBDA_OTHER;
	if (!part_is(text->bytes, text->method_len, "POST"))
		return CS_LAMBDA_OTHER;
	if (part_is(target, len, RUNTIME "init/error"))
		return CS_LAMBDA_INIT_ERROR;
	if (part_is(target, len, RUNTIME "restore/error"))
		return CS_LAMBDA_RESTORE_ERROR;
	if (part_is(target, len, REGISTER))
		return CS_LAMBDA_REGISTER;
	if (!begins(target, len, EVENTS))
		return CS_LAMBDA_OTHER;
	call = answer_of(target, sizeof(EVENTS) - 1, len, ret_id);
	ret_id->offset = (uint16_t)(ret_id->offset + text->method_len);
	return call;
}

bool cs_lambda_event_id(const struct cs_http_text *text, struct cs_lambda_part *ret_id)
{
	static const char name[] = "lambda-runtime-aws-request-id: ";
	size_t at = (size_t)text->method_len + text->target_len, end = at + text->headers_len;

	while (at < end) {
		size_t line = 0;

		while (at + line < end && text->bytes[at + line] != '\n')
			line++;
		if (begins(text->bytes + at, line, name) && line > sizeof(name) - 1) {
			ret_id->offset = (uint16_t)(at + sizeof(name) - 1);
			ret_id->len = (uint16_t)(line - (sizeof(name) - 1));
			return true;
		}
		at += line + 1;
	}
	return false;
}
