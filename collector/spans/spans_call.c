/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The span of a call that a function makes: CLIENT, by the semantic conventions for HTTP clients,
 * databases, TLS and the network.
 */
#include "collector/spans/spans_http.h"
#include "collector/spans/spans_internal.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "preload/wire/records.h"

#define ADDRESS_MAX 64u
#define TEXT_MAX    32u
#define MULTI       "MULTI" /* of Redis */

/* Texts made for attributes: as long as the list is not kept. */
struct texts {
	const char *method; /* of HTTP, as it is told; not made */
	char peer[ADDRESS_MAX];
	struct cs_http_target http;
	char error[TEXT_MAX];
	char status[64];
	char operation[64];
};

static const char *system_of(const struct cs_call *call)
{
	switch ((enum cs_call_protocol)call->protocol) {
	case CS_CALL_POSTGRESQL:
		return "postgresql";
	case CS_CALL_MYSQL:
		return "mysql";
	case CS_CALL_MARIADB:
		return "mariadb";
	case CS_CALL_REDIS:
		return "redis";
	case CS_CALL_UNKNOWN:
	case CS_CALL_HTTP:
	case CS_CALL_HTTP2:
	case CS_CALL_TLS:
		break;
	}
	return NULL;
}

static bool is_http(const struct cs_call *call)
{
	return call->kind == CS_CALL_EXCHANGE &&
	       (call->protocol == CS_CALL_HTTP || call->protocol == CS_CALL_HTTP2);
}

static bool is_transaction(const char *operation)
{
	const size_t len = sizeof(MULTI) - 1;

	return !strncmp(operation, MULTI, len) && (!operation[len] || operation[len] == ' ');
}

/* What a database was asked; of several queries at once as the conventions for databases and Redis say. */
static const char *operation_of(const struct cs_call *call, struct texts *texts)
{
	const char *together = call->protocol == CS_CALL_REDIS ? "PIPELINE" : "BATCH";

	if (call->queries < 2)
		return call->operation;
	if (call->operation && is_transaction(call->operation))
		return call->mixed ? MULTI : call->operation;
	if (call->mixed || !call->operation)
		return together;
	snprintf(texts->operation, sizeof(texts->operation), "%s %.32s", together, call->operation);
	return texts->operation;
}

/* Few, whatever is called: what it is, and never whom. */
static const char *name_of(const struct cs_call *call, struct texts *texts)
{
	const char *operation;

	if (call->kind == CS_CALL_LOOKUP)
		return "lookup";
	if (call->kind == CS_CALL_CONNECT)
		return "connect";
	if (is_http(call))
		return cs_http_span_name(texts->method);
	operation = operation_of(call, texts);
	if (system_of(call))
		return operation ? operation : system_of(call);
	return call->encrypted ? "TLS" : call->family == AF_UNIX ? "unix" : "TCP";
}

static const char *address_of(const struct cs_call *call, char *buf)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	if (call->family == AF_INET || !memcmp(call->address, mapped, sizeof(mapped)))
		return inet_ntop(AF_INET, call->address + sizeof(mapped), buf, ADDRESS_MAX);
	return inet_ntop(AF_INET6, call->address, buf, ADDRESS_MAX);
}

/* Which nobody needs to be told of. */
static unsigned usual_port(const struct cs_call *call)
{
	switch ((enum cs_call_protocol)call->protocol) {
	case CS_CALL_POSTGRESQL:
		return 5432;
	case CS_CALL_MYSQL:
	case CS_CALL_MARIADB:
		return 3306;
	case CS_CALL_REDIS:
		return 6379;
	case CS_CALL_UNKNOWN:
	case CS_CALL_HTTP:
	case CS_CALL_HTTP2:
	case CS_CALL_TLS:
		break;
	}
	return 0;
}

/* Where the connection leads, by its name if that is known. Return: NULL: it is not known. */
static const char *server_of(const struct cs_call *call, struct texts *texts)
{
	if (call->family == AF_UNIX)
		return call->path;
	if (call->name || !call->family)
		return call->name;
	return address_of(call, texts->peer);
}

