/* SPDX-License-Identifier: Apache-2.0 */

/* Inspection of a command's program; see program.h. ELF is read by libelf. */
#include "agent/program.h"

#include <elf.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "agent/doctor/company.h"
#include "base/cleanup.h"

#if defined(__x86_64__)
#define NATIVE_MACHINE EM_X86_64
#elif defined(__aarch64__)
#define NATIVE_MACHINE EM_AARCH64
#else
#error "the shim is written for x86-64 and aarch64"
#endif

static void cs_elf_endp(Elf **elf)
{
	if (*elf)
		elf_end(*elf);
}

static bool executable_file(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

/* As execvp(3): a name with a slash is a path, others are looked for in @path. */
static int find_in_path(const char *command, const char *path, char *ret, size_t size,
			struct cs_diag *diag)
{
	bool seen = false;

	if (strchr(command, '/')) {
		if ((size_t)snprintf(ret, size, "%s", command) >= size)
			return cs_diag_set(diag, -ENAMETOOLONG, "%s: name too long", command);
		if (executable_file(ret))
			return 0;
		if (access(ret, F_OK) == 0)
			return cs_diag_set(diag, -EACCES, "%s: not an executable file (chmod +x?)",
					   command);
		return cs_diag_set(diag, -ENOENT, "%s: no such file", command);
	}
	if (!path || !*path)
		path = "/usr/bin:/bin";
	while (*path && *command) {
		size_t len = strcspn(path, ":");
		int n = snprintf(ret, size, "%.*s/%s", (int)(len ? len : 1), len ? path : ".",
				 command);

		if (n > 0 && (size_t)n < size) {
			if (executable_file(ret))
				return 0;
			seen |= access(ret, F_OK) == 0;
		}
		path += len + (path[len] == ':');
	}
	if (seen)
		return cs_diag_set(diag, -EACCES, "%s: found in PATH, but not executable", command);
	return cs_diag_set(diag, -ENOENT, "%s: command not found in PATH",
			   *command ? command : "\"\"");
}

#define LINE_BYTES 256 /* of a "#!" line: the kernel reads as much (BINPRM_BUF_SIZE) */

#define SHELL      "/bin/sh" /* of execvp(3), for what the kernel does not know */

/* Neither ELF nor "#!": whoever searches the PATH takes it for a shell's, if it is text. */
static bool is_text(int fd)
{
	char bytes[LINE_BYTES];
	ssize_t n = pread(fd, bytes, sizeof(bytes), 0);

	return n >= 0 && !memchr(bytes, '\0', (size_t)n) &&
	       (n < SELFMAG || memcmp(bytes, ELFMAG, SELFMAG) != 0);
}

/*
 * The interpreter of a "#!" line and all that stands behind it, which is one argument. Return: 1 there
 * is one, 0 none, negative errno.
 */
static int read_hashbang(int fd, char ret[LINE_BYTES], char ret_argument[LINE_BYTES])
{
	char line[LINE_BYTES];
	ssize_t n = pread(fd, line, sizeof(line) - 1, 0);
	char *start, *end, *argument;

	if (n < 0)
		return -errno;
	line[n] = '\0';
	if (strncmp(line, "#!", 2) != 0)
		return 0;
	start = line + 2 + strspn(line + 2, " \t");
	start[strcspn(start, "\r\n")] = '\0';
	for (end = start + strlen(start); end > start && strchr(" \t", end[-1]); end--)
		end[-1] = '\0';
	argument = start + strcspn(start, " \t");
	strcpy(ret_argument, argument + strspn(argument, " \t"));
	*argument = '\0';
	if (!*start)
		return -ENOEXEC;
	strcpy(ret, start);
	return 1;
}

static void look_at_needed(const char *name, struct cs_program *p)
{
	/* uClibc has libc.so.0 and libc.so.1; Bionic is a libc.so, too. */
	if (!strcmp(name, "libc.so.6"))
		p->libc = CS_LIBC_GLIBC;
	else if (!strncmp(name, "libc.musl-", 10) ||
		 (!strcmp(name, "libc.so") && strstr(p->loader, "ld-musl")))
		p->libc = CS_LIBC_MUSL;
	if (!p->company)
		p->company = cs_company_find(name);
}

static void look_at_dynamic(Elf *elf, Elf_Scn *scn, const GElf_Shdr *shdr, struct cs_program *p)
{
	Elf_Data *data = elf_getdata(scn, NULL);
	GElf_Dyn dyn;

	if (!data || !shdr->sh_entsize)
		return;
	for (size_t i = 0; i < shdr->sh_size / shdr->sh_entsize; i++) {
		const char *name;

		if (!gelf_getdyn(data, (int)i, &dyn) || dyn.d_tag != DT_NEEDED)
			continue;
		name = elf_strptr(elf, shdr->sh_link, dyn.d_un.d_val);
		if (name)
			look_at_needed(name, p);
	}
}

static void look_at_sections(Elf *elf, struct cs_program *p)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr shdr;
	size_t names;

	if (elf_getshdrstrndx(elf, &names) < 0)
		return;
	while ((scn = elf_nextscn(elf, scn))) {
		const char *name;

		if (!gelf_getshdr(scn, &shdr))
			continue;
		name = elf_strptr(elf, names, shdr.sh_name);
		if (name && !strcmp(name, ".go.buildinfo"))
			p->go = true;
		if (shdr.sh_type == SHT_DYNAMIC)
			look_at_dynamic(elf, scn, &shdr, p);
	}
}

