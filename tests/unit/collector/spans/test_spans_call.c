/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Unit tests of collector/spans_call: calls as OpenTelemetry's semantic conventions for HTTP clients and databases
 * have them. Each table has a call on the left, and on the right all of its span but what is ours (coldspan.*).
 */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "collector/spans/spans.h"
#include "preload/wire/records.h"

static struct cs_spans spans;
static char told[4096];
static size_t told_len;

static void start(void)
{
	cs_spans_init(&spans);
}

static void stop(void)
{
	cs_spans_deinit(&spans);
}

TestSuite(spans_call, .init = start, .fini = stop);

static struct cs_identity identity = { .name = "orders", .pid = 100, .segment = 9 };

static void say(const char *key, const char *value)
{
	told_len +=
		(size_t)snprintf(told + told_len, sizeof(told) - told_len, " %s=%s", key, value);
}

static void say_attribute(const struct cs_attr *attr)
{
	char number[24];

	if (!strncmp(attr->key, "coldspan.", 9) && strcmp(attr->key, "coldspan.request.cut") != 0)
		return;
	switch (attr->value.type) {
	case CS_VALUE_STRING:
		say(attr->key, attr->value.string);
		break;
	case CS_VALUE_STRINGS:
		say(attr->key, attr->value.strings.items[0]);
		break;
	default:
		cr_assert(eq(int, (int)attr->value.type, CS_VALUE_INT));
		snprintf(number, sizeof(number), "%ld", (long)attr->value.integer);
		say(attr->key, number);
	}
}

/* "NAME key=value ...", with "! WHY" behind a name whose status is Error. */
static const char *span_of(struct cs_call call)
{
	struct cs_span_batch batch;
	const struct cs_span *span;

	call.identity = &identity;
	call.context = (struct cs_span_context){ .trace_id = { { 1 } }, .span_id = { { 2 } } };
	call.start_ns = 1000;
	call.end_ns = 2000;
	cs_spans_reset(&spans);
	cs_spans_add_call(&spans, &call);
	cr_assert(cs_spans_batch(&spans, &batch));
	span = &batch.groups[0].spans[0];
	cr_assert(eq(int, (int)span->kind, CS_SPAN_CLIENT));
	told_len = (size_t)snprintf(told, sizeof(told), "%s%s%s", span->name,
				    span->status == CS_STATUS_ERROR ? "!" : "",
				    span->status_message ? span->status_message : "");
	for (size_t i = 0; i < span->attrs.count; i++) {
		for (size_t k = 0; k < i; k++)
			cr_assert(ne(str, (char *)span->attrs.items[i].key,
				     (char *)span->attrs.items[k].key));
		say_attribute(&span->attrs.items[i]);
	}
	return told;
}

struct row {
	struct cs_call call;
	const char *span;
};

static void check(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		cr_expect(eq(str, (char *)span_of(rows[i].call), (char *)rows[i].span));
}

#define CHECK(rows) check(rows, sizeof(rows) / sizeof(rows[0]))
#define TEXT(text)  (char *)(text)
#define V4(a)                                                                                      \
	{                                                                                          \
		[10] = 0xff, [11] = 0xff, [12] = 10, [15] = (a)                                    \
	}
/* At 10.0.0.1 */
#define AT(number) .family = AF_INET, .address = V4(1), .port = (number)
#define PEER(port) " network.transport=tcp network.peer.address=10.0.0.1 network.peer.port=" #port

/* --- HTTP --- */

#define HTTP     .kind = CS_CALL_EXCHANGE, .protocol = CS_CALL_HTTP, .version = 11
#define SAID(of) " network.protocol.version=1.1 http.request.method=" of

