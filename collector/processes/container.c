/* SPDX-License-Identifier: Apache-2.0 */

/* Containers by name; see container.h. */
#include "collector/processes/container.h"

#include <stdio.h>
#include <string.h>

#define ID_LEN   64u
#define TASK_LEN 32u
#define UUID_LEN 36u

/* --- forms of names --- */

static size_t hex_len(const char *text, size_t len)
{
	size_t n = strspn(text, "0123456789abcdef");

	return n < len ? n : len;
}

/* A UUID (systemd's escapes have "_" for "-"), or the 32 digits that a static pod has. */
static bool take_uid(const char *text, size_t len, char ret[CS_POD_UID_BYTES])
{
	static const size_t dashes[] = { 8, 13, 18, 23 };

	if (len >= TASK_LEN && hex_len(text, len) == TASK_LEN) {
		snprintf(ret, CS_POD_UID_BYTES, "%.32s", text);
		return true;
	}
	if (len < UUID_LEN)
		return false;
	for (size_t i = 0, d = 0; i < UUID_LEN; i++) {
		if (d < sizeof(dashes) / sizeof(dashes[0]) && i == dashes[d]) {
			if (text[i] != '-' && text[i] != '_')
				return false;
			d++;
		} else if (!hex_len(text + i, 1)) {
			return false;
		}
	}
	for (size_t i = 0; i < UUID_LEN; i++)
		ret[i] = (char)(text[i] == '_' ? '-' : text[i]);
	ret[UUID_LEN] = '\0';
	return true;
}

/* "ID", "docker-ID.scope", "cri-containerd-ID.scope", "kubepods-podUID.slice:cri-containerd:ID" */
static bool take_id(const char *name, size_t len, char ret[CS_CONTAINER_ID_BYTES])
{
	static const char scope[] = ".scope";
	size_t before;

	if (len > strlen(scope) && !memcmp(name + len - strlen(scope), scope, strlen(scope)))
		len -= strlen(scope);
	if (len < ID_LEN || hex_len(name + len - ID_LEN, ID_LEN) != ID_LEN)
		return false;
	before = len - ID_LEN;
	if (before && name[before - 1] != '-' && name[before - 1] != ':')
		return false;
	/* What looks after a container, from outside. */
	if (before && memmem(name, before, "conmon", strlen("conmon")))
		return false;
	snprintf(ret, CS_CONTAINER_ID_BYTES, "%.64s", name + before);
	return true;
}

/* Fargate: "/ecs/TASK/TASK-2531612879" */
static bool take_task(const char *parent, size_t parent_len, const char *name, size_t len,
		      char ret[CS_CONTAINER_ID_BYTES])
{
	size_t digits;

	if (parent_len != TASK_LEN || hex_len(parent, TASK_LEN) != TASK_LEN || len < TASK_LEN + 2 ||
	    memcmp(name, parent, TASK_LEN) != 0 || name[TASK_LEN] != '-')
		return false;
	digits = strspn(name + TASK_LEN + 1, "0123456789");
	if (TASK_LEN + 1 + digits != len || len >= CS_CONTAINER_ID_BYTES)
		return false;
	snprintf(ret, CS_CONTAINER_ID_BYTES, "%.*s", (int)len, name);
	return true;
}

/* "podUID", "kubepods-burstable-podUID.slice", and what may stand behind that */
static bool take_pod(const char *name, size_t len, char ret[CS_POD_UID_BYTES])
{
	const char *at = name;
	size_t left = len;

	while ((at = memmem(at, left, "pod", strlen("pod")))) {
		at += strlen("pod");
		left = len - (size_t)(at - name);
		if (take_uid(at, left, ret))
			return true;
	}
	return false;
}

/* --- control groups --- */

/* One path of them, up to @end. */
static void read_path(const char *path, const char *end, struct cs_container *ret)
{
	bool pods = memmem(path, (size_t)(end - path), "kubepods", strlen("kubepods")) != NULL;
	const char *name = path, *parent = path;
	size_t len = 0, parent_len;

	while (name < end) {
		const char *slash;

		parent_len = len;
		slash = memchr(name, '/', (size_t)(end - name));
		len = (size_t)((slash ? slash : end) - name);
		if (!take_id(name, len, ret->id))
			take_task(parent, parent_len, name, len, ret->id);
		if (pods)
			take_pod(name, len, ret->pod_uid);
		parent = name;
		name += len + 1;
	}
}

