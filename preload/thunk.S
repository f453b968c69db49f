/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Hooks that see the entry only: save the argument registers, call the recorder with them, restore,
 * jump to the original as if we had never been there. For variadic functions (nothing is rebuilt)
 * and for those that look at their caller (dlopen searches by it).
 */
#if defined(__x86_64__)
	.macro THUNK name, index
	.globl \name
	.type \name, %function
\name:
	.cfi_startproc
	endbr64
	pushq %rax              /* al: vector registers of a variadic call */
	pushq %rdi
	pushq %rsi
	pushq %rdx
	pushq %rcx
	pushq %r8
	pushq %r9
	.cfi_adjust_cfa_offset 56
	call cs_thunk_\name
	popq %r9
	popq %r8
	popq %rcx
	popq %rdx
	popq %rsi
	popq %rdi
	popq %rax
	.cfi_adjust_cfa_offset -56
	jmp *(cs_real_table + 8 * \index)(%rip)
	.cfi_endproc
	.size \name, . - \name
	.endm
#elif defined(__aarch64__)
	.macro THUNK name, index
	.globl \name
	.type \name, %function
\name:
	.cfi_startproc
	hint #34                /* bti c */
	stp x29, x30, [sp, #-96]!
	.cfi_adjust_cfa_offset 96
	stp x0, x1, [sp, #16]
	stp x2, x3, [sp, #32]
	stp x4, x5, [sp, #48]
	stp x6, x7, [sp, #64]
	str x8, [sp, #80]
	bl cs_thunk_\name
	ldp x0, x1, [sp, #16]
	ldp x2, x3, [sp, #32]
	ldp x4, x5, [sp, #48]
	ldp x6, x7, [sp, #64]
	ldr x8, [sp, #80]
	ldp x29, x30, [sp], #96
	.cfi_adjust_cfa_offset -96
	adrp x16, (cs_real_table + 8 * \index)
	ldr x16, [x16, #:lo12:(cs_real_table + 8 * \index)]
	br x16
	.cfi_endproc
	.size \name, . - \name
	.endm
#endif

	.text
	.hidden cs_real_table
#include "thunks.inc"
	.section .note.GNU-stack, "", %progbits
