/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What every hook's original is until the entry has found them: look for them now, then jump to what
 * was found with the arguments as they came. Reached where somebody's constructor runs before ours:
 * of several libraries that are linked -z initfirst the loader takes the last, and before glibc 2.34
 * libpthread is one.
 */
#include "preload/assembler.inc"

	.macro EARLY index
	.text
1:	LANDING
	LOAD_INDEX \index
	JUMP_TO find_and_go
	.section .data.cs_real_table, "aw", %progbits
	.quad 1b
	.endm

	.text
	.type find_and_go, %function
	.cfi_startproc          /* of the entries, too: their frame is that of its first instruction */
find_and_go:
	SAVE_ARGUMENTS INDEX_REGISTER
	CALL_TO cs_early
	RESTORE_ARGUMENTS INDEX_REGISTER
	JUMP_TO_LOADED
	.size find_and_go, . - find_and_go

	.section .data.cs_real_table, "aw", %progbits
	.balign 8
	.globl cs_real_table
	.hidden cs_real_table
	.type cs_real_table, %object
cs_real_table:
#include "early.inc"
	.size cs_real_table, . - cs_real_table

	.text
	.cfi_endproc
	.section .note.GNU-stack, "", %progbits
