/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of collector/container: what the kernel's texts look like in who's containers. */
#include "collector/processes/container.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <string.h>

#define ID    "4f797c539e6c745de61a93ca3ff892358ecbcaccd8414d5db545c38428142970"
#define OTHER "05e4a2c3c1d74b2b9e1f2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a6978"
#define UID   "2e4a7a45-1c5b-4b4e-9b2a-0c3d5f7e9a11"
#define UID_  "2e4a7a45_1c5b_4b4e_9b2a_0c3d5f7e9a11"
#define TASK  "447438d1540d41f1890e92e8f7d8b8f5"

struct row {
	char text[512];
	char told[160]; /* "id|uid" */
};

static struct row rows[] = {
	/* Docker: by cgroupfs, by systemd, in itself, and as it says of a group that is gone */
	{ "4:memory:/docker/" ID "\n1:name=systemd:/docker/" ID "\n", ID "|" },
	{ "0::/system.slice/docker-" ID ".scope\n", ID "|" },
	{ "3:cpu:/docker/" OTHER "/docker/" ID "\n", ID "|" },
	/* seen out of another cgroup namespace, and in its own */
	{ "0::/../" ID "\n", ID "|" },
	{ "0::/\n", "|" },
	/* Podman, and what a program of its own made below */
	{ "0::/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" ID
	  ".scope/container\n",
	  ID "|" },
	{ "0::/machine.slice/libpod-conmon-" ID ".scope\n", "|" },
	/* Kubernetes: cgroupfs; systemd with containerd and with CRI-O; guaranteed; static pods */
	{ "11:memory:/kubepods/burstable/pod" UID "/" ID "\n", ID "|" UID },
	{ "0::/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod" UID_
	  ".slice/cri-containerd-" ID ".scope\n",
	  ID "|" UID },
	{ "0::/kubepods.slice/kubepods-pod" UID_ ".slice/crio-" ID ".scope\n", ID "|" UID },
	{ "0::/system.slice/containerd.service/kubepods-burstable-pod" UID_
	  ".slice:cri-containerd:" ID "\n",
	  ID "|" UID },
	{ "0::/kubelet/kubepods/pod" TASK "/" ID "\n", ID "|" TASK },
	{ "0::/kubepods.slice/kubepods-pod" UID_ ".slice/crio-conmon-" ID ".scope\n", "|" UID },
	/* Amazon ECS: on an instance, and Fargate */
	{ "9:memory:/ecs/" TASK "/" ID "\n", ID "|" },
	{ "9:memory:/ecs/" TASK "/" TASK "-2531612879\n", TASK "-2531612879|" },
	/* The line that tells need not be the first. */
	{ "2:cpu:/\n1:name=systemd:/docker/" ID "\n0::/system.slice/containerd.service\n", ID "|" },
	/* None of these is one. */
	{ "", "|" },
	{ "4:memory:/process_api/a1bb2224deefbed95d81f14ddfaedce0\n", "|" },
	{ "0::/user.slice/user-1000.slice/session-2.scope\n", "|" },
	{ "0::/x/f" ID "\n", "|" },
	{ "0::/x/" ID "0\n", "|" },
	{ "0::/pod" UID "/x\n", "|" },
	{ "0::/kubepods/pod" UID_ "\n", "|" UID },
	{ "0::/kubepods/podium/pod1234\n", "|" },
	{ "0::/ecs/" TASK "/" TASK "-\n", "|" },
	{ "0::/ecs/" TASK "/" TASK "-12a\n", "|" },
	{ "0::/ecs/" TASK "/" OTHER "-12\n", "|" },
	{ "no such text", "|" },
};

ParameterizedTestParameters(container, is_told_by_control_groups)
{
	return cr_make_param_array(struct row, rows, sizeof(rows) / sizeof(rows[0]));
}

ParameterizedTest(struct row *row, container, is_told_by_control_groups)
{
	struct cs_container container = { .id = "" };
	char told[160];

	cs_container_of_cgroups(row->text, &container);
	snprintf(told, sizeof(told), "%s|%s", container.id, container.pod_uid);
	cr_assert(eq(str, told, row->told), "of\n%s", row->text);
}

