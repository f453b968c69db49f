/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The parts of `coldspan doctor`: what it says of a command that is not started, of a process that runs,
 * and what both share. All print their findings (agent/doctor/finding.h).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "agent/doctor/finding.h"
#include "agent/program.h"

#define CS_DOCTOR_HIDE_DEFAULT  "deno" /* CS_HIDE_DEFAULT of preload/start/hide.h */
#define CS_DOCTOR_REMEDY_ACCESS "make the socket and its folder accessible to this user"
#define CS_DOCTOR_REMEDY_START                                                                     \
	"start coldspan-collector, or name its socket by --socket; coldspan run needs none"

struct cs_company;

/**
 * cs_doctor_command() - judge what a command would start
 * @argv:   NULL-terminated
 * @socket: the collector's; NULL not to ask
 *
 * Context: startup.
 * Return:  enum cs_exit_code.
 */
int cs_doctor_command(char **argv, const char *socket);

/**
 * cs_doctor_process() - judge a process that runs
 * @socket: NULL: the one in its environment, else the one built in
 * @ask:    whether to ask the collector there
 *
 * Context: startup.
 * Return:  enum cs_exit_code.
 */
int cs_doctor_process(int32_t pid, const char *socket, bool ask);

/** cs_doctor_program() - the program itself: whether anything can be preloaded into it. */
void cs_doctor_program(struct cs_findings *findings, const struct cs_program *program);

/** cs_doctor_is_named() - is the program @command, a path or name, on a list as COLDSPAN_DENY is? */
bool cs_doctor_is_named(const char *list, const char *command);

/** cs_doctor_is_off() - does this value of COLDSPAN_DISABLE, NULL if unset, switch the shim off? */
bool cs_doctor_is_off(const char *disable);

/** cs_doctor_limits() - soft limits on file sizes and address space; UINT64_MAX is none. */
void cs_doctor_limits(struct cs_findings *findings, uint64_t file_bytes, uint64_t space_bytes);

/** cs_doctor_present() - somebody else is in the process, or will be. */
void cs_doctor_present(const struct cs_company *company);

/** cs_doctor_company() - who else a list as LD_PRELOAD names; NULL is empty. */
void cs_doctor_company(const char *preload);