Test(spans_call, http)
{
	static const struct row rows[] = {
		{ { HTTP, AT(80), .operation = TEXT("GET"), .target = TEXT("/a"),
		    .host = TEXT("a.test"), .status = 200 },
		  "GET" SAID("GET") " url.full=http://a.test/a server.address=a.test server.port=80"
				    " http.response.status_code=200" PEER(80) },
		{ { HTTP, AT(8080), .operation = TEXT("OPTIONS"), .target = TEXT("*"),
		    .name = TEXT("b.test"), .status = 204 },
		  "OPTIONS" SAID("OPTIONS") " url.full=http://b.test:8080 server.address=b.test"
					    " server.port=8080 http.response.status_code=204" PEER(
						    8080) },
		{ { HTTP, AT(3128), .operation = TEXT("CONNECT"), .target = TEXT("c.test:443"),
		    .server_port = 443, .name = TEXT("c.test"), .status = 200 },
		  "CONNECT" SAID("CONNECT") " url.full=http://c.test:443 server.address=c.test"
					    " server.port=443 http.response.status_code=200" PEER(
						    3128) },
		{ { HTTP, AT(80), .operation = TEXT("PURGE"), .target = TEXT("/"), .status = 200 },
		  "HTTP" SAID(
			  "_OTHER") " http.request.method_original=PURGE url.full=http://10.0.0.1/"
				    " server.address=10.0.0.1 server.port=80"
				    " http.response.status_code=200" PEER(80) },
		{ { .kind = CS_CALL_EXCHANGE,
		    .protocol = CS_CALL_HTTP,
		    .version = 10,
		    AT(80),
		    .operation = TEXT("GET"),
		    .target = TEXT("/a"),
		    .cut = true },
		  "GET network.protocol.version=1.0 http.request.method=GET url.full=http://10.0.0.1/a"
		  " server.address=10.0.0.1 server.port=80 coldspan.request.cut=target" PEER(80) },
		{ { HTTP, .family = AF_UNIX, .path = TEXT("/run/a.sock"), .operation = TEXT("GET"),
		    .target = TEXT("/v1"), .host = TEXT("docker") },
		  "GET" SAID(
			  "GET") " url.full=http://docker/v1 server.address=docker server.port=80"
				 " network.transport=unix network.peer.address=/run/a.sock" },
		{ { HTTP, .family = AF_UNIX, .path = TEXT("/run/a.sock"), .operation = TEXT("GET"),
		    .target = TEXT("/v1") },
		  "GET" SAID("GET") " server.address=/run/a.sock"
				    " network.transport=unix network.peer.address=/run/a.sock" },
		{ { .kind = CS_CALL_EXCHANGE, .protocol = CS_CALL_HTTP2, AT(80) },
		  "HTTP network.protocol.version=2" PEER(
			  80) " server.address=10.0.0.1 server.port=80" },
	};

	CHECK(rows);
}

/* Of a client's span 4xx is an error, too; no description where the status says it all. */
Test(spans_call, a_status_is_an_error_from_400_on)
{
	static const struct {
		unsigned status;
		const char *name, *error;
	} rows[] = { { 100, "GET", "" },     { 200, "GET", "" },     { 304, "GET", "" },
		     { 399, "GET", "" },     { 400, "GET!", "400" }, { 404, "GET!", "404" },
		     { 500, "GET!", "500" }, { 599, "GET!", "599" }, { 999, "GET!", "999" } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cs_call call = { HTTP, .operation = TEXT("GET"), .status = rows[i].status };
		char wanted[256];

		snprintf(wanted, sizeof(wanted),
			 "%s" SAID("GET") " http.response.status_code=%u network.transport=tcp%s%s",
			 rows[i].name, rows[i].status, *rows[i].error ? " error.type=" : "",
			 rows[i].error);
		cr_expect(eq(str, (char *)span_of(call), wanted));
	}
}

