/* SPDX-License-Identifier: MIT */
/*
 * Time zones of a book: read when first asked for, kept as long as the book. A country (zone1970.tab of tzdata) whose zones tell the
 * same time from when it is first asked for has that time; one with several says nothing.
 */
#include "book.h"
#include <stdio.h>
#include <stdlib.h>
#include <whynow/limits.h>
#include <whynow/tz.h>

enum { LETTERS = 26, ZONES_OF_COUNTRY = 40 /* the United States have 29 */ };

struct wn_book_zones {
	struct zone { char *name; struct wn_tz *tz; } *v;
	size_t n;
	struct wn_str table; /* text of zone1970.tab; empty: not there */
	struct country { bool asked; const struct wn_tz *tz; } country[LETTERS * LETTERS];
};
enum { ZONES_MAX = 700 /* zoneinfo has fewer than 600 names: more are strangers' inventions */, TABLE_MAX = 256 << 10 };

static const struct wn_tz *zone_named(void *ctx, struct wn_str name)
{
	struct wn_book_zones *z = ctx;
	for (size_t i = 0; i < z->n; i++)
		if (wn_str_is(name, z->v[i].name))
			return z->v[i].tz;
	char text[64];
	if (name.n >= sizeof(text) || z->n == ZONES_MAX)
		return NULL;
	memcpy(text, name.p, name.n);
	text[name.n] = '\0';
	struct zone zone = {.name = wn_strdup(text)};
	if (wn_tz_load(text, &zone.tz, NULL))
		zone.tz = NULL; /* remembered as unknown */
	z->v = wn_realloc(z->v, (z->n + 1) * sizeof(*z->v));
	z->v[z->n++] = zone;
	return zone.tz;
}

static const struct wn_tz *common_zone(struct wn_book_zones *z, struct wn_str country, int64_t from_us)
{
	struct wn_str names[ZONES_OF_COUNTRY];
	size_t n = wn_tz_country(z->table, country, names, ZONES_OF_COUNTRY);
	const struct wn_tz *one = n && n <= ZONES_OF_COUNTRY ? zone_named(z, names[0]) : NULL;
	for (size_t i = 1; i < n && one; i++) {
		const struct wn_tz *other = zone_named(z, names[i]);
		if (!other || !wn_tz_agree(one, other, from_us))
			one = NULL;
	}
	return one;
}

static const struct wn_tz *zone_of_country(void *ctx, struct wn_str code, int64_t at_us)
{
	struct wn_book_zones *z = ctx;
	if (code.n != 2 || code.p[0] < 'A' || code.p[0] > 'Z' || code.p[1] < 'A' || code.p[1] > 'Z')
		return NULL;
	struct country *c = &z->country[(code.p[0] - 'A') * LETTERS + code.p[1] - 'A'];
	if (!c->asked)
		*c = (struct country){true, common_zone(z, code, at_us)};
	return c->tz;
}

static struct wn_str read_table(void)
{
	FILE *f = fopen("/usr/share/zoneinfo/zone1970.tab", "re");
	char *text = f ? wn_alloc(TABLE_MAX) : NULL;
	size_t n = f ? fread(text, 1, TABLE_MAX, f) : 0;
	if (f)
		fclose(f);
	return (struct wn_str){text, n};
}

void wn_book_zones_attach(struct wn_book *b)
{
	b->zones = wn_alloc(sizeof(*b->zones));
	b->zones->table = read_table();
	b->catalog.tz_of = zone_named;
	b->catalog.tz_of_country = zone_of_country;
	b->catalog.tz_ctx = b->zones;
	b->catalog.default_tz = zone_named(b->zones, b->config->options.time_zone);
}

void wn_book_zones_free(struct wn_book *b)
{
	for (size_t i = 0; b->zones && i < b->zones->n; i++) {
		free(b->zones->v[i].name);
		wn_tz_free(b->zones->v[i].tz);
	}
	if (b->zones) {
		free((char *)b->zones->table.p);
		free(b->zones->v);
	}
	free(b->zones);
}
