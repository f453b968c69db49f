/* SPDX-License-Identifier: Apache-2.0 */

#include "preload/http/http_names.h"

#include <stdint.h>

#include "preload/http/http.h"
#include "preload/http/http_probe.h"

/* clang-format off */
const unsigned char cs_http_token[256] = {
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	0, '!', 0, '#', '$', '%', '&', '\'', 0, 0, '*', '+', 0, '-', '.', 0,
	'0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 0, 0, 0, 0, 0, 0,
	0, 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o',
	'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z', 0, 0, 0, '^', '_',
	'`', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o',
	'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z', 0, '|', 0, '~', 0,
};
/* clang-format on */

#define KEPT_NAME_BYTES 32

static const struct {
	uint8_t len;
	char name[KEPT_NAME_BYTES - 1];
} kept[] = {
#define X(name) { sizeof(name) - 1, name },
	CS_HTTP_KEPT(X)
#undef X
};

#define LAMBDA_NAME_BYTES 24
#define LAMBDA_PREFIX_LEN (sizeof(CS_HTTP_LAMBDA_PREFIX) - 1)

static const struct {
	uint8_t len;
	char name[LAMBDA_NAME_BYTES - 1];
} kept_lambda[] = {
#define X(name) { sizeof(name) - 1, name },
	CS_HTTP_KEPT_LAMBDA(X)
#undef X
};

#define LETTER(name, n) ((uint32_t)(name)[(n) % sizeof(name)] << 8 * (n))
#define FOUR(name)      (LETTER(name, 0) | LETTER(name, 1) | LETTER(name, 2) | LETTER(name, 3))
#define HASH_OF(name)   CS_HTTP_NAME_HASH(FOUR(name), sizeof(name) - 1)
#define BIT(name, word) | (HASH_OF(name) / 64 == (word) ? 1ull << HASH_OF(name) % 64 : 0)
#define OTHERS(X)                                                                                  \
	X("content-length")                                                                        \
	X("transfer-encoding") X("user-agent") X("content-type") X(CS_BAGGAGE_HEADER)
#define BITS(X, L) CS_HTTP_KEPT(X) CS_HTTP_KEPT_LAMBDA(L) CS_HTTP_PROBE_HEADERS(X) OTHERS(X)
#define X0(name)   BIT(name, 0)
#define X1(name)   BIT(name, 1)
#define X2(name)   BIT(name, 2)
#define X3(name)   BIT(name, 3)
#define L0(name)   BIT((CS_HTTP_LAMBDA_PREFIX name), 0)
#define L1(name)   BIT((CS_HTTP_LAMBDA_PREFIX name), 1)
#define L2(name)   BIT((CS_HTTP_LAMBDA_PREFIX name), 2)
#define L3(name)   BIT((CS_HTTP_LAMBDA_PREFIX name), 3)

const uint64_t cs_http_names_known[4] = { 0 BITS(X0, L0), 0 BITS(X1, L1), 0 BITS(X2, L2),
					  0 BITS(X3, L3) };

static bool is(const char *name, const char *other, size_t len)
{
	return !__builtin_memcmp(name, other, len);
}

static bool is_kept(const char *name, size_t len)
{
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		if (kept[i].len == len && is(name, kept[i].name, len))
			return true;
	}
	return false;
}

bool cs_http_is_kept(const char *name, size_t len)
{
	uint32_t four;

	if (len >= sizeof(four)) {
		__builtin_memcpy(&four, name, sizeof(four));
		if (!cs_http_name_may_be(four, len))
			return false;
	}
	return is_kept(name, len);
}

static bool is_lambda(const char *name, size_t len)
{
	if (len <= LAMBDA_PREFIX_LEN || !is(name, CS_HTTP_LAMBDA_PREFIX, LAMBDA_PREFIX_LEN))
		return false;
	name += LAMBDA_PREFIX_LEN;
	len -= LAMBDA_PREFIX_LEN;
	for (size_t i = 0; i < sizeof(kept_lambda) / sizeof(kept_lambda[0]); i++) {
		if (kept_lambda[i].len == len && is(name, kept_lambda[i].name, len))
			return true;
	}
	return false;
}

enum cs_http_name cs_http_name_framing(const char *name, size_t len)
{
	static const char length[] = "content-length", coding[] = "transfer-encoding";

	if (len == sizeof(length) - 1)
		return is(name, length, len) ? CS_HTTP_NAME_LENGTH : CS_HTTP_NAME_OTHER;
	if (len == sizeof(coding) - 1)
		return is(name, coding, len) ? CS_HTTP_NAME_CODING : CS_HTTP_NAME_OTHER;
	return CS_HTTP_NAME_OTHER;
}

enum cs_http_name cs_http_name_find(const char *name, size_t len)
{
	static const char agent[] = "user-agent", type[] = "content-type";
	enum cs_http_name framing;

	framing = cs_http_name_framing(name, len);
	if (framing != CS_HTTP_NAME_OTHER)
		return framing;
	if (len == sizeof(agent) - 1 && is(name, agent, len))
		return CS_HTTP_NAME_AGENT;
	if (len == sizeof(type) - 1 && is(name, type, len))
		return CS_HTTP_NAME_TYPE;
	if (is_kept(name, len) || is_lambda(name, len))
		return CS_HTTP_NAME_KEPT;
	if (cs_baggage_is_header(name, len))
		return CS_HTTP_NAME_BAGGAGE;
	return cs_http_probe_header(name, len) ? CS_HTTP_NAME_PROBE : CS_HTTP_NAME_OTHER;
}

static bool is_in_any_case(const unsigned char *name, const char *lower, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (cs_http_lower(name[i]) != lower[i])
			return false;
	}
	return true;
}

bool cs_http_is_listed(const struct cs_http_listed *names, size_t count, const unsigned char *name,
		       size_t len)
{
	for (size_t i = 0; i < count; i++) {
		if (names[i].len == len && is_in_any_case(name, names[i].text, len))
			return true;
	}
	return false;
}