Test(spans_call, what_went_wrong_before_an_answer)
{
	static const struct row rows[] = {
		{ { HTTP, .operation = TEXT("GET"), .aborted = true },
		  "GET!the connection closed before the response was complete" SAID(
			  "GET") " network.transport=tcp error.type=aborted" },
		{ { HTTP, .operation = TEXT("GET"), .status = 200, .aborted = true },
		  "GET!the connection closed before the response was complete" SAID(
			  "GET") " http.response.status_code=200 network.transport=tcp error.type=aborted" },
		{ { HTTP, .operation = TEXT("GET"), .unfinished = true,
		    .outcome = { .cause = CS_CAUSE_SIGNAL, .code = SIGKILL } },
		  "GET!its process killed by signal 9 (SIGKILL)" SAID(
			  "GET") " network.transport=tcp error.type=signal" },
		{ { .kind = CS_CALL_CONNECT, AT(80), .error = ECONNREFUSED },
		  "connect!no connection came about" PEER(
			  80) " server.address=10.0.0.1 server.port=80 error.type=ECONNREFUSED" },
		{ { .kind = CS_CALL_LOOKUP, .name = TEXT("a.invalid"), .error = EAI_NONAME },
		  "lookup!the name was not found dns.question.name=a.invalid error.type=EAI_NONAME" },
	};

	CHECK(rows);
}

/* --- databases --- */

#define DB(of) .kind = CS_CALL_EXCHANGE, .protocol = (of)

Test(spans_call, databases)
{
	static const struct row rows[] = {
		{ { DB(CS_CALL_POSTGRESQL), AT(5432), .operation = TEXT("SELECT") },
		  "SELECT db.system.name=postgresql db.operation.name=SELECT" PEER(
			  5432) " server.address=10.0.0.1" },
		{ { DB(CS_CALL_POSTGRESQL), AT(6432), .operation = TEXT("SELECT"), .failed = true,
		    .code = "42P01" },
		  "SELECT!the database answered with an error db.system.name=postgresql"
		  " db.operation.name=SELECT db.response.status_code=42P01" PEER(
			  6432) " server.address=10.0.0.1 server.port=6432 error.type=42P01" },
		{ { DB(CS_CALL_POSTGRESQL), AT(5432), .failed = true, .code = "28P01" },
		  "postgresql!the database answered with an error db.system.name=postgresql"
		  " db.response.status_code=28P01" PEER(
			  5432) " server.address=10.0.0.1 error.type=28P01" },
		{ { DB(CS_CALL_POSTGRESQL), AT(5432), .operation = TEXT("SELECT"), .queries = 3 },
		  "BATCH SELECT db.system.name=postgresql db.operation.name=BATCH SELECT"
		  " db.operation.batch.size=3" PEER(5432) " server.address=10.0.0.1" },
		{ { DB(CS_CALL_POSTGRESQL), AT(5432), .operation = TEXT("SELECT"), .queries = 1 },
		  "SELECT db.system.name=postgresql db.operation.name=SELECT" PEER(
			  5432) " server.address=10.0.0.1" },
		{ { DB(CS_CALL_POSTGRESQL), AT(5432), .operation = TEXT("SELECT"), .queries = 2,
		    .mixed = true },
		  "BATCH db.system.name=postgresql db.operation.name=BATCH"
		  " db.operation.batch.size=2" PEER(5432) " server.address=10.0.0.1" },
		{ { DB(CS_CALL_MYSQL), AT(3306), .operation = TEXT("INSERT"), .failed = true,
		    .code = "1146" },
		  "INSERT!the database answered with an error db.system.name=mysql"
		  " db.operation.name=INSERT db.response.status_code=1146" PEER(
			  3306) " server.address=10.0.0.1 error.type=1146" },
		{ { DB(CS_CALL_MARIADB), AT(3306), .operation = TEXT("SELECT"),
		    .database = TEXT("shop") },
		  "SELECT db.system.name=mariadb db.namespace=shop db.operation.name=SELECT" PEER(
			  3306) " server.address=10.0.0.1" },
		{ { DB(CS_CALL_REDIS), AT(6379), .operation = TEXT("MULTI SET"), .queries = 2 },
		  "MULTI SET db.system.name=redis db.operation.name=MULTI SET"
		  " db.operation.batch.size=2" PEER(6379) " server.address=10.0.0.1" },
		{ { DB(CS_CALL_REDIS), AT(6379), .operation = TEXT("MULTI SET"), .queries = 2,
		    .mixed = true },
		  "MULTI db.system.name=redis db.operation.name=MULTI"
		  " db.operation.batch.size=2" PEER(6379) " server.address=10.0.0.1" },
		{ { DB(CS_CALL_REDIS), AT(6379), .operation = TEXT("SET"), .queries = 2 },
		  "PIPELINE SET db.system.name=redis db.operation.name=PIPELINE SET"
		  " db.operation.batch.size=2" PEER(6379) " server.address=10.0.0.1" },
		{ { DB(CS_CALL_REDIS), AT(6379), .operation = TEXT("EVAL"), .failed = true },
		  "EVAL!the database answered with an error db.system.name=redis"
		  " db.operation.name=EVAL" PEER(
			  6379) " server.address=10.0.0.1 error.type=_OTHER" },
		/* what a server may not know is asked for: that is no failure */
		{ { DB(CS_CALL_REDIS), AT(6379), .operation = TEXT("HELLO"), .failed = true,
		    .code = "ERR" },
		  "HELLO db.system.name=redis db.operation.name=HELLO db.response.status_code=ERR" PEER(
			  6379) " server.address=10.0.0.1" },
		{ { DB(CS_CALL_REDIS), .family = AF_UNIX, .path = TEXT("/tmp/redis.sock"),
		    .operation = TEXT("HMSET") },
		  "HMSET db.system.name=redis db.operation.name=HMSET network.transport=unix"
		  " network.peer.address=/tmp/redis.sock server.address=/tmp/redis.sock" },
	};

	CHECK(rows);
}

