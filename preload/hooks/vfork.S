/* SPDX-License-Identifier: Apache-2.0 */

/*
 * vfork: the child returns first, on our caller's stack, and overwrites what stands below; so the
 * return address is kept in a register over the system call, as libc's own vfork does. Nothing else
 * of libc's is needed: vfork runs no handlers.
 */
	.text
	.globl vfork
	.type vfork, %function
#if defined(__x86_64__)
vfork:
	.cfi_startproc
	endbr64
	subq $8, %rsp
	.cfi_adjust_cfa_offset 8
	call cs_vfork_begin
	addq $8, %rsp
	.cfi_adjust_cfa_offset -8
	popq %rdi
	.cfi_adjust_cfa_offset -8
	.cfi_register %rip, %rdi
	movl $58, %eax          /* __NR_vfork; keeps all registers but rax, rcx, r11 */
	syscall
	pushq %rdi
	.cfi_adjust_cfa_offset 8
	testq %rax, %rax
	jz 1f                   /* the child */
	subq $8, %rsp
	.cfi_adjust_cfa_offset 8
	movq %rax, %rdi
	call cs_vfork_end
	addq $8, %rsp
	.cfi_adjust_cfa_offset -8
1:	ret
	.cfi_endproc
#elif defined(__aarch64__)
	.macro PUSH_FRAME
	stp x29, x30, [sp, #-16]!
	.cfi_adjust_cfa_offset 16
	.cfi_rel_offset x29, 0
	.cfi_rel_offset x30, 8
	.endm

	.macro POP_FRAME
	ldp x29, x30, [sp], #16
	.cfi_adjust_cfa_offset -16
	.cfi_restore x29
	.cfi_restore x30
	.endm

vfork:
	.cfi_startproc
	hint #34                /* bti c */
	PUSH_FRAME
	bl cs_vfork_begin
	POP_FRAME
	mov x0, #0x4111         /* CLONE_VM | CLONE_VFORK | SIGCHLD */
	mov x1, xzr
	mov x2, xzr
	mov x3, xzr
	mov x4, xzr
	mov x8, #220            /* __NR_clone */
	svc #0
	cbz x0, 1f              /* the child */
	PUSH_FRAME
	bl cs_vfork_end
	POP_FRAME
1:	ret
	.cfi_endproc
#endif
	.size vfork, . - vfork
	.section .note.GNU-stack, "", %progbits
