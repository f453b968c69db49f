/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of preload/lambda_scan: what is taken of the bodies of requests. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>
#include <string.h>

#include "preload/wire/records.h"
#include "tests/support/event_oracle.h"

#define PARENT "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

struct form_case {
	enum cs_scan_form form;
	char json[400];
	char text[300]; /* empty: nothing is known */
	unsigned messages;
};

ParameterizedTestParameters(event_forms, names_only)
{
	static struct form_case cases[] = {
		{ CS_SCAN_CLOUD_EVENT, "{\"id\":\"e-1\",\"source\":\"/s\",\"type\":\"t\"}",
		  "ce-id: e-1\nce-source: /s\nce-type: t\n\n", 1 },
		{ CS_SCAN_CLOUD_EVENT, "{ \"type\" : \"a.b\", \"traceparent\" : \"" PARENT "\" }",
		  "ce-traceparent: " PARENT "\nce-type: a.b\n\n", 1 },
		/* What is not the event's own, whatever it is called */
		{ CS_SCAN_CLOUD_EVENT,
		  "{\"data\":{\"id\":\"x\",\"source\":\"y\"},\"subject\":\"z\",\"ID\":\"u\"}", "",
		  0 },
		{ CS_SCAN_CLOUD_EVENT, "{\"id\":7,\"source\":null,\"type\":[\"t\"]}", "", 0 },
		{ CS_SCAN_CLOUD_EVENT, "{\"id\":\"a\\u0000b\",\"source\":\"\\u00e9\"}", "", 0 },
		{ CS_SCAN_CLOUD_EVENT, "{\"id\":\"e\",\"source\":}", "", 0 },
		/* Escapes are read, as who wrote them meant them */
		{ CS_SCAN_CLOUD_EVENT, "{\"\\u0069d\":\"e\\/1\"}", "ce-id: e/1\n\n", 1 },
		/* One is no batch, and a batch is not one */
		{ CS_SCAN_CLOUD_EVENT, "[{\"id\":\"e-1\"}]", "", 0 },
		{ CS_SCAN_CLOUD_EVENTS, "{\"id\":\"e-1\"}", "", 0 },
		{ CS_SCAN_CLOUD_EVENTS,
		  "[{\"id\":\"e-1\",\"data\":[{\"id\":\"x\"}]}, {\"id\":\"e-2\",\"type\":\"t\"}]",
		  "ce-id: e-1\n\nce-id: e-2\nce-type: t\n\n", 2 },
		{ CS_SCAN_CLOUD_EVENTS, "[{\"source\":\"/s\",\"tracestate\":\"a=1,b=2\"}]",
		  "ce-source: /s\nce-tracestate: a=1,b=2\n\n", 1 },
		{ CS_SCAN_CLOUD_EVENTS, "[{\"id\":\"e-1\"},7,{\"other\":1}]", "ce-id: e-1\n\n", 2 },
		{ CS_SCAN_CLOUD_EVENTS, "[[{\"id\":\"e-1\"}]]", "", 0 },
		{ CS_SCAN_AZURE,
		  "{\"Data\":{\"DequeueCount\":\"8\"},\"Metadata\":{\"DequeueCount\":\"3\",\"Id\":\"x\"}}",
		  "count: 3\n\n", 1 },
		{ CS_SCAN_AZURE, "{\"Metadata\":{\"sys\":{\"DequeueCount\":\"9\"}}}", "", 0 },
		{ CS_SCAN_AZURE, "{\"DequeueCount\":\"3\",\"id\":\"x\",\"source\":\"y\"}", "", 0 },
		/* Lambda's forms are Lambda's alone, and the other way round */
		{ CS_SCAN_CLOUD_EVENT, "{\"detail-type\":\"Scheduled Event\",\"detail\":{}}", "",
		  0 },
		{ CS_SCAN_LAMBDA,
		  "{\"source\":\"/s\",\"type\":\"t\",\"Metadata\":{\"DequeueCount\":\"3\"}}", "",
		  0 },
	};

	return cr_make_param_array(struct form_case, cases, sizeof(cases) / sizeof(cases[0]));
}

ParameterizedTest(struct form_case *c, event_forms, names_only)
{
	static struct event_told told;

	for (size_t piece = 1; piece < 9; piece++) {
		event_scan(c->form, (const unsigned char *)c->json, strlen(c->json), piece, &told);
		cr_assert(eq(sz, told.len, strlen(c->text)), "%s", c->json);
		cr_assert(eq(int, memcmp(told.text, c->text, told.len), 0), "%s", c->json);
		cr_assert(eq(u32, told.len ? told.messages : 0, c->messages), "%s", c->json);
	}
}