/* --- TLS, and what is ours --- */

Test(spans_call, a_version_of_tls_that_there_is_not_is_not_told)
{
	static const struct {
		unsigned version;
		const char *told;
	} rows[] = { { 0x0300, NULL },  { 0x0301, "1.0" }, { 0x0302, "1.1" },
		     { 0x0303, "1.2" }, { 0x0304, "1.3" }, { 0x0305, NULL } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cs_call call = { DB(CS_CALL_POSTGRESQL), .operation = TEXT("SELECT"),
					.encrypted = true };
		const char *span, *version;

		call.tls_version = (uint16_t)rows[i].version;
		span = span_of(call);
		version = strstr(span, "tls.protocol.version=");
		cr_expect(strstr(span, "tls.protocol.name=tls") != NULL);
		cr_expect(eq(int, version != NULL, rows[i].told != NULL));
		if (version && rows[i].told)
			cr_expect(eq(int, strncmp(strchr(version, '=') + 1, rows[i].told, 3), 0));
	}
}

static int64_t own(const char *key)
{
	struct cs_span_batch batch;
	const struct cs_attrs *attrs;

	cr_assert(cs_spans_batch(&spans, &batch));
	attrs = &batch.groups[0].spans[0].attrs;
	for (size_t i = 0; i < attrs->count; i++) {
		if (!strcmp(attrs->items[i].key, key))
			return attrs->items[i].value.integer;
	}
	return -1;
}

Test(spans_call, what_is_ours_has_the_number_of_its_own)
{
	span_of((struct cs_call){ HTTP, AT(80), .operation = TEXT("GET"), .first_ns = 1007,
				  .lookup_ns = 11, .connect_ns = 12, .tls_ns = 13, .bytes_out = 14,
				  .bytes_in = 15, .connection_number = 16 });
	cr_expect(eq(i64, own("coldspan.first_byte_ns"), 7));
	cr_expect(eq(i64, own("coldspan.lookup_ns"), 11));
	cr_expect(eq(i64, own("coldspan.connect_ns"), 12));
	cr_expect(eq(i64, own("coldspan.tls_ns"), 13));
	cr_expect(eq(i64, own("coldspan.request.bytes"), 14));
	cr_expect(eq(i64, own("coldspan.response.bytes"), 15));
	cr_expect(eq(i64, own("coldspan.connection.number"), 16));
	span_of((struct cs_call){ HTTP, AT(80), .operation = TEXT("GET") });
	cr_expect(eq(i64, own("coldspan.first_byte_ns"), -1));
	cr_expect(eq(i64, own("coldspan.response.bytes"), -1));
}
