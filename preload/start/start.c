/* SPDX-License-Identifier: Apache-2.0 */

/* Reading the start of a program; see start.h. */
#include "preload/start/start.h"

#include <elf.h>

#include "preload/text.h"

void cs_start_read_vector(struct cs_start *start, const void *vector)
{
	for (const Elf64_auxv_t *aux = vector; aux->a_type != AT_NULL; aux++) {
		switch (aux->a_type) {
		case AT_PHDR:
			start->program_headers = aux->a_un.a_val;
			break;
		case AT_PHNUM:
			start->program_headers_count = aux->a_un.a_val;
			break;
		case AT_BASE:
			start->loader = aux->a_un.a_val;
			break;
		case AT_SYSINFO_EHDR:
			start->vdso = aux->a_un.a_val;
			break;
		case AT_UID:
			start->uid = (uint32_t)aux->a_un.a_val;
			break;
		case AT_GID:
			start->gid = (uint32_t)aux->a_un.a_val;
			break;
		case AT_RANDOM:
			start->random = (const void *)aux->a_un.a_val;
			break;
		case AT_EXECFN:
			start->executed = (const char *)aux->a_un.a_val;
			break;
		case AT_SECURE:
			start->secure = aux->a_un.a_val != 0;
			break;
		}
	}
}

void cs_start_read(struct cs_start *start, int argc, char **argv, char **envp)
{
	char **end = envp;

	*start = (struct cs_start){ .argc = argc, .argv = argv, .envp = envp };
	while (*end)
		end++;
	/* Of a program with privileges glibc's loader has closed the gaps of unsafe variables. */
	while (!*end)
		end++;
	cs_start_read_vector(start, end);
}

const char *cs_start_env(const struct cs_start *start, const char *name)
{
	size_t len = cs_text_len(name);

	for (char **e = start->envp; *e; e++) {
		if (cs_text_starts(*e, name) && (*e)[len] == '=')
			return *e + len + 1;
	}
	return NULL;
}
