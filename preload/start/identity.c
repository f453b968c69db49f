/* SPDX-License-Identifier: Apache-2.0 */

/* Identity strings and the function's folders; see identity.h. */
#include "preload/start/identity.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>

#include "preload/descriptors/logs.h"
#include "preload/descriptors/node_channel.h"
#include "preload/hooks/classify.h"
#include "preload/hooks/files.h"
#include "preload/http/baggage.h"
#include "preload/http/http_fields.h"
#include "preload/http/http_names.h"
#include "preload/propagation/propagate.h"
#include "preload/shim.h"
#include "preload/start/real_path.h"
#include "preload/start/script.h"
#include "preload/start/target.h"
#include "preload/sys.h"
#include "preload/tables.h"
#include "preload/text.h"
#include "preload/wire/variables.h"

static const struct {
	char name[CS_VARIABLE_BYTES];
	uint8_t how; /* enum cs_variable_how */
} variables[] = {
#define X(name, how) { #name, CS_VARIABLE_##how },
	CS_VARIABLES(X)
#undef X
};

struct area {
	char *bytes;
	uint32_t size;
	uint32_t used;
	bool headers_cut, target_cut; /* of the event: not all of it fits */
};

#define HEADERS_CUT "headers"
#define TARGET_CUT  "target"
/* What says so always fits. */
#define CUT_BYTES (sizeof("cut=" HEADERS_CUT) + sizeof("cut=" TARGET_CUT))

/* "key=value" and its NUL; left out whole if it does not fit: then false. */
static bool put_bytes(struct area *area, const char *key, const char *value, size_t value_len)
{
	size_t key_len = cs_text_len(key);
	size_t need = key_len + 1 + value_len + 1;

	if (need > area->size - area->used)
		return false;
	__builtin_memcpy(area->bytes + area->used, key, key_len);
	area->bytes[area->used + key_len] = '=';
	__builtin_memcpy(area->bytes + area->used + key_len + 1, value, value_len);
	area->bytes[area->used + need - 1] = '\0';
	area->used += (uint32_t)need;
	return true;
}

static void put(struct area *area, const char *key, const char *value)
{
	(void)put_bytes(area, key, value, cs_text_len(value));
}

#define HEADER_NAME_BYTES 40u /* longer names are none of those kept */

/*
 * The event's headers in the environment of a process per event, by the names that are kept of a
 * request's head: HTTP_X_CALL_ID (CGI), Http_X_Call_Id (OpenFaaS, our runtime).
 */
static void put_header(struct area *area, const char *variable)
{
	const size_t prefix_len = sizeof("HTTP_") - 1;
	const char *header = variable + prefix_len;
	char key[64] = "env.", name[HEADER_NAME_BYTES];
	size_t len = 0, value_len;

	for (; len < sizeof(name) && header[len] && header[len] != '='; len++)
		name[len] = header[len] == '_' ? '-' : cs_http_lower((unsigned char)header[len]);
	if (len == sizeof(name) || !header[len] || !cs_http_is_kept(name, len))
		return;
	__builtin_memcpy(key + 4, variable, prefix_len + len);
	value_len = cs_text_len(header + len + 1);
	if (value_len > CS_HTTP_VALUE_MAX || !put_bytes(area, key, header + len + 1, value_len))
		area->headers_cut = true;
}

/* Does any name of the table begin with @letter? Mostly this settles it. */
static bool is_first_letter(char letter)
{
	const uint64_t letters = 0
#define X(name, how) | 1ull << (#name[0] & 63)
		CS_VARIABLES(X)
#undef X
		;

	return (letter & 0xc0) == 0x40 && letters >> (letter & 63) & 1;
}

