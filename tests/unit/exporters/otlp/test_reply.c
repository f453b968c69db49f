/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of exporters/otlp/reply, with protobuf-c as the one who writes. */
#include "exporters/otlp/reply.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <string.h>

#include "opentelemetry/proto/collector/trace/v1/trace_service.pb-c.h"

Test(otlp_reply, what_protobuf_c_writes_is_read)
{
	static const int64_t counts[] = { 0, 1, 127, 128, INT64_MAX, -1, INT64_MIN };
	Opentelemetry__Proto__Collector__Trace__V1__ExportTraceServiceResponse response;
	Opentelemetry__Proto__Collector__Trace__V1__ExportTracePartialSuccess partial;

	opentelemetry__proto__collector__trace__v1__export_trace_service_response__init(&response);
	opentelemetry__proto__collector__trace__v1__export_trace_partial_success__init(&partial);
	response.partial_success = &partial;
	partial.error_message = (char *)"too old";
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		struct cs_otlp_reply reply;
		uint8_t bytes[64];
		size_t len;

		partial.rejected_spans = counts[i];
		len = protobuf_c_message_pack(&response.base, bytes);
		cr_assert(eq(int, cs_otlp_reply_scan(bytes, len, &reply), 0));
		cr_assert(eq(i64, reply.rejected, counts[i]));
		cr_assert(eq(sz, reply.message_len, 7));
		cr_assert(eq(int, memcmp(reply.message, "too old", 7), 0));
	}
}

struct row {
	const char *bytes;
	size_t len;
	int result;
	int64_t rejected;
};
#define ROW(text, result, rejected)                                                                \
	{                                                                                          \
		text, sizeof(text) - 1, result, rejected                                           \
	}

Test(otlp_reply, unknown_fields_are_skipped_and_broken_ones_refused)
{
	static const struct row rows[] = {
		ROW("", 0, 0),
		ROW("\x0a\x00", 0, 0),
		ROW("\x10\x05\x0a\x02\x08\x03", 0, 3),              /* field 2 before */
		ROW("\x19\1\2\3\4\5\6\7\10\x0a\x02\x08\x04", 0, 4), /* fixed64 */
		ROW("\x1d\1\2\3\4\x0a\x02\x08\x04", 0, 4),          /* fixed32 */
		ROW("\x0a\x02\x08\x01\x0a\x02\x08\x02", 0, 2),      /* merged: the last wins */
		ROW("\x08\x05", 0, 0),                              /* field 1, but a number */
		ROW("\x0a\x02\x0a\x00", 0, 0),                      /* inside: another type */
		ROW("\x8a\x80\x00\x02\x08\x03", 0, 3),              /* padded varints are legal */
		ROW("\x0a", -EBADMSG, 0),                           /* cut off */
		ROW("\x0a\x05\x08\x01", -EBADMSG, 0),               /* longer than the message */
		ROW("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", -EBADMSG, 0),
		ROW("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", -EBADMSG, 0), /* no end */
		ROW("\x0b\x0c", -EBADMSG, 0),                                     /* a group */
		ROW("\x02\x00", -EBADMSG, 0),                                     /* field 0 */
		ROW("\x0a\x01\x08", -EBADMSG, 0), /* broken inside */
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cs_otlp_reply reply = { .rejected = 99 };

		cr_assert(eq(int, cs_otlp_reply_scan(rows[i].bytes, rows[i].len, &reply),
			     rows[i].result),
			  "row %zu", i);
		cr_assert(eq(i64, reply.rejected, rows[i].result ? 99 : rows[i].rejected),
			  "row %zu", i);
	}
}

Test(otlp_reply, every_cut_of_a_message_is_refused_or_shorter)
{
	static const char whole[] = "\x0a\x07\x08\x02\x12\x03"
				    "bad\x10\x01";

	for (size_t len = 0; len < sizeof(whole) - 1; len++) {
		struct cs_otlp_reply reply;
		char *exact = malloc(len + 1);

		memcpy(exact, whole, len);
		(void)!cs_otlp_reply_scan(exact, len, &reply);
		free(exact);
	}
}

Test(otlp_reply, a_status_gives_its_message)
{
	static const char status[] = "\x08\x03\x12\x04"
				     "nope\x1a\x02\x0a\x00";
	struct cs_otlp_reply reply;

	cr_assert(eq(int, cs_otlp_reply_scan_status(status, sizeof(status) - 1, &reply), 0));
	cr_assert(eq(sz, reply.message_len, 4));
	cr_assert(eq(int, memcmp(reply.message, "nope", 4), 0));
	cr_assert(eq(int, cs_otlp_reply_scan_status("\x12\x05n", 3, &reply), -EBADMSG));
	cr_assert(eq(int, cs_otlp_reply_scan_status("", 0, &reply), 0));
	cr_assert(eq(ptr, (void *)reply.message, NULL));
}
