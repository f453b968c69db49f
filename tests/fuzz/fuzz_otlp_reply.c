/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Replies of any server. What the scanner accepts lies inside the input; and what protobuf-c reads
 * and writes to the same length again, so that nothing in it came twice, the scanner reads the same
 * (protobuf-c 1.4.1 merges a message that comes twice other than the specification has it). This
 * message nests two levels: protobuf-c's recursion without limit does not matter.
 */
#include <string.h>

#include "exporters/otlp/reply.h"
#include "opentelemetry/proto/collector/trace/v1/trace_service.pb-c.h"
#include "tests/fuzz/fuzz.h"

static void check_inside(const struct cs_otlp_reply *reply, const uint8_t *data, size_t size)
{
	const char *begin = (const char *)data;

	if (!reply->message)
		return;
	CS_FUZZ_CHECK(reply->message_len > 0);
	CS_FUZZ_CHECK(reply->message >= begin && reply->message < begin + size);
	CS_FUZZ_CHECK(reply->message_len <= (size_t)(begin + size - reply->message));
}

static void check_against_protobuf_c(const struct cs_otlp_reply *reply, const uint8_t *data,
				     size_t size)
{
	Opentelemetry__Proto__Collector__Trace__V1__ExportTraceServiceResponse *read =
		opentelemetry__proto__collector__trace__v1__export_trace_service_response__unpack(
			NULL, size, data);

	if (!read)
		return;
	if (protobuf_c_message_get_packed_size(&read->base) != size) {
		protobuf_c_message_free_unpacked(&read->base, NULL);
		return;
	}
	if (read->partial_success) {
		const char *message = read->partial_success->error_message;

		CS_FUZZ_CHECK(reply->rejected == read->partial_success->rejected_spans);
		CS_FUZZ_CHECK(strlen(message) ==
			      strnlen(reply->message ? reply->message : "", reply->message_len));
	} else {
		CS_FUZZ_CHECK(reply->rejected == 0 && !reply->message);
	}
	protobuf_c_message_free_unpacked(&read->base, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cs_otlp_reply reply;

	if (cs_otlp_reply_scan_status(data, size, &reply) == 0)
		check_inside(&reply, data, size);
	if (cs_otlp_reply_scan(data, size, &reply) == 0) {
		check_inside(&reply, data, size);
		if (size < 4096)
			check_against_protobuf_c(&reply, data, size);
	}
	return 0;
}