static void put_variable(struct area *area, const char *variable)
{
	for (unsigned i = 0;
	     i < sizeof(variables) / sizeof(variables[0]) && variables[i].name[0] <= *variable;
	     i++) {
		const char *name = variables[i].name, *value;
		char key[4 + CS_VARIABLE_BYTES] = "env.";
		size_t len, value_len;

		if (*variable != *name || !cs_text_starts(variable, name))
			continue;
		len = cs_text_len(name);
		if (variable[len] != '=')
			continue;
		__builtin_memcpy(key + 4, name, len + 1);
		value = variable + len + 1;
		value_len = cs_text_len(value);
		if (variables[i].how == CS_VARIABLE_TARGET)
			value = cs_target_path(value, &value_len);
		if (variables[i].how == CS_VARIABLE_SET && value_len) {
			value = "1";
			value_len = 1;
		}
		if (!put_bytes(area, key, value, value_len) &&
		    variables[i].how == CS_VARIABLE_TARGET)
			area->target_cut = true;
		/* A process per event: what it writes is the answer. */
		if (i + 1 == CS_VARIABLE_Http_Method || i + 1 == CS_VARIABLE_REQUEST_METHOD)
			cs_shim.own_event = true;
		if (i + 1 == CS_VARIABLE_AWS_LAMBDA_RUNTIME_API)
			cs_lambda_api_read(&cs_shim.lambda, value);
		return;
	}
}

/* Without the tables' memory nothing is named. */
static void name_baggage(const char *variable)
{
	static const char name[] = "COLDSPAN_BAGGAGE=";

	_Static_assert(sizeof(struct cs_baggage_keys) <= CS_BAGGAGE_TABLE_BYTES, "it fits");
	if (cs_shim.tables && cs_text_starts(variable, name))
		cs_baggage_name((void *)((char *)cs_shim.tables + CS_TABLES_BAGGAGE_BEGIN),
				variable + sizeof(name) - 1);
}

/* Members of the event's baggage that are named: lines, as one value. */
static void put_baggage(struct area *area, const char *list)
{
	static const char key[] = "env.baggage=";
	size_t key_len = sizeof(key) - 1, room = area->size - area->used;
	char *to = area->bytes + area->used, name[CS_BAGGAGE_NAME_MAX];
	struct cs_baggage baggage = { 0 };
	uint16_t used = 0, line = 0;
	uint8_t name_len = 0;
	const struct cs_baggage_text lines = {
		.bytes = to + key_len,
		.size = (uint16_t)(room - key_len - 1),
		.used = &used,
		.line = &line,
		.name = name,
		.name_len = &name_len,
	};

	if (room <= key_len) {
		area->headers_cut = true;
		return;
	}
	for (; *list; list++)
		area->headers_cut |= !cs_baggage_take(&baggage, &lines, (unsigned char)*list);
	area->headers_cut |= !cs_baggage_take(&baggage, &lines, CS_BAGGAGE_OVER);
	if (!used)
		return;
	__builtin_memcpy(to, key, key_len);
	to[key_len + used] = '\0';
	area->used += (uint32_t)(key_len + used + 1);
}

/* Only once it is known what is named; of a request before OpenTelemetry's variable. */
static void put_baggages(struct area *area, char *const *envp)
{
	static const char names[][14] = { "HTTP_BAGGAGE=", "Http_Baggage=", "BAGGAGE=" };

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		for (char *const *at = envp; *at; at++) {
			if (!cs_text_starts(*at, names[i]))
				continue;
			put_baggage(area, *at + cs_text_len(names[i]));
			return;
		}
	}
}

static void put_variables(struct area *area, char *const *envp)
{
	char *const *from = envp;

	for (; *envp; envp++) {
		if (**envp == 'N')
			cs_node_channel_variable(*envp);
		if (!is_first_letter(**envp))
			continue;
		if (**envp == 'H' &&
		    (cs_text_starts(*envp, "HTTP_") || cs_text_starts(*envp, "Http_")))
			put_header(area, *envp);
		if (**envp == 'C' || **envp == '_')
			cs_logs_variable(*envp);
		if (**envp == 'C') {
			cs_propagate_variable(*envp);
			cs_files_variable(*envp);
			name_baggage(*envp);
		}
		if (**envp == '_' && cs_text_starts(*envp, "__OW_"))
			cs_shim.openwhisk = true;
		put_variable(area, *envp);
	}
	if (cs_baggage_asked())
		put_baggages(area, from);
}

/* @path made absolute with @cwd, into CS_PATH_BYTES; false if it does not fit. */
static bool absolute(const char *path, const char *cwd, char *ret)
{
	size_t at = 0, len = cs_text_len(path);

	if (*path != '/') {
		if (path[0] == '.' && path[1] == '/') {
			path += 2;
			len -= 2;
		}
		at = cs_text_len(cwd);
		if (!at || at + 1 + len >= CS_PATH_BYTES)
			return false;
		__builtin_memcpy(ret, cwd, at);
		if (ret[at - 1] != '/')
			ret[at++] = '/';
	}
	if (at + len >= CS_PATH_BYTES)
		return false;
	__builtin_memcpy(ret + at, path, len + 1);
	return true;
}

