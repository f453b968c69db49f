/* SPDX-License-Identifier: Apache-2.0 */

#include "preload/hooks/child_code.h"

#include "preload/hooks/classify.h"
#include "preload/shim.h"
#include "preload/start/identity.h"
#include "preload/text.h"

/* The value of "KEY=value" in what was written at the attach; NULL: it is not there. */
static const char *said(const char *key)
{
	const char *text = cs_shim.header->identity;
	uint32_t end = cs_shim.header->identity_len;

	if (end > CS_IDENTITY_BYTES)
		return NULL; /* somebody else has written there */
	for (uint32_t at = 0; at < end; at++) {
		if (cs_text_starts(text + at, key))
			return text + at + cs_text_len(key);
		at += (uint32_t)cs_text_until(text + at, end - at, '\0');
	}
	return NULL;
}

/* Those of the first process were on the page that is empty in a child. Two threads write the same. */
static bool learn_folders(void)
{
	const char *script = said("script="), *cwd = said("cwd=");
	char path[CS_PATH_BYTES];
	size_t len;

	if (!said("interpreter="))
		return false;
	if (script)
		cs_identity_user_dir(0, script);
	len = cwd ? cs_text_len(cwd) : 0;
	if (len && len + 2 <= sizeof(path)) {
		__builtin_memcpy(path, cwd, len);
		path[len] = '/';
		path[len + 1] = '\0';
		cs_identity_user_dir(1, path);
	}
	return true;
}

static bool is_user_code(const char *path)
{
	const char *dirs[CS_USER_DIRS_MAX];

	for (unsigned i = 0; i < CS_USER_DIRS_MAX; i++)
		dirs[i] = cs_shim.wiped->user_dirs[i];
	return cs_classify(path, dirs, CS_USER_DIRS_MAX) == CS_FILE_USER;
}

void cs_child_code_opened(const char *path, uint64_t now_ns)
{
	_Atomic uint8_t *code = &cs_shim.wiped->child_code;
	uint8_t known = atomic_load_explicit(code, memory_order_acquire),
		looking = CS_CHILD_LOOKING;

	if (known == CS_CHILD_OVER || !atomic_load_explicit(&cs_shim.in_main, memory_order_relaxed))
		return;
	if (known == CS_CHILD_NEW)
		/* pairs with: the load above */
		atomic_store_explicit(code, learn_folders() ? CS_CHILD_LOOKING : CS_CHILD_OVER,
				      memory_order_release);
	if (!is_user_code(path))
		return;
	if (atomic_compare_exchange_strong_explicit(code, &looking, CS_CHILD_OVER,
						    memory_order_relaxed, memory_order_relaxed))
		cs_mark_told(CS_MARK_USER_CODE, now_ns);
}
