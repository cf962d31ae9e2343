/* SPDX-License-Identifier: MIT */
/* Any bytes: refused, or a zone that answers every instant with an offset that exists on Earth. The POSIX
 * footer is also tried behind a small valid table, so that the fuzzer need not find the header first. */
#include <whynow/clock.h>
#include <whynow/tz.h>

#include <stdlib.h>

static void ask(const char *bytes, size_t size)
{
	struct wn_tz *tz;
	if (wn_tz_parse((struct wn_str){bytes, size}, &tz, NULL))
		return;
	for (int64_t at = -300 * 365 * WN_DAY; at < 300 * 365 * WN_DAY; at += 97 * WN_DAY + 1234567) {
		int32_t offset = wn_tz_offset(tz, at);
		if (offset < -26 * 3600 || offset > 26 * 3600)
			abort();
		wn_tz_from_local(tz, at);
	}
	wn_tz_offset(tz, INT64_MIN);
	wn_tz_offset(tz, INT64_MAX);
	wn_tz_free(tz);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	ask((const char *)data, size);
	/* Two version-2 headers with one type each, UTC, then the footer. */
	static const char head[44] = {'T', 'Z', 'i', 'f', '2', [39] = 1, [43] = 4};
	static const char block[10] = "\0\0\0\0\0\0UTC";
	char *bytes = malloc(2 * (sizeof(head) + sizeof(block)) + size + 2), *p = bytes;
	for (int i = 0; i < 2; i++) {
		memcpy(p, head, sizeof(head));
		memcpy(p + sizeof(head), block, sizeof(block));
		p += sizeof(head) + sizeof(block);
	}
	*p++ = '\n';
	if (size)
		memcpy(p, data, size);
	p[size] = '\n';
	ask(bytes, (size_t)(p - bytes) + size + 1);
	free(bytes);
	return 0;
}
