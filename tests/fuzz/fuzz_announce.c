/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Anything that a stranger may announce: the message, and the content of a well-sealed memory file.
 * What is accepted is read, assembled, and written as OTLP JSON, as the collector does it.
 *
 * The first byte chooses: 0 the rest is hello and file as they are; 1 the rest is a list of patches
 * {offset 2 bytes, length 1 byte, bytes} to a good file of 64 slots; 3 the same with two lanes. The
 * corpus was written by `announce - dump`.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#include "collector/instances/instance.h"
#include "collector/pipeline.h"
#include "exporters/file.h"
#include "preload/wire/segment.h"
#include "tests/fuzz/fuzz.h"

#define SLOTS      64u
#define LANE_BYTES 8192u
#define LANES_MAX  2u
#define LOOKS      4

static struct cs_pipeline pipeline;
static struct cs_instance_world world;
static struct cs_self self;

static void on_record(void *context, struct cs_instance *instance, const struct cs_entry *entry)
{
	CS_FUZZ_CHECK(entry->record.payload_len <= sizeof(entry->bytes) - sizeof(entry->record));
	cs_pipeline_record(&pipeline, instance, entry);
}

static void on_read(void *context, struct cs_instance *instance, uint64_t until_ns)
{
	cs_pipeline_read(&pipeline, instance, until_ns);
}

static void on_ended(void *context, struct cs_instance *instance, const struct cs_member *member,
		     const struct cs_ended *ended)
{
	cs_pipeline_ended(&pipeline, instance, member, ended);
}

static void on_process(void *context, struct cs_process *process)
{
}

static void set_up(void)
{
	struct event_base *base = event_base_new();
	struct cs_exporter *exporter;

	CS_FUZZ_CHECK(base);
	CS_FUZZ_CHECK(cs_pipeline_init(&pipeline, base, &self, NULL) == 0);
	CS_FUZZ_CHECK(cs_file_exporter_new(base, "/dev/null", &exporter, NULL) == 0);
	CS_FUZZ_CHECK(cs_outlet_add_exporter(&pipeline.outlet, exporter) == 0);
	cs_process_table_init(&world.processes, base, &self.processes_now, on_process, on_process,
			      NULL);
	world.self = &self;
	world.events = (struct cs_instance_events){ .record = on_record,
						    .read = on_read,
						    .ended = on_ended };
}

static void patch(unsigned char *file, size_t bytes, const uint8_t *data, size_t size)
{
	while (size > 3) {
		size_t offset = (size_t)(data[0] | data[1] << 8) % bytes, len = data[2];

		data += 3;
		size -= 3;
		len = len < size ? len : size;
		len = len < bytes - offset ? len : bytes - offset;
		memcpy(file + offset, data, len);
		data += len;
		size -= len;
	}
}

static int make_file(const uint8_t *data, size_t size, bool patches, uint32_t lanes)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	size_t bytes = lanes * LANE_BYTES;
	unsigned char *file;

	CS_FUZZ_CHECK(fd >= 0 && ftruncate(fd, (off_t)bytes) == 0);
	file = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CS_FUZZ_CHECK(file != MAP_FAILED);
	if (patches) {
		cs_segment_format((struct cs_header *)(void *)file, SLOTS, lanes);
		patch(file, bytes, data, size);
	} else {
		memcpy(file, data, size < bytes ? size : bytes);
	}
	munmap(file, bytes);
	CS_FUZZ_CHECK(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0);
	return fd;
}

static void read_all(struct cs_segment_file *file)
{
	struct cs_ended ended = { .end = CS_END_STATUS, .wait_status = 9, .time_ns = 1 };
	struct cs_peer peer = { .pidfd = -EBADF, .uid = 1 };
	struct cs_instance *instance = cs_instance_new(&world, file, &peer, 1);
	struct cs_member *member;

	CS_FUZZ_CHECK(instance);
	cs_pipeline_attach(&pipeline, instance);
	for (uint64_t i = 1; i <= LOOKS; i++) {
		CS_FUZZ_CHECK(cs_instance_drain(instance, i * 1000000000u) <= LANES_MAX * SLOTS);
		cs_pipeline_look(&pipeline, instance);
	}
	while ((member = LIST_FIRST(&instance->members)))
		cs_instance_end_member(member, &ended);
	cs_pipeline_detach(&pipeline, instance);
	cs_instance_free(instance);
	cs_pipeline_flush(&pipeline);
	CS_FUZZ_CHECK(cs_outlet_idle(&pipeline.outlet));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cs_segment_file file;
	uint32_t lanes;
	bool patches;
	uint64_t bytes;
	int fd;

	if (!world.self)
		set_up();
	if (size < 1 + sizeof(struct cs_hello))
		return 0;
	patches = data[0] & 1;
	lanes = patches && data[0] & 2 ? 2 : 1;
	data++;
	size--;
	if (!patches) {
		enum cs_refusal refusal =
			cs_segment_file_check_hello(data, sizeof(struct cs_hello), LANE_BYTES);

		data += sizeof(struct cs_hello);
		size -= sizeof(struct cs_hello);
		if (refusal != CS_REFUSAL_NONE)
			return 0;
	}
	fd = make_file(data, size, patches, lanes);
	CS_FUZZ_CHECK(cs_segment_file_vet(fd, &bytes) == CS_REFUSAL_NONE);
	if (cs_segment_file_open(fd, bytes, &file) == CS_REFUSAL_NONE)
		read_all(&file);
	return 0;
}
