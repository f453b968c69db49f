/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of exporters/otlp/json: lines computed by hand from OTLP's JSON rules. */
#include "exporters/otlp/json.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <math.h>

#include "exporters/otlp/traces.h"
#include "opentelemetry/proto/logs/v1/logs.pb-c.h"
#include "opentelemetry/proto/metrics/v1/metrics.pb-c.h"
#include "opentelemetry/proto/trace/v1/trace.pb-c.h"

typedef Opentelemetry__Proto__Common__V1__AnyValue any_value;

static struct cs_arena arena;
static struct cs_buffer out;

static void stop(void)
{
	cs_arena_deinit(&arena);
	cs_buffer_deinit(&out);
}

TestSuite(otlp_json, .fini = stop);

/* Valid until the next call. */
static char *json(const ProtobufCMessage *message)
{
	cs_buffer_clear(&out);
	cr_assert(eq(int, cs_otlp_json_print(&out, message), 0));
	return out.data;
}

static any_value value_of(int which)
{
	any_value v;

	opentelemetry__proto__common__v1__any_value__init(&v);
	v.value_case = which;
	return v;
}

#define VALUE(name) OPENTELEMETRY__PROTO__COMMON__V1__ANY_VALUE__VALUE_##name

Test(otlp_json, a_span_as_the_specification_shows_one)
{
	ProtobufCAllocator alloc = cs_otlp_arena_allocator(&arena);
	struct cs_attr attr = { "my.span.attr",
				{ .type = CS_VALUE_STRING, .string = "some value" } };
	struct cs_span span = {
		.trace_id = { { 0x5b, 0x8e, 0xff, 0xf7, 0x98, 0x03, 0x81, 0x03, 0xd2, 0x69, 0xb6,
				0x33, 0x81, 0x3f, 0xc6, 0x0c } },
		.span_id = { { 0xee, 0xe1, 0x9b, 0x7e, 0xc3, 0xc1, 0xb1, 0x74 } },
		.parent_span_id = { { 0xee, 0xe1, 0x9b, 0x7e, 0xc3, 0xc1, 0xb1, 0x73 } },
		.name = "I'm a server span",
		.kind = CS_SPAN_SERVER,
		.flags = 0x301,
		.start_unix_ns = 1544712660000000000,
		.end_unix_ns = 1544712661000000000,
		.attrs = { &attr, 1, 0 },
	};
	struct cs_resource_spans group = { .spans = &span, .spans_count = 1 };
	struct cs_span_batch batch = { &group, 1 };
	struct cs_otlp_range range = { .count = 1 };
	ProtobufCMessage *message;

	cr_assert(eq(int, cs_otlp_traces_build(&alloc, &batch, &range, &message), 0));
	((Opentelemetry__Proto__Trace__V1__TracesData *)message)
		->resource_spans[0]
		->scope_spans[0]
		->scope->version = (char *)"9";
	cr_assert(
		eq(str, json(message),
		   (char *)"{\"resourceSpans\":[{\"resource\":{},\"scopeSpans\":[{"
			   "\"scope\":{\"name\":\"coldspan\",\"version\":\"9\"},\"spans\":[{"
			   "\"traceId\":\"5b8efff798038103d269b633813fc60c\","
			   "\"spanId\":\"eee19b7ec3c1b174\",\"parentSpanId\":\"eee19b7ec3c1b173\","
			   "\"name\":\"I'm a server span\",\"kind\":2,"
			   "\"startTimeUnixNano\":\"1544712660000000000\","
			   "\"endTimeUnixNano\":\"1544712661000000000\","
			   "\"attributes\":[{\"key\":\"my.span.attr\",\"value\":{\"stringValue\":"
			   "\"some value\"}}],\"flags\":769}]}]}]}"));
}

Test(otlp_json, a_member_of_a_oneof_is_written_at_its_default_too)
{
	any_value zero = value_of(VALUE(INT_VALUE)), no = value_of(VALUE(BOOL_VALUE)),
		  empty = value_of(VALUE(STRING_VALUE)), null = value_of(VALUE(_NOT_SET)),
		  none = value_of(VALUE(BYTES_VALUE));

	cr_assert(eq(str, json(&zero.base), (char *)"{\"intValue\":\"0\"}"));
	cr_assert(eq(str, json(&no.base), (char *)"{\"boolValue\":false}"));
	cr_assert(eq(str, json(&empty.base), (char *)"{\"stringValue\":\"\"}"));
	cr_assert(eq(str, json(&none.base), (char *)"{\"bytesValue\":\"\"}"));
	cr_assert(eq(str, json(&null.base), (char *)"{}"));
}

Test(otlp_json, integers_of_64_bits_are_strings_to_their_ends)
{
	any_value v = value_of(VALUE(INT_VALUE));

	v.int_value = INT64_MIN;
	cr_assert(eq(str, json(&v.base), (char *)"{\"intValue\":\"-9223372036854775808\"}"));
	v.int_value = INT64_MAX;
	cr_assert(eq(str, json(&v.base), (char *)"{\"intValue\":\"9223372036854775807\"}"));
}

