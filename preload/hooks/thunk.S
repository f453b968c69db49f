/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Hooks that see the entry only: save the argument registers, call the recorder with them, restore,
 * jump to the original as if we had never been there. For variadic functions (nothing is rebuilt)
 * and for those that look at their caller (dlopen searches by it). Of one number syscall has the result
 * seen as well, by a function that calls the original.
 */
#include <sys/syscall.h>

#include "preload/assembler.inc"

	.macro THUNK name, index
	.globl \name
	.type \name, %function
\name:
	.cfi_startproc
	LANDING
	.ifc \name, syscall
	JUMP_IF SYS_io_uring_setup, cs_ring_setup
	.endif
	SAVE_ARGUMENTS
	CALL_TO cs_thunk_\name
	RESTORE_ARGUMENTS
	JUMP_TO_ORIGINAL \index
	.cfi_endproc
	.size \name, . - \name
	.endm

	.text
	.hidden cs_real_table
	.hidden cs_ring_setup
#include "thunks.inc"
	.section .note.GNU-stack, "", %progbits