static struct row lines[] = {
	/* Docker; Podman as root and not */
	{ "643 625 254:1 /docker/containers/" ID "/hostname /etc/hostname rw,relatime - ext4 "
	  "/dev/vda1 rw",
	  ID "|" },
	{ "981 967 0:25 /containers/overlay-containers/" ID
	  "/userdata/hostname /etc/hostname rw,nosuid - tmpfs tmpfs rw",
	  ID "|" },
	{ "981 967 8:1 /home/u/.local/share/containers/storage/overlay-containers/" ID
	  "/userdata/hostname /etc/hostname rw master:1 - ext4 /dev/sda1 rw",
	  ID "|" },
	/* Kubernetes: the name belongs to the pod's sandbox */
	{ "700 690 8:1 /var/lib/containerd/io.containerd.grpc.v1.cri/sandboxes/" ID
	  "/hostname /etc/hostname rw - ext4 /dev/sda1 rw",
	  "|" },
	{ "701 690 8:1 /var/lib/kubelet/pods/" UID "/etc-hosts /etc/hosts rw - ext4 /dev/sda1 rw",
	  "|" UID },
	{ "701 690 8:9 /pods/" UID "/etc-hosts /etc/hosts rw - ext4 /dev/sdb rw", "|" UID },
	/* A container to which its host's files are shown */
	{ "702 690 8:1 /var/lib/docker/containers/" ID "/hostname /host/etc/hostname rw - ext4 "
	  "/dev/sda1 rw",
	  "|" },
	{ "703 690 8:1 /var/lib/kubelet/pods/" UID "/volumes/etc-hosts /etc/hosts rw - ext4 "
	  "/dev/sda1 rw",
	  "|" },
	{ "704 690 8:1 /containers/" ID "x/hostname /etc/hostname rw - ext4 /dev/sda1 rw", "|" },
	{ "705 690 8:1 /etc/hostname /etc/hostname rw - ext4 /dev/sda1 rw", "|" },
};

ParameterizedTestParameters(container, is_told_by_mounts)
{
	return cr_make_param_array(struct row, lines, sizeof(lines) / sizeof(lines[0]));
}

ParameterizedTest(struct row *row, container, is_told_by_mounts)
{
	struct cs_container container = { .id = "" };
	struct cs_mount mount;
	char told[160];

	cr_assert(cs_mount_parse(row->text, &mount));
	cs_container_of_mount(mount.root, mount.point, &container);
	snprintf(told, sizeof(told), "%s|%s", container.id, container.pod_uid);
	cr_assert(eq(str, told, row->told), "of %s on %s", mount.root, mount.point);
}

Test(container, what_is_not_told_stays)
{
	struct cs_container container = { .id = "before", .pod_uid = UID };

	cs_container_of_cgroups("0::/\n", &container);
	cs_container_of_mount("/x", "/etc/hostname", &container);
	cr_expect(eq(str, container.id, (char *)"before"));
	cr_expect(eq(str, container.pod_uid, (char *)UID));
}

Test(container, a_line_of_mounts_is_taken_apart)
{
	char line[] = "36 35 98:0 /a\\040b /mnt/x\\134y rw,noatime master:1 shared:7 - cgroup none "
		      "rw,memory";
	struct cs_mount mount;

	cr_assert(cs_mount_parse(line, &mount));
	cr_expect(eq(str, (char *)mount.root, (char *)"/a b"));
	cr_expect(eq(str, (char *)mount.point, (char *)"/mnt/x\\y"));
	cr_expect(eq(str, (char *)mount.type, (char *)"cgroup"));
	cr_expect(eq(str, (char *)mount.options, (char *)"rw,memory"));
}

Test(container, half_a_line_of_mounts_is_none)
{
	char cut[][64] = { "", "36 35 98:0 / /mnt", "36 35 98:0 / /mnt rw,noatime",
			   "36 35 98:0 / /mnt rw - cgroup", "36 35 98:0 / /mnt rw - cgroup none" };
	struct cs_mount mount;

	for (size_t i = 0; i < sizeof(cut) / sizeof(cut[0]); i++)
		cr_expect(not(cs_mount_parse(cut[i], &mount)), "%zu", i);
}

Test(container, nothing_is_not_copied)
{
	struct cs_container container = { .id = "" };
	struct cs_arena arena;

	cs_arena_init(&arena, 0);
	cr_expect(eq(ptr, (void *)cs_container_copy(NULL, &arena), NULL));
	cr_expect(eq(ptr, (void *)cs_container_copy(&container, &arena), NULL));
	container.memory_max_bytes = 5;
	cr_assert(ne(ptr, (void *)cs_container_copy(&container, &arena), NULL));
	cr_expect(eq(u64, cs_container_copy(&container, &arena)->memory_max_bytes, 5));
	cs_arena_deinit(&arena);
}
