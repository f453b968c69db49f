/* SPDX-License-Identifier: Apache-2.0 */

/* Reading identities; see identity.h. */
#include "collector/assembler/identity.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "collector/assembler/lines.h"
#include "collector/assembler/platform.h"
#include "exporters/attributes.h"
#include "preload/wire/runtime_api.h"

struct reading {
	struct cs_arena *arena;
	struct cs_identity *identity;
	struct cs_identity_env *env;
	const char *variables[CS_VARIABLE_COUNT];
	const char *interpreter;
	char headers[CS_IDENTITY_BYTES];
	size_t headers_len;
	int error;
};

static const char *keep(struct reading *r, const char *value)
{
	char clean[CS_TELEMETRY_STRING_MAX];
	const char *copy;

	cs_utf8_repair(clean, sizeof(clean), value, strlen(value), NULL);
	cs_utf8_strip_control(clean);
	copy = cs_arena_strndup(r->arena, clean, sizeof(clean));
	if (!copy)
		r->error = -ENOMEM;
	return copy;
}

/* A line more, cleaned; left out if there is no room: the whole area has not more bytes. */
static void add_header(struct reading *r, const char *name, const char *value)
{
	char clean[CS_TELEMETRY_STRING_MAX];
	size_t room = sizeof(r->headers) - r->headers_len;
	int n;

	cs_utf8_repair(clean, sizeof(clean), value, strlen(value), NULL);
	cs_utf8_strip_control(clean);
	n = snprintf(r->headers + r->headers_len, room, "%s: %s\n", name, clean);
	if (n > 0 && (size_t)n < room)
		r->headers_len += (size_t)n;
	else
		r->headers[r->headers_len] = '\0';
}

/*
 * A header that stands in the environment: Http_X_Call_Id (OpenFaaS, our runtime), HTTP_X_CALL_ID (CGI,
 * RFC 3875 section 4.1.18). A "_" of the header's own name is not told from its "-".
 */
static void take_header(struct reading *r, const char *variable, const char *value)
{
	char name[64];
	size_t len = 0;

	for (; variable[len] && len < sizeof(name) - 1; len++) {
		char c = variable[len];

		name[len] = (char)(c == '_' ? '-' : c >= 'A' && c <= 'Z' ? c | 0x20 : c);
	}
	name[len] = '\0';
	add_header(r, name, value);
}

/* Lines of its own, of members that are named. */
static void take_baggage(struct reading *r, const char *lines)
{
	struct cs_part rest = { lines, strlen(lines) };
	struct cs_line line;

	while (cs_line_next(&rest, &line)) {
		size_t len = line.name.len + 2 + line.value.len + 1;

		if (!line.value.text || len >= sizeof(r->headers) - r->headers_len)
			continue;
		memcpy(r->headers + r->headers_len, line.name.text, len - 1);
		r->headers[r->headers_len + len - 1] = '\n';
		r->headers_len += len;
		r->headers[r->headers_len] = '\0';
	}
}

static void take(struct reading *r, const char *key, const char *value)
{
	const struct {
		const char *key;
		const char **where;
	} fields[] = {
		{ "exe", &r->identity->exe },
		{ "argv0", &r->identity->argv0 },
		{ "script", &r->identity->script },
		{ "interpreter", &r->interpreter },
	};
	const char **where = NULL;
	enum cs_variable variable = CS_VARIABLE_NONE;
	size_t host;

	if (!*value)
		return;
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (!strcmp(key, fields[i].key))
			where = fields[i].where;
	}
	if (!strncmp(key, "env.", 4))
		variable = cs_variable_find(key + 4);
	if (variable == CS_VARIABLE_AWS_LAMBDA_RUNTIME_API && !cs_runtime_api_port(value, &host))
		return;
	if (variable != CS_VARIABLE_NONE)
		where = &r->variables[variable];
	if (where && !*where)
		*where = keep(r, value);
	else if (!strcmp(key, "cut"))
		r->identity->cut |= !strcmp(value, "target")    ? CS_REQUEST_TARGET_CUT
				    : !strcmp(value, "headers") ? CS_REQUEST_HEADERS_CUT
								: 0;
	else if (!where && !strcmp(key, "env.baggage"))
		take_baggage(r, value);
	else if (!where && (!strncmp(key, "env.Http_", 9) || !strncmp(key, "env.HTTP_", 9)))
		take_header(r, key + 9, value);
}

static void take_all(struct reading *r, const char *bytes, size_t len)
{
	while (len) {
		size_t n = strnlen(bytes, len);
		const char *equals = memchr(bytes, '=', n);
		char key[64];

		if (n == len)
			break; /* not terminated: written by nobody of ours */
		if (equals && (size_t)(equals - bytes) < sizeof(key)) {
			memcpy(key, bytes, (size_t)(equals - bytes));
			key[equals - bytes] = '\0';
			take(r, key, equals + 1);
		}
		bytes += n + 1;
		len -= n + 1;
	}
}