void cs_container_of_cgroups(const char *text, struct cs_container *ret)
{
	struct cs_container found = { .id = "" };

	/* "HIERARCHY:CONTROLLERS:PATH", one a line: whichever tells it, they are all of one process. */
	while (*text && (!*found.id || !*found.pod_uid)) {
		const char *end = text + strcspn(text, "\n");
		const char *path = memchr(text, '/', (size_t)(end - text));

		if (path)
			read_path(path, end, &found);
		text = end + (*end == '\n');
	}
	if (*found.id)
		memcpy(ret->id, found.id, sizeof(ret->id));
	if (*found.pod_uid)
		memcpy(ret->pod_uid, found.pod_uid, sizeof(ret->pod_uid));
}

/* --- mounts --- */

/*
 * "…/containers/ID/hostname" (Docker), "…/overlay-containers/ID/userdata/hostname" (Podman). What CRI
 * has there ("…/sandboxes/ID/hostname") is the pod's, and no container's.
 */
static void take_id_of_file(const char *root, struct cs_container *ret)
{
	static const char before[] = "containers/";
	const char *at = root;

	while ((at = strstr(at, before))) {
		at += strlen(before);
		if (strcspn(at, "/") == ID_LEN && take_id(at, ID_LEN, ret->id))
			return;
	}
}

void cs_container_of_mount(const char *root, const char *point, struct cs_container *ret)
{
	static const char *const pods[] = { "/kubelet/pods/", "/pods/" };

	if (!strcmp(point, "/etc/hostname")) {
		take_id_of_file(root, ret);
	} else if (!strcmp(point, "/etc/hosts")) {
		/* "/var/lib/kubelet/pods/UID/etc-hosts", or from where another file system begins */
		for (size_t i = 0; i < sizeof(pods) / sizeof(pods[0]); i++) {
			const char *at = strstr(root, pods[i]);
			size_t len = at ? strcspn(at + strlen(pods[i]), "/") : 0;

			if (len && !strcmp(at + strlen(pods[i]) + len, "/etc-hosts") &&
			    take_uid(at + strlen(pods[i]), len, ret->pod_uid))
				return;
		}
	}
}

/* "\040" is a space: proc_pid_mountinfo(5) has four such. */
static void unescape(char *text)
{
	char *to = text;

	for (; *text; text++, to++) {
		*to = *text;
		if (text[0] == '\\' && strspn(text + 1, "01234567") >= 3) {
			*to = (char)((text[1] - '0') << 6 | (text[2] - '0') << 3 | (text[3] - '0'));
			text += 3;
		}
	}
	*to = '\0';
}

bool cs_mount_parse(char *line, struct cs_mount *ret)
{
	enum {
		ROOT = 3,
		POINT,
		BEFORE = 6
	};
	char *fields[BEFORE], *rest[3] = { NULL }, *save, *field;
	unsigned n = 0, m = 0;

	for (field = strtok_r(line, " ", &save); field && n < BEFORE;
	     field = strtok_r(NULL, " ", &save))
		fields[n++] = field;
	while (field && strcmp(field, "-") != 0)
		field = strtok_r(NULL, " ", &save);
	while (field && m < 3 && (field = strtok_r(NULL, " ", &save)))
		rest[m++] = field;
	if (n < BEFORE || m < 3)
		return false;
	unescape(fields[ROOT]);
	unescape(fields[POINT]);
	*ret = (struct cs_mount){ fields[ROOT], fields[POINT], rest[0], rest[2] };
	return true;
}

const struct cs_container *cs_container_copy(const struct cs_container *container,
					     struct cs_arena *arena)
{
	struct cs_container *copy;

	if (!container || (!*container->id && !*container->pod_uid && !container->memory_max_bytes))
		return NULL;
	copy = cs_arena_alloc(arena, sizeof(*copy));
	if (copy)
		*copy = *container;
	return copy;
}
