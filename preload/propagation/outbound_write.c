/* SPDX-License-Identifier: Apache-2.0 */

#include "preload/propagation/outbound_write.h"

#include <errno.h>

ssize_t cs_outbound_issue(struct cs_outbound_text *text, const struct iovec *iov, int count,
			  size_t at, cs_outbound_call_fn call, void *context)
{
	struct iovec parts[CS_OUTBOUND_IOV_MAX + 2];
	char *first = iov[0].iov_base;
	size_t taken;
	ssize_t ret;

	parts[0] = (struct iovec){ first, at };
	parts[1] = (struct iovec){ text->bytes, text->len };
	parts[2] = (struct iovec){ first + at, iov[0].iov_len - at };
	for (int i = 1; i < count; i++)
		parts[i + 2] = iov[i];
	text->sent = 0;
	ret = call(context, parts, count + 2);
	if (ret <= 0)
		return ret;
	taken = (size_t)ret;
	if (taken <= at)
		return ret;
	taken -= at;
	text->sent = (uint16_t)(taken < text->len ? taken : text->len);
	return (ssize_t)(at + taken - text->sent);
}

enum cs_outbound_settled cs_outbound_settle(struct cs_outbound_text *text, cs_outbound_call_fn call,
					    int (*get_errno)(void), void *context)
{
	while (text->sent < text->len) {
		struct iovec rest = { text->bytes + text->sent, (size_t)text->len - text->sent };
		ssize_t ret = call(context, &rest, 1);
		int error = ret < 0 ? get_errno() : EAGAIN;

		if (ret <= 0)
			return error == EAGAIN || error == EINTR ? CS_OUTBOUND_WAITS
								 : CS_OUTBOUND_REFUSED;
		text->sent = (uint16_t)(text->sent + ret);
	}
	return CS_OUTBOUND_PAID;
}
