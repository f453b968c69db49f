/* SPDX-License-Identifier: Apache-2.0 */

/* Who else may be in a process; see company.h. */
#include "agent/doctor/company.h"

#include <string.h>

static const struct cs_company table[] = {
	{ "libasan.so", "AddressSanitizer", CS_COMPANY_AGENT },
	{ "libclang_rt.asan", "AddressSanitizer", CS_COMPANY_AGENT },
	{ "libclang_rt.tsan", "ThreadSanitizer", CS_COMPANY_AGENT },
	{ "libtsan.so", "ThreadSanitizer", CS_COMPANY_AGENT },

	{ "launcher.preload.so", "Datadog's injector", CS_COMPANY_AGENT },
	{ "libSegFault.so", "libSegFault", CS_COMPANY_AGENT },
	{ "libbpftime", "bpftime", CS_COMPANY_AGENT },
	{ "libbytehound", "Bytehound", CS_COMPANY_AGENT },
	{ "libdyninstAPI_RT", "Dyninst", CS_COMPANY_AGENT },
	{ "libeatmydata", "eatmydata", CS_COMPANY_AGENT },
	{ "libexec.so", "Bear", CS_COMPANY_AGENT },
	{ "libfakechroot", "fakechroot", CS_COMPANY_AGENT },
	{ "libfakeroot", "fakeroot", CS_COMPANY_AGENT },
	{ "libfaketime", "faketime", CS_COMPANY_AGENT },
	{ "libfirebuild", "firebuild", CS_COMPANY_AGENT },
	{ "libgtk3-nocsd", "gtk3-nocsd", CS_COMPANY_AGENT },
	{ "libheapprofd", "heapprofd", CS_COMPANY_AGENT },
	{ "heapprofd_", "heapprofd", CS_COMPANY_AGENT },
	{ "libheaptrack_preload", "heaptrack", CS_COMPANY_AGENT },
	{ "libinstana", "Instana", CS_COMPANY_AGENT },
	{ "liblttng-ust", "LTTng-UST", CS_COMPANY_AGENT },
	{ "libmcount", "uftrace", CS_COMPANY_AGENT },
	{ "libnss_wrapper", "nss_wrapper", CS_COMPANY_AGENT },
	{ "liboneagentproc", "Dynatrace OneAgent", CS_COMPANY_AGENT },
	{ "libotelinject", "the OpenTelemetry injector", CS_COMPANY_AGENT },
	{ "libscope.so", "AppScope", CS_COMPANY_AGENT },
	{ "libsocket_wrapper", "socket_wrapper", CS_COMPANY_AGENT },
	{ "libuid_wrapper", "uid_wrapper", CS_COMPANY_AGENT },
	{ "libvgl", "VirtualGL", CS_COMPANY_AGENT },
	{ "libvma.so", "libvma", CS_COMPANY_AGENT },
	{ "vgpreload_", "Valgrind", CS_COMPANY_AGENT },

	{ "libjemalloc", "jemalloc", CS_COMPANY_ALLOCATOR },
	{ "libmimalloc", "mimalloc", CS_COMPANY_ALLOCATOR },
	{ "libtcmalloc", "tcmalloc", CS_COMPANY_ALLOCATOR },
};

const struct cs_company *cs_company_find(const char *name)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (!strncmp(name, table[i].file, strlen(table[i].file)))
			return &table[i];
	}
	return NULL;
}
