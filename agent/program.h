/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What a command really starts: the program found by PATH, through "#!" lines to the ELF file at
 * the end, and those of its properties that decide whether a preloaded library gets in.
 */
#pragma once

#include <limits.h>
#include <stdbool.h>

#include "base/diag.h"

#define CS_PROGRAM_HOPS_MAX 4 /* the kernel follows as many "#!" lines */

enum cs_program_libc {
	CS_LIBC_NONE, /* static, or no libc among what the loader maps */
	CS_LIBC_GLIBC,
	CS_LIBC_MUSL,
	CS_LIBC_OTHER,
};

struct cs_program {
	char path[PATH_MAX];   /* the ELF file that the kernel maps */
	char asked[PATH_MAX];  /* what the command named, found through PATH */
	unsigned hops;         /* "#!" lines followed */
	bool no_first_line;    /* a text without "#!", which execvp(3) and shells give to /bin/sh */
	char script[PATH_MAX]; /* the file whose line led to @path, "" without hops */
	char argument[256];    /* what stands in that line behind the interpreter, "" nothing */
	char loader[PATH_MAX]; /* PT_INTERP, "" for a static program */
	enum cs_program_libc libc;
	bool native;      /* of this machine's architecture and word size */
	bool secure_exec; /* setuid, setgid or file capabilities: the loader drops LD_PRELOAD */
	bool go;          /* built by Go: makes its system calls itself */
	const struct cs_company *company; /* the first that it is linked with; NULL: nobody known */
};

/**
 * cs_program_inspect() - look at the file that @command would start
 * @command: argv[0]: a path, or a name to be found in @path
 * @path:    as PATH; NULL or "": as execvp(3) does without
 * @diag:    filled in on failure
 *
 * Context: startup. Reads files only; starts nothing.
 * Return:  0; -ENOENT not found; -EACCES not executable; -ENOEXEC neither ELF nor a script, or
 *          cut short; other errno.
 */
int cs_program_inspect(const char *command, const char *path, struct cs_program *ret,
		       struct cs_diag *diag);
