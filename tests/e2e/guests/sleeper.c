/* SPDX-License-Identifier: Apache-2.0 */

/* A function of mode exec that sleeps a known time in each of its phases. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "tests/e2e/guests/guest_sleep.h"

int main(int argc, char **argv)
{
	char byte;
	int fd;

	guest_sleep("SLEEP_RUNTIME_MS");
	if (argc > 1) {
		fd = open(argv[1], O_RDONLY); /* the function's own file: user code begins */
		if (fd < 0)
			return 2;
		close(fd);
	}
	guest_sleep("SLEEP_CODE_MS");
	if (read(0, &byte, 1) < 0)
		return 3;
	guest_sleep("SLEEP_HANDLER_MS");
	if (write(1, "done\n", 5) != 5)
		return 4;
	guest_sleep("SLEEP_RESPOND_MS");
	return late_library_answer() == 42 ? 0 : 5;
}
