/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of collector/identity: who a process is, by the strings of its header. */
#include "collector/assembler/identity.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "base/utf8.h"

static struct cs_arena arena;
static struct cs_header header;
static struct cs_identity identity;
static struct cs_identity_env env;

static void clear(void)
{
	cs_arena_deinit(&arena);
}

TestSuite(identity, .fini = clear);

static void put(const char *string)
{
	size_t len = strlen(string) + 1;

	cr_assert(le(sz, header.identity_len + len, sizeof(header.identity)));
	memcpy(header.identity + header.identity_len, string, len);
	header.identity_len += (uint32_t)len;
}

static void read_it(void)
{
	cr_assert(eq(int, cs_identity_read(&header, &arena, &identity, &env), 0));
}

static const char *name_of(const char *string)
{
	header.identity_len = 0;
	put(string);
	read_it();
	return identity.name;
}

Test(identity, names_come_from_the_platform_first_hit_wins)
{
	put("exe=/usr/bin/node");
	put("env.FUNCTION_TARGET=target");
	read_it();
	cr_assert(eq(str, identity.name, (char *)"target"));
	put("env.FUNCTION_NAME=function");
	put("env.K_SERVICE=knative");
	read_it();
	cr_assert(eq(str, identity.name, (char *)"knative"));
	put("env.AWS_LAMBDA_FUNCTION_NAME=lambda");
	put("env.AWS_LAMBDA_RUNTIME_API=127.0.0.1:9001");
	read_it();
	cr_assert(eq(str, identity.name, (char *)"lambda"));
	put("env.OTEL_SERVICE_NAME=service");
	read_it();
	cr_assert(eq(str, identity.name, (char *)"service"));
}

Test(identity, without_a_platform_the_file_names_it)
{
	cr_assert(eq(str, (char *)name_of("script=/app/handler.py"), (char *)"handler"));
	cr_assert(eq(str, (char *)name_of("script=/app/.hidden"), (char *)".hidden"));
	cr_assert(eq(str, (char *)name_of("script=index.test.js"), (char *)"index.test"));
	cr_assert(eq(str, (char *)name_of("exe=/usr/bin/python3.11"), (char *)"python3.11"));
	cr_assert(eq(str, (char *)name_of("exe=/"), (char *)"unknown"));
	cr_assert(eq(str, (char *)name_of("argv0=sh"), (char *)"sh"));
	cr_assert(eq(str, (char *)name_of("cwd=/"), (char *)"unknown"));
}

Test(identity, a_program_that_runs_what_it_is_given_is_no_users_own)
{
	name_of("exe=/app/f");
	cr_assert(not(identity.interpreted));
	put("interpreter=1");
	read_it();
	cr_assert(identity.interpreted);
	cr_assert(eq(ptr, (void *)identity.script, NULL));
	name_of("script=/app/f.py");
	cr_assert(identity.interpreted);
}

Test(identity, what_did_not_fit_of_an_event_is_said)
{
	name_of("exe=/app/f");
	cr_expect(eq(int, identity.cut, 0));
	put("cut=something");
	read_it();
	cr_expect(eq(int, identity.cut, 0));
	put("cut=headers");
	read_it();
	cr_expect(eq(int, identity.cut, CS_REQUEST_HEADERS_CUT));
	put("cut=target");
	read_it();
	cr_expect(eq(int, identity.cut, CS_REQUEST_HEADERS_CUT | CS_REQUEST_TARGET_CUT));
}

Test(identity, a_long_name_is_cut_between_runes)
{
	char script[512] = "script=/app/xx";
	size_t at = strlen(script);

	for (; at < 300; at += 3)
		memcpy(script + at, "\xe2\x82\xac", 4); /* the euro sign */
	name_of(script);
	cr_assert(cs_utf8_valid(identity.name, strlen(identity.name)));
	cr_assert(eq(sz, strlen(identity.name), CS_FUNCTION_NAME_MAX - 3));
	snprintf(script, sizeof(script), "env.OTEL_SERVICE_NAME=y%s", strstr(script, "x") + 1);
	name_of(script);
	cr_assert(cs_utf8_valid(identity.name, strlen(identity.name)));
}

Test(identity, bytes_that_are_no_text_are_repaired)
{
	put("exe=/app/\xff\xfe");
	put("argv0=a\nb\x1b[31m");
	put("env.OTEL_SERVICE_NAME=\xc3(");
	read_it();
	cr_assert(eq(str, (char *)identity.exe, (char *)"/app/\xef\xbf\xbd\xef\xbf\xbd"));
	cr_assert(eq(ptr, strpbrk(identity.argv0, "\n\x1b"), NULL));
	cr_assert(eq(str, identity.name, (char *)"\xef\xbf\xbd("));
}

Test(identity, the_first_of_equal_keys_counts_and_empty_ones_do_not)
{
	put("exe=");
	put("exe=/app/one");
	put("exe=/app/two");
	put("env.Http_Path=");
	read_it();
	cr_assert(eq(str, (char *)identity.exe, (char *)"/app/one"));
	cr_assert(eq(ptr, (void *)env.path, NULL));
}