static int read_loader(int fd, Elf *elf, struct cs_program *p)
{
	GElf_Phdr phdr;
	size_t n;

	if (elf_getphdrnum(elf, &n) < 0)
		return -ENOEXEC;
	for (size_t i = 0; i < n; i++) {
		size_t len;

		if (!gelf_getphdr(elf, (int)i, &phdr) || phdr.p_type != PT_INTERP)
			continue;
		len = phdr.p_filesz < sizeof(p->loader) ? phdr.p_filesz : sizeof(p->loader) - 1;
		if (pread(fd, p->loader, len, (off_t)phdr.p_offset) != (ssize_t)len)
			return -EIO;
		p->loader[len] = '\0';
	}
	return 0;
}

/* Does the file end before what its headers name? Then exec refuses it, or it dies of SIGBUS. */
static bool is_cut_short(int fd, Elf *elf, const GElf_Ehdr *ehdr)
{
	GElf_Phdr phdr;
	struct stat st;
	uint64_t end;

	/* e_phnum and not elf_getphdrnum(3), which counts only those that are there. */
	if (fstat(fd, &st) < 0 || ehdr->e_phoff > (uint64_t)st.st_size ||
	    ehdr->e_phoff + (uint64_t)ehdr->e_phnum * ehdr->e_phentsize > (uint64_t)st.st_size)
		return true;
	for (int i = 0; i < ehdr->e_phnum; i++) {
		if (!gelf_getphdr(elf, i, &phdr))
			return true;
		if (phdr.p_type == PT_LOAD &&
		    (__builtin_add_overflow(phdr.p_offset, phdr.p_filesz, &end) ||
		     end > (uint64_t)st.st_size))
			return true;
	}
	return false;
}

static int inspect_elf(int fd, struct cs_program *p, struct cs_diag *diag)
{
	cs_cleanup(cs_elf_endp) Elf *elf = NULL;
	GElf_Ehdr ehdr;
	int r;

	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	if (!elf || elf_kind(elf) != ELF_K_ELF || !gelf_getehdr(elf, &ehdr))
		return cs_diag_set(diag, -ENOEXEC, "%s: neither an ELF program nor a #! script",
				   p->path);
	if (is_cut_short(fd, elf, &ehdr))
		return cs_diag_set(diag, -ENOEXEC,
				   "%s: cut short: the file ends before what its ELF headers name; "
				   "install it anew",
				   p->path);
	p->native = ehdr.e_machine == NATIVE_MACHINE && gelf_getclass(elf) == ELFCLASS64;
	r = read_loader(fd, elf, p);
	if (r < 0)
		return cs_diag_set(diag, r, "%s: damaged ELF program headers", p->path);
	look_at_sections(elf, p);
	if (p->loader[0] && p->libc == CS_LIBC_NONE && !p->go)
		p->libc = strstr(p->loader, "ld-musl")    ? CS_LIBC_MUSL
			  : strstr(p->loader, "ld-linux") ? CS_LIBC_GLIBC
							  : CS_LIBC_OTHER;
	return 0;
}

static bool runs_secure(int fd)
{
	struct stat st;
	char caps[64];

	if (fstat(fd, &st) < 0)
		return false;
	return ((st.st_mode & S_ISUID) && st.st_uid != geteuid()) ||
	       ((st.st_mode & S_ISGID) && st.st_gid != getegid()) ||
	       fgetxattr(fd, "security.capability", caps, sizeof(caps)) > 0;
}

int cs_program_inspect(const char *command, const char *path, struct cs_program *ret,
		       struct cs_diag *diag)
{
	int r;

	*ret = (struct cs_program){ 0 };
	r = find_in_path(command, path, ret->asked, sizeof(ret->asked), diag);
	if (r < 0)
		return r;
	strcpy(ret->path, ret->asked);
	for (;;) {
		cs_cleanup(cs_closep) int fd = open(ret->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
		char next[LINE_BYTES];

		if (fd < 0)
			return cs_diag_set(diag, -errno, "%s: %s", ret->path, strerror(errno));
		r = read_hashbang(fd, next, ret->argument);
		if (r < 0)
			return cs_diag_set(diag, r, "%s: unusable #! line", ret->path);
		if (r == 0 && !ret->hops && is_text(fd)) {
			ret->no_first_line = true;
			strcpy(next, SHELL);
			r = 1;
		}
		if (r == 0) {
			ret->secure_exec = runs_secure(fd);
			return inspect_elf(fd, ret, diag);
		}
		if (++ret->hops > CS_PROGRAM_HOPS_MAX)
			return cs_diag_set(diag, -ELOOP, "%s: #! lines lead nowhere", command);
		if (!executable_file(next))
			return cs_diag_set(diag, -ENOENT, "%s: its interpreter %s is not there",
					   ret->path, next);
		strcpy(ret->script, ret->path);
		strcpy(ret->path, next);
	}
}
