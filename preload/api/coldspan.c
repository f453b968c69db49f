/* SPDX-License-Identifier: Apache-2.0 */

/*
 * libcoldspan.a: the functions of coldspan.h. The shim is found by a weak reference, which the loader
 * binds if libcoldspan.so is preloaded and leaves NULL if not, as a static link does.
 */
#include "preload/include/coldspan.h"

#include "preload/api_call.h"

#pragma weak coldspan_shim_call

static uint64_t ask(struct cs_api_call *call)
{
	if (!coldspan_shim_call)
		return 0;
	call->bytes = sizeof(*call);
	return coldspan_shim_call(call);
}

int coldspan_watching(void)
{
	return (int)ask(&(struct cs_api_call){ .operation = CS_API_WATCHING });
}

coldspan_span coldspan_invocation_begin(const struct coldspan_invocation *what)
{
	return ask(
		&(struct cs_api_call){ .operation = CS_API_INVOCATION_BEGIN, .invocation = what });
}

static void end(coldspan_span span)
{
	if (span)
		ask(&(struct cs_api_call){ .operation = CS_API_END, .span = span });
}

void coldspan_invocation_end(coldspan_span invocation)
{
	end(invocation);
}

void coldspan_span_end(coldspan_span span)
{
	end(span);
}

coldspan_span coldspan_span_begin(coldspan_span parent, const char *name)
{
	if (!parent)
		return COLDSPAN_NONE;
	return ask(&(struct cs_api_call){
		.operation = CS_API_SPAN_BEGIN, .span = parent, .text = name });
}

void coldspan_set(coldspan_span span, const struct coldspan_attribute *attributes, size_t count)
{
	if (span)
		ask(&(struct cs_api_call){ .operation = CS_API_SET,
					   .span = span,
					   .attribute_bytes = sizeof(*attributes),
					   .attributes = attributes,
					   .attributes_count = count });
}

void coldspan_set_string(coldspan_span span, const char *key, const char *value)
{
	struct coldspan_attribute one = { .key = key,
					  .type = COLDSPAN_STRING,
					  .value.string = value };

	coldspan_set(span, &one, 1);
}

void coldspan_set_int(coldspan_span span, const char *key, int64_t value)
{
	struct coldspan_attribute one = { .key = key,
					  .type = COLDSPAN_INT,
					  .value.integer = value };

	coldspan_set(span, &one, 1);
}

void coldspan_set_double(coldspan_span span, const char *key, double value)
{
	struct coldspan_attribute one = { .key = key,
					  .type = COLDSPAN_DOUBLE,
					  .value.real = value };

	coldspan_set(span, &one, 1);
}

void coldspan_set_bool(coldspan_span span, const char *key, int value)
{
	struct coldspan_attribute one = { .key = key,
					  .type = COLDSPAN_BOOL,
					  .value.boolean = value != 0 };

	coldspan_set(span, &one, 1);
}

void coldspan_event(coldspan_span span, const char *name,
		    const struct coldspan_attribute *attributes, size_t count)
{
	if (span)
		ask(&(struct cs_api_call){ .operation = CS_API_EVENT,
					   .span = span,
					   .text = name,
					   .attribute_bytes = sizeof(*attributes),
					   .attributes = attributes,
					   .attributes_count = count });
}

void coldspan_set_status(coldspan_span span, int status, const char *description)
{
	if (span)
		ask(&(struct cs_api_call){ .operation = CS_API_STATUS,
					   .span = span,
					   .text = description,
					   .status = (uint32_t)status });
}

int coldspan_traceparent(coldspan_span invocation, char ret[COLDSPAN_TRACEPARENT_BYTES])
{
	*ret = '\0';
	return invocation
		       ? (int)ask(&(struct cs_api_call){
				 .operation = CS_API_TRACEPARENT, .span = invocation, .ret = ret })
		       : 0;
}
