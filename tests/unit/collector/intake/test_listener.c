/* SPDX-License-Identifier: Apache-2.0 */

#include "collector/intake/listener.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

static char folder[] = "/tmp/coldspan-listener-XXXXXX";
static char path[64];
static struct cs_diag diag;
static struct cs_listener listener;

static void setup(void)
{
	cr_assert(ne(ptr, mkdtemp(folder), NULL));
	snprintf(path, sizeof(path), "%s/s/announce.sock", folder);
}

static void teardown(void)
{
	char command[96];

	cs_listener_close(&listener);
	snprintf(command, sizeof(command), "rm -r %s", folder);
	cr_assert(eq(int, system(command), 0));
}

TestSuite(listener, .init = setup, .fini = teardown);

static int try_connect(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0), r;

	strcpy(addr.sun_path, path);
	r = connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 ? -errno : 0;
	close(fd);
	return r;
}

Test(listener, makes_the_folder_and_listens_with_the_mode_asked_for)
{
	struct stat st;

	cr_assert(eq(int, cs_listener_open(path, 0666, &diag, &listener), 0));
	cr_expect(eq(int, try_connect(), 0));
	cr_assert(eq(int, stat(path, &st), 0));
	cr_expect(eq(uint, st.st_mode & 0777, 0666));
	cs_listener_close(&listener);
	cr_expect(eq(int, stat(path, &st), -1), "the file is removed");
	cr_assert(eq(int, cs_listener_open(path, 0600, &diag, &listener), 0));
	cr_assert(eq(int, stat(path, &st), 0));
	cr_expect(eq(uint, st.st_mode & 0777, 0600));
}

Test(listener, a_living_socket_is_not_taken_over)
{
	struct cs_listener second;

	cr_assert(eq(int, cs_listener_open(path, 0600, &diag, &listener), 0));
	cr_expect(eq(int, cs_listener_open(path, 0600, &diag, &second), -EADDRINUSE));
	cr_expect(ne(ptr, strstr(diag.text, "another process listens"), NULL));
	cr_expect(eq(int, try_connect(), 0));
}

Test(listener, a_dead_socket_is_replaced)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);

	snprintf(path, sizeof(path), "%s/announce.sock", folder);
	strcpy(addr.sun_path, path);
	cr_assert(eq(int, bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0));
	close(fd);
	cr_assert(eq(int, try_connect(), -ECONNREFUSED));
	cr_assert(eq(int, cs_listener_open(path, 0600, &diag, &listener), 0));
	cr_expect(eq(int, try_connect(), 0));
}

Test(listener, another_file_is_left_alone)
{
	snprintf(path, sizeof(path), "%s/file", folder);
	close(open(path, O_CREAT | O_WRONLY, 0600));
	cr_expect(eq(int, cs_listener_open(path, 0600, &diag, &listener), -EEXIST));
	cr_expect(eq(int, access(path, F_OK), 0));
}

Test(listener, a_file_that_is_called_as_the_socket_on_its_way_is_left_alone)
{
	char staging[96];
	struct stat st;

	cr_assert(eq(int, cs_listener_open(path, 0600, &diag, &listener), 0));
	cs_listener_close(&listener);
	snprintf(staging, sizeof(staging), "%s~", path);
	cr_assert(eq(int, mknod(staging, S_IFREG | 0600, 0), 0));
	cr_expect(eq(int, cs_listener_open(path, 0600, &diag, &listener), -EEXIST));
	cr_expect(ne(ptr, strstr(diag.text, staging), NULL));
	cr_expect(eq(int, stat(staging, &st), 0));
	cr_expect(eq(int, stat(path, &st), -1));
	/* A socket there is what a killed collector left. */
	cr_assert(eq(int, unlink(staging), 0));
	cr_assert(eq(int, mknod(staging, S_IFSOCK | 0600, 0), 0));
	cr_assert(eq(int, cs_listener_open(path, 0600, &diag, &listener), 0));
	cr_expect(eq(int, stat(staging, &st), -1));
}

Test(listener, what_replaced_our_socket_is_not_removed_at_close)
{
	cr_assert(eq(int, cs_listener_open(path, 0600, &diag, &listener), 0));
	cr_assert(eq(int, unlink(path), 0));
	close(open(path, O_CREAT | O_WRONLY, 0600));
	cs_listener_close(&listener);
	cr_expect(eq(int, access(path, F_OK), 0));
}

Test(listener, a_folder_that_cannot_be_made_is_named)
{
	cr_expect(eq(int, cs_listener_open("/proc/none/announce.sock", 0600, &diag, &listener),
		     -ENOENT));
	cr_expect(ne(ptr, strstr(diag.text, "/proc/none"), NULL));
}

Test(listener, a_path_that_does_not_fit_an_address_is_refused)
{
	char longer[256];

	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	cr_expect(eq(int, cs_listener_open(longer, 0600, &diag, &listener), -ENAMETOOLONG));
}