static void add_server(struct cs_attr_list *list, const char *address, unsigned port)
{
	cs_attr_add_string(list, "server.address", address);
	if (address && port)
		cs_attr_add_int(list, "server.port", port);
}

static void add_peer(struct cs_attr_list *list, const struct cs_call *call, struct texts *texts)
{
	unsigned port = call->server_port ? call->server_port : call->port;

	if (call->kind == CS_CALL_LOOKUP) {
		cs_attr_add_string(list, "dns.question.name", call->name);
		return;
	}
	if (call->family == AF_UNIX) {
		cs_attr_add_string(list, "network.transport", "unix");
		cs_attr_add_string(list, "network.peer.address", call->path);
	} else {
		cs_attr_add_string(list, "network.transport", "tcp");
	}
	if (call->family && call->family != AF_UNIX) {
		cs_attr_add_string(list, "network.peer.address", address_of(call, texts->peer));
		cs_attr_add_int(list, "network.peer.port", call->port);
	}
	if (is_http(call) && call->target)
		return; /* who was asked is told with that */
	if (system_of(call) && port == usual_port(call))
		port = 0;
	add_server(list, server_of(call, texts), port);
}

static void add_http(struct cs_attr_list *list, const struct cs_call *call, struct texts *texts)
{
	unsigned port = call->server_port ? call->server_port : call->port;
	const char *server = server_of(call, texts);

	cs_spans_add_http_version(list, call->protocol == CS_CALL_HTTP2 ? 20 : call->version);
	cs_spans_add_method(list, texts->method, call->operation);
	if (call->target &&
	    cs_http_target_read(call->operation, call->target, call->host,
				call->family == AF_UNIX ? NULL : server, port, &texts->http)) {
		cs_attr_add_string(list, "url.full", texts->http.url);
		add_server(list, texts->http.address, texts->http.port);
	} else if (call->target) {
		add_server(list, server, port);
	}
	if (call->cut)
		cs_attr_add_only(list, "coldspan.request.cut", "target");
	if (call->status)
		cs_attr_add_int(list, "http.response.status_code", call->status);
}

static void add_database(struct cs_attr_list *list, const struct cs_call *call, struct texts *texts)
{
	cs_attr_add_string(list, "db.system.name", system_of(call));
	cs_attr_add_string(list, "db.namespace", call->database);
	cs_attr_add_string(list, "db.operation.name", operation_of(call, texts));
	if (call->queries >= 2)
		cs_attr_add_int(list, "db.operation.batch.size", call->queries);
	if (*call->code)
		cs_attr_add_string(list, "db.response.status_code", call->code);
}

static void add_tls(struct cs_attr_list *list, const struct cs_call *call)
{
	if (!call->encrypted)
		return;
	cs_attr_add_string(list, "tls.protocol.name", "tls");
	if (call->tls_version > 0x0300 && call->tls_version <= 0x0304)
		cs_attr_add_string(list, "tls.protocol.version",
				   call->tls_version == 0x0304   ? "1.3"
				   : call->tls_version == 0x0303 ? "1.2"
				   : call->tls_version == 0x0302 ? "1.1"
								 : "1.0");
}

static void add_times(struct cs_attr_list *list, const struct cs_call *call)
{
	if (call->lookup_ns)
		cs_attr_add_int(list, "coldspan.lookup_ns", call->lookup_ns);
	if (call->connect_ns)
		cs_attr_add_int(list, "coldspan.connect_ns", call->connect_ns);
	if (call->tls_ns)
		cs_attr_add_int(list, "coldspan.tls_ns", call->tls_ns);
	if (call->first_ns)
		cs_attr_add_int(list, "coldspan.first_byte_ns", call->first_ns - call->start_ns);
	if (call->bytes_out)
		cs_attr_add_int(list, "coldspan.request.bytes", call->bytes_out);
	if (call->bytes_in)
		cs_attr_add_int(list, "coldspan.response.bytes", call->bytes_in);
	if (call->kind == CS_CALL_EXCHANGE)
		cs_attr_add_bool(list, "coldspan.connection.reused", call->reused);
	if (call->connection_number)
		cs_attr_add_int(list, "coldspan.connection.number", call->connection_number);
	cs_attr_add_string(list, "coldspan.approximate", call->approximate);
}

