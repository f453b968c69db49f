/* SPDX-License-Identifier: Apache-2.0 */

/* What the kernel left on the stack of a new program: arguments, environment, auxiliary vector. */
#pragma once

#include <stdint.h>

struct cs_start {
	int argc;
	char **argv;
	char **envp;
	uintptr_t program_headers; /* AT_PHDR */
	uint64_t program_headers_count;
	uintptr_t vdso;   /* AT_SYSINFO_EHDR, 0 none */
	uintptr_t loader; /* AT_BASE, 0 none: the loader was called as a program */
	uint32_t uid;     /* real */
	uint32_t gid;
	const void *random;   /* AT_RANDOM: 16 bytes, NULL none */
	const char *executed; /* AT_EXECFN: the name given to exec, NULL unknown */
	int secure;           /* AT_SECURE: the kernel gave privileges with this exec */
};

/** cs_start_read() - fill in from arguments whose envp is followed by the vector. Context: signal. */
void cs_start_read(struct cs_start *start, int argc, char **argv, char **envp);

/** cs_start_read_vector() - what the auxiliary vector at @vector says. Context: signal. */
void cs_start_read_vector(struct cs_start *start, const void *vector);

/** cs_start_env() - value of a variable, NULL if unset. Context: signal. Never calls libc. */
const char *cs_start_env(const struct cs_start *start, const char *name);