static int settle_lambda(struct reading *r)
{
	const char *runtime_api = r->variables[CS_VARIABLE_AWS_LAMBDA_RUNTIME_API];
	struct cs_lambda_place *place;

	if (!runtime_api)
		return 0;
	place = cs_arena_alloc(r->arena, sizeof(*place));
	if (!place)
		return -ENOMEM;
	*place = (struct cs_lambda_place){
		.runtime_api = runtime_api,
		.init_type = r->variables[CS_VARIABLE_AWS_LAMBDA_INITIALIZATION_TYPE],
	};
	r->identity->lambda = place;
	return 0;
}

static int settle_platform(struct reading *r)
{
	struct cs_platform *platform = cs_arena_alloc(r->arena, sizeof(*platform));
	int n = platform ? cs_platform_read(r->variables, r->arena, platform) : -ENOMEM;

	if (n < 0)
		return n;
	r->identity->platform = platform;
	r->identity->on_platform =
		platform->of_function || r->variables[CS_VARIABLE_AWS_LAMBDA_FUNCTION_NAME] ||
		r->variables[CS_VARIABLE_K_SERVICE] || r->variables[CS_VARIABLE_FUNCTION_TARGET];
	return 0;
}

static const char *service_name(const struct reading *r)
{
	const struct cs_platform *platform = r->identity->platform;
	const struct cs_value *said;

	if (r->variables[CS_VARIABLE_OTEL_SERVICE_NAME])
		return r->variables[CS_VARIABLE_OTEL_SERVICE_NAME];
	said = cs_attributes_find(&platform->said, "service.name");
	return said && *said->string ? said->string : platform->service;
}

/* The event's method and path, and its headers: a process per event has them in its environment. */
static int settle_event(struct reading *r)
{
	const char *traceparent = r->variables[CS_VARIABLE_TRACEPARENT];
	const char *tracestate = r->variables[CS_VARIABLE_TRACESTATE];
	struct cs_trace_context named;

	if (traceparent && !cs_inbound_context(r->headers, r->headers_len, false, &named)) {
		add_header(r, "traceparent", traceparent);
		if (tracestate)
			add_header(r, "tracestate", tracestate);
	}
	if (r->headers_len) {
		r->env->headers = cs_arena_strndup(r->arena, r->headers, r->headers_len);
		if (!r->env->headers)
			return -ENOMEM;
	}
	r->env->method = r->variables[CS_VARIABLE_Http_Method];
	r->env->path = r->variables[CS_VARIABLE_Http_Path];
	if (r->variables[CS_VARIABLE_GATEWAY_INTERFACE] && !r->env->method) { /* RFC 3875: CGI */
		r->env->method = r->variables[CS_VARIABLE_REQUEST_METHOD];
		r->env->path = r->variables[CS_VARIABLE_REQUEST_URI];
	}
	return 0;
}

/* "/app/handler.py" -> "handler", else the program's name. */
static void name_after_file(struct cs_identity *identity)
{
	const char *path = identity->script  ? identity->script
			   : identity->exe   ? identity->exe
			   : identity->argv0 ? identity->argv0
					     : "unknown";
	const char *base = strrchr(path, '/'), *dot;
	size_t len;

	base = base ? base + 1 : path;
	base = *base ? base : "unknown";
	dot = identity->script ? strrchr(base, '.') : NULL;
	len = dot && dot != base ? (size_t)(dot - base) : strlen(base);
	cs_utf8_repair(identity->name, sizeof(identity->name), base, len,
		       NULL); /* cuts whole runes */
}

int cs_identity_read(const struct cs_header *header, struct cs_arena *arena,
		     struct cs_identity *ret, struct cs_identity_env *ret_env)
{
	struct reading r = { .arena = arena, .identity = ret, .env = ret_env };
	size_t len = header->identity_len;
	const char *service;
	int n;

	*ret = (struct cs_identity){ .pid = header->pid,
				     .ppid = header->ppid,
				     .uid = header->uid,
				     .anchor_monotonic_ns = header->attach_monotonic_ns,
				     .anchor_realtime_ns = header->attach_realtime_ns };
	*ret_env = (struct cs_identity_env){ 0 };
	take_all(&r, header->identity, len < CS_IDENTITY_BYTES ? len : CS_IDENTITY_BYTES);
	n = r.error;
	if (n == 0)
		n = settle_event(&r);
	if (n == 0)
		n = settle_lambda(&r);
	if (n == 0)
		n = settle_platform(&r);
	if (n < 0)
		return n;
	ret->interpreted = r.interpreter || ret->script;
	service = service_name(&r);
	ret->named = service;
	ret->loop = header->flags & CS_HEADER_LOOP;
	if (service)
		cs_utf8_repair(ret->name, sizeof(ret->name), service, strlen(service), NULL);
	else
		name_after_file(ret);
	return 0;
}
