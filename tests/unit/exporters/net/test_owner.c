/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of exporters/net/owner: real connections over loopback. */
#include "exporters/net/owner.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define STRANGER 54321u

static struct sockaddr_in address = { .sin_family = AF_INET };
static socklen_t len = sizeof(address);

static int listening(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	cr_assert(ge(int, fd, 0));
	cr_assert(zero(int, bind(fd, (struct sockaddr *)&address, len)));
	cr_assert(zero(int, listen(fd, 4)));
	cr_assert(zero(int, getsockname(fd, (struct sockaddr *)&address, &len)));
	return fd;
}

static int connected(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	return connect(fd, (struct sockaddr *)&address, len) == 0 ? fd : -1;
}

static int accepted(int listener)
{
	int fd = accept(listener, NULL, NULL);

	cr_assert(ge(int, fd, 0));
	return fd;
}

static uint32_t owner_of(int fd)
{
	uint32_t uid = UINT32_MAX;
	int r = cs_net_owner(fd, &uid);

	if (r == -ENOENT || r == -EPERM || r == -EACCES || r == -EPROTONOSUPPORT ||
	    r == -EAFNOSUPPORT)
		cr_skip_test("no tcp_diag here");
	cr_assert(zero(int, r), "%d", r);
	return uid;
}

Test(owner, is_who_has_connected)
{
	int listener = listening(), client = connected(), server = accepted(listener);

	cr_assert(eq(u32, owner_of(server), getuid()));
	cr_assert(eq(u32, owner_of(client), getuid()));
}

Test(owner, is_another_user)
{
	int listener = listening(), status;
	pid_t child;

	if (getuid() != 0)
		cr_skip_test("one user cannot become another");
	child = fork();
	if (child == 0)
		_exit(setuid(STRANGER) < 0 || connected() < 0 || pause());
	cr_assert(eq(u32, owner_of(accepted(listener)), STRANGER));
	cr_assert(zero(int, kill(child, SIGKILL)));
	cr_assert(eq(int, waitpid(child, &status, 0), child));
}

Test(owner, is_nobody_of_what_is_not_there)
{
	int listener = listening(), client = connected(), server = accepted(listener), pair[2];
	uint32_t uid = 7;

	cr_assert(eq(int, cs_net_owner(listener, &uid), -ENOTCONN));
	cr_assert(eq(int, cs_net_owner(-1, &uid), -EBADF));
	cr_assert(zero(int, socketpair(AF_UNIX, SOCK_STREAM, 0, pair)));
	cr_assert(eq(int, cs_net_owner(pair[0], &uid), -EAFNOSUPPORT));
	close(client);
	cr_assert(eq(int, cs_net_owner(server, &uid), -ENOENT));
	cr_assert(eq(u32, uid, 7));
}
