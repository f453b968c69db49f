/* SPDX-License-Identifier: Apache-2.0 */

#include "preload/propagation/child_env.h"

#include "preload/text.h"

#define VALUE_MAX 1024u /* longer ones are not compared: they are the program's own */
#define PAGE      4096u

enum name {
	OTHER,
	PARENT,
	STATE,
	UNREADABLE,
};

/* What was found to be there last: a page, mostly the one that is asked for next. */
struct look {
	cs_child_readable_fn readable;
	uintptr_t page;
};

static bool is_there(struct look *look, const char *at)
{
	uintptr_t page = (uintptr_t)at / PAGE;

	if (!look->readable || page == look->page)
		return true;
	if (!look->readable(at, 1))
		return false;
	look->page = page;
	return true;
}

/* As cs_text_starts(), where not every byte need be there. */
static bool starts(struct look *look, const char *at, const char *with, bool *ret_there)
{
	for (; *with; at++, with++) {
		*ret_there = is_there(look, at);
		if (!*ret_there || *at != *with)
			return false;
	}
	return true;
}

static enum name name_of(struct look *look, const char *variable)
{
	bool there = true;

	if (starts(look, variable, CS_CHILD_PARENT, &there))
		return PARENT;
	if (there && starts(look, variable, CS_CHILD_STATE, &there))
		return STATE;
	return there ? OTHER : UNREADABLE;
}

/* Never 0. */
static uint64_t hash_of(struct look *look, const uint8_t key[CS_SIPHASH_KEY_BYTES],
			const char *variable)
{
	size_t len = 0;

	while (len < VALUE_MAX && is_there(look, variable + len) && variable[len])
		len++;
	return cs_siphash(key, variable, len) | 1;
}

struct cs_child_inherited cs_child_inherit(const uint8_t key[CS_SIPHASH_KEY_BYTES],
					   char *const *envp)
{
	struct cs_child_inherited inherited = { 0 };
	struct look look = { 0 };

	for (; *envp; envp++) {
		enum name name = **envp == 'T' ? name_of(&look, *envp) : OTHER;

		if (name == PARENT && !inherited.parent)
			inherited.parent = hash_of(&look, key, *envp);
		else if (name == STATE && !inherited.state)
			inherited.state = hash_of(&look, key, *envp);
	}
	return inherited;
}

bool cs_child_env_copy(struct cs_child_env *ret, const uint8_t key[CS_SIPHASH_KEY_BYTES],
		       const struct cs_child_inherited *inherited, char *const *envp,
		       cs_child_readable_fn readable)
{
	struct look pointers = { .readable = readable }, texts = { .readable = readable };
	struct cs_child_inherited found = { 0 };
	size_t count = 0;

	for (;; envp++) {
		char *variable;
		uint64_t *seen;
		enum name name;

		if (!is_there(&pointers, (const char *)envp) ||
		    !is_there(&pointers, (const char *)(envp + 1) - 1))
			return false;
		variable = *envp;
		if (!variable)
			break;
		name = name_of(&texts, variable);
		if (name == UNREADABLE)
			return false;
		if (name == OTHER) {
			if (count == CS_CHILD_ENV_MAX)
				return false;
			ret->entries[count++] = variable;
			continue;
		}
		seen = name == PARENT ? &found.parent : &found.state;
		if (*seen) /* twice: who reads which? */
			return false;
		*seen = hash_of(&texts, key, variable);
	}
	if (found.parent != inherited->parent || found.state != inherited->state)
		return false;
	ret->entries[count++] = ret->parent;
	if (*ret->state)
		ret->entries[count++] = ret->state;
	ret->entries[count] = NULL;
	return true;
}