/*
 * With these Redis's clients ask, as they connect, for what a server may not know yet: one that says so has
 * not failed.
 */
static bool is_question(const struct cs_call *call)
{
	return call->protocol == CS_CALL_REDIS && call->operation && !strcmp(call->code, "ERR") &&
	       (!strcmp(call->operation, "HELLO") || !strcmp(call->operation, "CLIENT"));
}

static const char *lookup_error(int error)
{
	switch (error) {
	case EAI_NONAME:
		return "EAI_NONAME";
	case EAI_AGAIN:
		return "EAI_AGAIN";
	case EAI_FAIL:
		return "EAI_FAIL";
	case EAI_NODATA:
		return "EAI_NODATA";
	case EAI_SYSTEM:
		return "EAI_SYSTEM";
	case EAI_MEMORY:
		return "EAI_MEMORY";
	}
	return "_OTHER";
}

static const char *connect_error(int error)
{
	const char *name = strerrorname_np(error);

	return name ? name : "_OTHER";
}

/* Value of error.type, and why; NULL: it did not fail. */
static const char *error_of(const struct cs_call *call, struct texts *texts, const char **ret_why)
{
	*ret_why = NULL;
	if (call->error) {
		*ret_why = call->kind == CS_CALL_LOOKUP ? "the name was not found"
							: "no connection came about";
		return call->kind == CS_CALL_LOOKUP ? lookup_error(call->error)
						    : connect_error(call->error);
	}
	if (call->unfinished && call->outcome.cause != CS_CAUSE_NONE) {
		char how[64];

		snprintf(texts->status, sizeof(texts->status), "its process %.48s",
			 cs_outcome_text(call->outcome, how, sizeof(how)));
		*ret_why = texts->status;
		return call->outcome.cause == CS_CAUSE_SIGNAL ? "signal"
		       : call->outcome.cause == CS_CAUSE_EXIT ? "exit"
							      : "unknown";
	}
	if (call->aborted) {
		*ret_why = "the connection closed before the response was complete";
		return "aborted";
	}
	if (call->failed && !is_question(call)) {
		*ret_why = "the database answered with an error";
		return *call->code ? call->code : "_OTHER";
	}
	if (call->status < 400)
		return NULL;
	snprintf(texts->error, sizeof(texts->error), "%u", call->status);
	return texts->error;
}

static bool add_call(struct cs_spans *spans, const struct cs_call *call)
{
	struct cs_span *span = cs_spans_new(spans, call->identity);
	CS_ATTR_LIST(list, &spans->arena);
	struct texts texts;
	const char *error, *why;

	if (!span)
		return false;
	texts.method = is_http(call) ? cs_http_method(spans->methods, call->operation) : NULL;
	*span = (struct cs_span){
		.name = cs_spans_keep(spans, name_of(call, &texts)),
		.kind = CS_SPAN_CLIENT,
		.start_unix_ns = cs_spans_wall(call->identity, call->start_ns),
		.end_unix_ns = cs_spans_wall(call->identity, call->end_ns),
	};
	if (!span->name)
		return false;
	cs_spans_set_context(spans, span, &call->context);
	if (is_http(call))
		add_http(&list, call, &texts);
	if (call->kind == CS_CALL_EXCHANGE && system_of(call))
		add_database(&list, call, &texts);
	add_peer(&list, call, &texts);
	add_tls(&list, call);
	add_times(&list, call);
	error = error_of(call, &texts, &why);
	cs_attr_add_string(&list, "error.type", error);
	if (error)
		span->status = CS_STATUS_ERROR;
	span->status_message = cs_spans_keep(spans, why);
	if (!cs_attr_list_keep(&list, &span->attrs))
		return false;
	cs_spans_finish(spans, call->identity);
	return true;
}

void cs_spans_add_call(struct cs_spans *spans, const struct cs_call *call)
{
	if (!add_call(spans, call))
		spans->lost++;
}