Test(otlp_json, doubles_read_back_as_the_same_number)
{
	static const struct {
		double value;
		const char *text;
	} rows[] = {
		{ 0.0, "0" },
		{ -0.0, "-0" },
		{ 0.1, "0.1" },
		{ 1.0 / 3, "0.3333333333333333" },
		{ 1e300, "1e+300" },
		{ 5e-324, "4.94065645841247e-324" },
		{ 123456789012345680.0, "1.2345678901234568e+17" },
		{ 0.1 + 0.2, "0.30000000000000004" },
		{ (double)NAN, "\"NaN\"" },
		{ (double)INFINITY, "\"Infinity\"" },
		{ -(double)INFINITY, "\"-Infinity\"" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		any_value v = value_of(VALUE(DOUBLE_VALUE));
		char want[64];

		v.double_value = rows[i].value;
		snprintf(want, sizeof(want), "{\"doubleValue\":%s}", rows[i].text);
		cr_assert(eq(str, json(&v.base), want));
	}
}

Test(otlp_json, control_characters_quotes_and_backslashes_are_escaped)
{
	any_value v = value_of(VALUE(STRING_VALUE));

	v.string_value = (char *)"\"\\/\b\f\n\r\t\x01\x1f\x7f ünï€𝄞";
	cr_assert(eq(
		str, json(&v.base),
		(char *)"{\"stringValue\":\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\x7f ünï€𝄞\"}"));
}

Test(otlp_json, bytes_are_base64_with_padding)
{
	/* RFC 4648 section 10. */
	static const char *const rows[][2] = { { "f", "Zg==" },         { "fo", "Zm8=" },
					       { "foo", "Zm9v" },       { "foob", "Zm9vYg==" },
					       { "fooba", "Zm9vYmE=" }, { "foobar", "Zm9vYmFy" } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		any_value v = value_of(VALUE(BYTES_VALUE));
		char want[64];

		v.bytes_value.data = (uint8_t *)rows[i][0];
		v.bytes_value.len = strlen(rows[i][0]);
		snprintf(want, sizeof(want), "{\"bytesValue\":\"%s\"}", rows[i][1]);
		cr_assert(eq(str, json(&v.base), want));
	}
}

Test(otlp_json, bytes_with_all_bits_use_the_last_digits)
{
	any_value v = value_of(VALUE(BYTES_VALUE));
	uint8_t bytes[] = { 0xff, 0xff, 0xfe, 0xfb };

	v.bytes_value.data = bytes;
	v.bytes_value.len = sizeof(bytes);
	cr_assert(eq(str, json(&v.base), (char *)"{\"bytesValue\":\"///++w==\"}"));
}

Test(otlp_json, ids_of_logs_and_exemplars_are_hex_too)
{
	Opentelemetry__Proto__Logs__V1__LogRecord log;
	Opentelemetry__Proto__Metrics__V1__Exemplar exemplar;
	uint8_t id[] = { 0x0a, 0xff };

	opentelemetry__proto__logs__v1__log_record__init(&log);
	log.trace_id = (ProtobufCBinaryData){ 2, id };
	log.span_id = (ProtobufCBinaryData){ 2, id };
	cr_assert(eq(str, json(&log.base), (char *)"{\"traceId\":\"0aff\",\"spanId\":\"0aff\"}"));
	opentelemetry__proto__metrics__v1__exemplar__init(&exemplar);
	exemplar.value_case = OPENTELEMETRY__PROTO__METRICS__V1__EXEMPLAR__VALUE_AS_INT;
	exemplar.as_int = -5;
	exemplar.trace_id = (ProtobufCBinaryData){ 2, id };
	cr_assert(eq(str, json(&exemplar.base), (char *)"{\"traceId\":\"0aff\",\"asInt\":\"-5\"}"));
}

Test(otlp_json, repeated_numbers_and_optional_ones_of_a_metric)
{
	Opentelemetry__Proto__Metrics__V1__HistogramDataPoint point;
	uint64_t counts[] = { 0, UINT64_MAX };
	double bounds[] = { 0.5 };

	opentelemetry__proto__metrics__v1__histogram_data_point__init(&point);
	point.n_bucket_counts = 2;
	point.bucket_counts = counts;
	point.n_explicit_bounds = 1;
	point.explicit_bounds = bounds;
	point.min_presence_case =
		OPENTELEMETRY__PROTO__METRICS__V1__HISTOGRAM_DATA_POINT__MIN_PRESENCE_MIN;
	cr_assert(eq(str, json(&point.base),
		     (char *)"{\"bucketCounts\":[\"0\",\"18446744073709551615\"],"
			     "\"explicitBounds\":[0.5],\"min\":0}"));
}

Test(otlp_json, nesting_has_a_limit)
{
	enum {
		DEEP = 40
	}; /* two messages each */
	any_value values[DEEP + 1];
	Opentelemetry__Proto__Common__V1__ArrayValue arrays[DEEP];
	any_value *items[DEEP];

	for (size_t i = 0; i < DEEP; i++) {
		values[i] = value_of(VALUE(ARRAY_VALUE));
		values[i].array_value = &arrays[i];
		opentelemetry__proto__common__v1__array_value__init(&arrays[i]);
		items[i] = &values[i + 1];
		arrays[i].n_values = 1;
		arrays[i].values = &items[i];
	}
	values[DEEP] = value_of(VALUE(BOOL_VALUE));
	cr_assert(eq(int, cs_otlp_json_print(&out, &values[0].base), -ELOOP));
	cs_buffer_clear(&out);
	cr_assert(eq(int, cs_otlp_json_print(&out, &values[DEEP / 2].base), 0));
}

Test(otlp_json, text_that_is_not_utf8_is_refused)
{
	any_value v = value_of(VALUE(STRING_VALUE));

	v.string_value = (char *)"\xff";
	cr_assert(eq(int, cs_otlp_json_print(&out, &v.base), -EINVAL));
}
