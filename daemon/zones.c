/* SPDX-License-Identifier: MIT */
/*
 * Time zones of a book: read when first asked for, kept as long as the book. A country with one zone (zone1970.tab of
 * tzdata) stands for it; one with several says nothing.
 */
#include "book.h"
#include <stdio.h>
#include <stdlib.h>
#include <whynow/limits.h>
#include <whynow/tz.h>

struct wn_book_zones {
	struct zone { char *name; struct wn_tz *tz; } *v;
	size_t n;
	struct wn_str countries; /* text of zone1970.tab; empty: not there */
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

static const struct wn_tz *zone_of_country(void *ctx, struct wn_str country)
{
	struct wn_book_zones *z = ctx;
	struct wn_str name;
	return wn_tz_country(z->countries, country, &name) ? zone_named(z, name) : NULL;
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
	b->zones->countries = read_table();
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
		free((char *)b->zones->countries.p);
		free(b->zones->v);
	}
	free(b->zones);
}