Test(identity, strings_that_are_not_ours_are_ignored)
{
	char long_key[128];

	memset(long_key, 'k', sizeof(long_key));
	memcpy(long_key + 100, "=v", 3);
	put("");
	put("=value");
	put("exe");
	put(long_key);
	put("argv0=ok");
	read_it();
	cr_assert(eq(str, (char *)identity.argv0, (char *)"ok"));
	cr_assert(eq(ptr, (void *)identity.exe, NULL));
}

Test(identity, a_string_without_its_end_is_not_read)
{
	put("argv0=ok");
	memcpy(header.identity + header.identity_len, "exe=/app/f", 10);
	header.identity_len += 10;
	read_it();
	cr_assert(eq(str, (char *)identity.argv0, (char *)"ok"));
	cr_assert(eq(ptr, (void *)identity.exe, NULL));
}

Test(identity, a_length_beyond_the_area_reads_the_area)
{
	memset(header.identity, 'x', sizeof(header.identity));
	memcpy(header.identity, "argv0=ok", 9);
	header.identity_len = UINT32_MAX;
	read_it();
	cr_assert(eq(str, (char *)identity.argv0, (char *)"ok"));
}

#define TRACE  "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
#define OTHERS "00-1bf7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

Test(identity, an_event_is_read_from_the_variables_of_the_process)
{
	put("env.Http_Method=PUT");
	put("env.Http_Path=/orders");
	put("env.Http_X_Request_Id=r-1");
	put("env.Http_X_Call_Id=c-1");
	put("env.Http_X_Correlation_Id=");
	put("env.TRACEPARENT=" TRACE);
	put("env.TRACESTATE=a=b");
	read_it();
	cr_assert(eq(str, (char *)env.method, (char *)"PUT"));
	cr_assert(eq(str, (char *)env.path, (char *)"/orders"));
	cr_assert(eq(str, (char *)env.headers,
		     (char *)"x-request-id: r-1\nx-call-id: c-1\ntraceparent: " TRACE
			     "\ntracestate: a=b\n"));
	cr_assert(not(identity.on_platform));
}

Test(identity, variables_of_cgi_are_headers_too)
{
	put("env.HTTP_X_B3_TRACEID=1");
	put("env.HTTP_CE_ID=A-b_C");
	read_it();
	cr_assert(eq(str, (char *)env.headers, (char *)"x-b3-traceid: 1\nce-id: A-b_C\n"));
}

Test(identity, a_cgi_script_has_an_event)
{
	put("env.REQUEST_METHOD=PUT");
	put("env.REQUEST_URI=/orders");
	read_it();
	cr_assert(eq(ptr, (void *)env.method, NULL)); /* names that anybody may use */
	put("env.GATEWAY_INTERFACE=CGI/1.1");
	read_it();
	cr_assert(eq(str, (char *)env.method, (char *)"PUT"));
	cr_assert(eq(str, (char *)env.path, (char *)"/orders"));
}

Test(identity, the_requests_own_context_goes_before_that_of_the_environment_as_a_whole)
{
	put("env.TRACEPARENT=" OTHERS);
	put("env.TRACESTATE=a=b");
	put("env.Http_Traceparent=" TRACE);
	read_it();
	cr_assert(eq(str, (char *)env.headers, (char *)"traceparent: " TRACE "\n"));
}

Test(identity, any_context_of_the_request_goes_before_that_of_the_environment)
{
	put("env.TRACEPARENT=" OTHERS);
	put("env.Http_Uber_Trace_Id=1:2:0:1");
	read_it();
	cr_assert(eq(str, (char *)env.headers, (char *)"uber-trace-id: 1:2:0:1\n"));
}

Test(identity, a_value_cannot_be_more_than_one_header)
{
	put("env.Http_X_Call_Id=c\ntraceparent: " TRACE);
	read_it();
	cr_assert(eq(ptr, strchr(strchr(env.headers, '\n') + 1, '\n'), NULL), "%s", env.headers);
	cr_assert(eq(int, strncmp(env.headers, "x-call-id: c", 12), 0));
}

Test(identity, nothing_is_said_of_headers_where_none_came)
{
	put("env.Http_Method=PUT");
	read_it();
	cr_assert(eq(ptr, (void *)env.headers, NULL));
}

Test(identity, a_platform_is_known_by_its_variables)
{
	put("env.OTEL_SERVICE_NAME=anything");
	read_it();
	cr_assert(not(identity.on_platform));
	put("env.FUNCTION_TARGET=helloWorld");
	put("env.K_REVISION=r7");
	read_it();
	cr_assert(identity.on_platform);
	cr_assert(eq(str, (char *)identity.platform->version, (char *)"r7"));
}

Test(identity, no_memory_is_told)
{
	put("exe=/app/function");
	cs_arena_init(&arena, 1);
	cr_assert(lt(int, cs_identity_read(&header, &arena, &identity, &env), 0));
}
