/* SPDX-License-Identifier: Apache-2.0 */

/* A function in C, mode exec: greets whoever is named on standard input. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(void)
{
	char name[256], line[300];
	ssize_t n = read(STDIN_FILENO, name, sizeof(name) - 1);
	int len;

	if (n < 0)
		return 1;
	name[n] = '\0';
	name[strcspn(name, "\r\n")] = '\0';
	len = snprintf(line, sizeof(line), "hello %s from C\n", *name ? name : "world");
	return write(STDOUT_FILENO, line, (size_t)len) == len ? 0 : 1;
}