/*
 * The script of a "#!" file: the kernel puts the name that was executed behind its interpreter and
 * the one option that may stand there.
 */
static const char *executed_script(const struct cs_start *start)
{
	const char *name = start->executed;

	if (!name || !*name || !start->argv[0] || cs_text_starts(name, "/proc/") ||
	    cs_text_starts(name, "/dev/") ||
	    cs_text_equal(cs_text_base(name), cs_text_base(start->argv[0])))
		return NULL;
	for (int i = 1; i <= 2 && i < start->argc && start->argv[i]; i++) {
		if (cs_text_equal(start->argv[i], name))
			return start->argv[i];
	}
	return NULL;
}

void cs_identity_user_dir(unsigned i, const char *path)
{
	size_t len = (size_t)(cs_text_base(path) - path);

	if (len == 0 || len >= CS_PATH_BYTES)
		return;
	__builtin_memcpy(cs_shim.wiped->user_dirs[i], path, len);
	cs_shim.wiped->user_dirs[i][len] = '\0';
	if (!cs_classify_holds_code(cs_shim.wiped->user_dirs[i]))
		cs_shim.wiped->user_dirs[i][0] = '\0';
}

/*
 * The executable as it was named to exec, with the working directory put before a relative name. In
 * a "#!" file's case that name is one of the interpreter's arguments, and the interpreter is argv[0].
 * Only where the name tells nothing the kernel is asked: in a new process /proc costs 12 us.
 */
static bool find_executable(const struct cs_start *start, char *ret)
{
	const char *name = start->executed;
	long n;

	for (int i = 1; name && i <= 2 && i < start->argc; i++) {
		if (start->argv[i] && cs_text_equal(start->argv[i], name))
			name = *start->argv[0] == '/' ? start->argv[0] : NULL;
	}
	if (name && *name && !cs_text_starts(name, "/proc/") && !cs_text_starts(name, "/dev/") &&
	    absolute(name, cs_shim.wiped->cwd, ret))
		return true;
	n = cs_sys4(SYS_readlinkat, AT_FDCWD, "/proc/self/exe", ret, CS_PATH_BYTES - 1);
	if (n <= 0)
		return false;
	ret[n] = '\0';
	return true;
}

uint32_t cs_identity_write(const struct cs_start *start, char *bytes, uint32_t size)
{
	struct area area = { .bytes = bytes, .size = size - (uint32_t)CUT_BYTES };
	const char *script = executed_script(start);
	bool interpreter = script;
	char path[CS_PATH_BYTES];
	long n;

	n = cs_sys2(SYS_getcwd, cs_shim.wiped->cwd, sizeof(cs_shim.wiped->cwd) - 1);
	if (n <= 0)
		cs_shim.wiped->cwd[0] = '\0';
	if (find_executable(start, path)) {
		put(&area, "exe", path);
		if (!script)
			script = cs_script_find(path, start->argc, start->argv, &interpreter);
		/* A language's own folder is none of the function's. */
		if (!interpreter)
			cs_identity_user_dir(0, path);
	}
	if (interpreter)
		put(&area, "interpreter", "1");
	if (start->argc > 0 && start->argv[0])
		put(&area, "argv0", start->argv[0]);
	if (cs_shim.wiped->cwd[0])
		put(&area, "cwd", cs_shim.wiped->cwd);
	if (script && absolute(script, cs_shim.wiped->cwd, path)) {
		put(&area, "script", path);
		cs_identity_user_dir(1, path);
		if (cs_real_path(script, cs_shim.wiped->cwd, path))
			cs_identity_user_dir(3, path);
	}
	if (absolute("x", cs_shim.wiped->cwd, path))
		cs_identity_user_dir(2, path);
	put_variables(&area, start->envp);
	area.size = size;
	if (area.headers_cut)
		put(&area, "cut", HEADERS_CUT);
	if (area.target_cut)
		put(&area, "cut", TARGET_CUT);
	return area.used;
}
