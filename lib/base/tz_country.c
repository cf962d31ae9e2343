/* SPDX-License-Identifier: MIT */
/*
 * Which zones a country has: zone1970.tab of tzdata, lines of "CC[,CC]... TAB coordinates TAB zone [TAB comments]".
 */
#include <whynow/tz.h>

static struct wn_str field(struct wn_str line, int number)
{
	while (number-- > 0) {
		const char *tab = line.n ? memchr(line.p, '\t', line.n) : NULL;
		if (!tab)
			return (struct wn_str){NULL, 0};
		line.n -= (size_t)(tab + 1 - line.p);
		line.p = tab + 1;
	}
	const char *end = line.n ? memchr(line.p, '\t', line.n) : NULL;
	return (struct wn_str){line.p, end ? (size_t)(end - line.p) : line.n};
}

static bool lists(struct wn_str codes, struct wn_str country)
{
	for (size_t i = 0; i + 2 <= codes.n; i += 3)
		if (memcmp(codes.p + i, country.p, 2) == 0)
			return true;
	return false;
}

size_t wn_tz_country(struct wn_str table, struct wn_str country, struct wn_str *names, size_t most)
{
	size_t n = 0;
	for (size_t at = 0; country.n == 2 && at < table.n;) {
		const char *end = memchr(table.p + at, '\n', table.n - at);
		struct wn_str line = {table.p + at, end ? (size_t)(end - table.p) - at : table.n - at};
		at += line.n + 1;
		if (!line.n || line.p[0] == '#' || !lists(field(line, 0), country))
			continue;
		if (n < most)
			names[n] = field(line, 2);
		n++;
	}
	return n;
}
