/* SPDX-License-Identifier: Apache-2.0 */

/* Reading identities; see identity.h. */
#include "collector/identity.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

/* Names a function: first hit wins (facts of the platforms: docs/architecture.md). */
enum name_source {
	NAME_SERVICE,
	NAME_LAMBDA,
	NAME_KNATIVE,
	NAME_FUNCTION,
	NAME_TARGET,
	NAME_SOURCES,
};

struct reading {
	struct cs_arena *arena;
	struct cs_identity *identity;
	struct cs_identity_env *env;
	const char *names[NAME_SOURCES];
	const char *traceparent; /* of the environment */
	const char *tracestate;
	const char *interpreter;
	const char *gateway, *cgi_method, *cgi_path;
	struct cs_lambda_place lambda;
	const char *memory_mb;
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
		{ "env.OTEL_SERVICE_NAME", &r->names[NAME_SERVICE] },
		{ "env.AWS_LAMBDA_FUNCTION_NAME", &r->names[NAME_LAMBDA] },
		{ "env.K_SERVICE", &r->names[NAME_KNATIVE] },
		{ "env.FUNCTION_NAME", &r->names[NAME_FUNCTION] },
		{ "env.FUNCTION_TARGET", &r->names[NAME_TARGET] },
		{ "env.AWS_LAMBDA_FUNCTION_VERSION", &r->identity->version },
		{ "env.K_REVISION", &r->identity->version },
		{ "env.Http_Method", &r->env->method },
		{ "env.Http_Path", &r->env->path },
		{ "env.GATEWAY_INTERFACE", &r->gateway },
		{ "env.REQUEST_METHOD", &r->cgi_method },
		{ "env.REQUEST_URI", &r->cgi_path },
		{ "env.TRACEPARENT", &r->traceparent },
		{ "env.TRACESTATE", &r->tracestate },
		{ "env.AWS_LAMBDA_RUNTIME_API", &r->lambda.runtime_api },
		{ "env.AWS_LAMBDA_INITIALIZATION_TYPE", &r->lambda.init_type },
		{ "env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE", &r->memory_mb },
		{ "env.AWS_LAMBDA_LOG_GROUP_NAME", &r->lambda.log_group },
		{ "env.AWS_LAMBDA_LOG_STREAM_NAME", &r->lambda.log_stream },
		{ "env.AWS_REGION", &r->lambda.region },
	};

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (strcmp(key, fields[i].key) != 0)
			continue;
		if (!*fields[i].where && *value)
			*fields[i].where = keep(r, value);
		return;
	}
	if (*value && (!strncmp(key, "env.Http_", 9) || !strncmp(key, "env.HTTP_", 9)))
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

/* A platform is told by what only it sets: a region alone may be a developer's own. */
static void settle_lambda(struct reading *r)
{
	struct cs_lambda_place *place;

	if (!r->lambda.runtime_api)
		return;
	r->lambda.platform = r->names[NAME_LAMBDA];
	if (!r->lambda.platform)
		r->lambda.region = r->lambda.log_group = r->lambda.log_stream = NULL;
	if (r->memory_mb)
		r->lambda.max_memory_bytes = strtoul(r->memory_mb, NULL, 10) << 20;
	place = cs_arena_alloc(r->arena, sizeof(*place));
	if (place)
		*place = r->lambda;
	else
		r->error = -ENOMEM;
	r->identity->lambda = place;
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
	struct cs_trace_context named;

	*ret = (struct cs_identity){ .pid = header->pid,
				     .ppid = header->ppid,
				     .uid = header->uid,
				     .anchor_monotonic_ns = header->attach_monotonic_ns,
				     .anchor_realtime_ns = header->attach_realtime_ns };
	*ret_env = (struct cs_identity_env){ 0 };
	take_all(&r, header->identity, len < CS_IDENTITY_BYTES ? len : CS_IDENTITY_BYTES);
	if (r.error)
		return r.error;
	if (r.traceparent && !cs_inbound_context(r.headers, r.headers_len, false, &named)) {
		add_header(&r, "traceparent", r.traceparent);
		if (r.tracestate)
			add_header(&r, "tracestate", r.tracestate);
	}
	if (r.headers_len) {
		ret_env->headers = cs_arena_strndup(arena, r.headers, r.headers_len);
		if (!ret_env->headers)
			return -ENOMEM;
	}
	if (r.gateway && !ret_env->method) { /* RFC 3875: a CGI script */
		ret_env->method = r.cgi_method;
		ret_env->path = r.cgi_path;
	}
	settle_lambda(&r);
	if (r.error)
		return r.error;
	ret->interpreted = r.interpreter || ret->script;
	ret->on_platform = r.names[NAME_LAMBDA] || r.names[NAME_KNATIVE] || r.names[NAME_TARGET];
	for (int i = 0; i < NAME_SOURCES; i++) {
		if (r.names[i]) {
			cs_utf8_repair(ret->name, sizeof(ret->name), r.names[i], strlen(r.names[i]),
				       NULL);
			return 0;
		}
	}
	name_after_file(ret);
	return 0;
}
