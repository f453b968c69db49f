// SPDX-License-Identifier: Apache-2.0
#include <coldspan.h>

int main()
{
	coldspan_span invocation = coldspan_invocation_begin(nullptr);
	char parent[COLDSPAN_TRACEPARENT_BYTES];

	coldspan_set_double(invocation, "d", 0.5);
	coldspan_event(invocation, "e", nullptr, 0);
	coldspan_traceparent(invocation, parent);
	coldspan_span_end(coldspan_span_begin(invocation, "s"));
	coldspan_invocation_end(invocation);
	return coldspan_watching();
}
