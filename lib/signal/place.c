/* SPDX-License-Identifier: MIT */
/*
 * Places as continent/country/state/city: "NA/US/CA/San Francisco". The table says on which continent a country of ISO 3166-1
 * lies (continents by their usual two letters; countries on two are where GeoNames puts them).
 */
#include <whynow/registry.h>
#include <whynow/text.h>

#include <stdio.h>
#include <strings.h>

static const struct continent {
	char code[3];
	const char *countries;
} continents[] = {
	{"AF", "AO BF BI BJ BW CD CF CG CI CM CV DJ DZ EG EH ER ET GA GH GM GN GQ GW KE KM LR LS LY MA MG ML MR MU MW MZ NA NE NG RE RW SC "
	       "SD SH SL SN SO SS ST SZ TD TG TN TZ UG YT ZA ZM ZW"},
	{"AN", "AQ BV GS HM TF"},
	{"AS", "AE AF AM AZ BD BH BN BT CC CN GE HK ID IL IN IO IQ IR JO JP KG KH KP KR KW KZ LA LB LK MM MN MO MV MY NP OM PH PK PS QA SA SG "
	       "SY TH TJ TM TR TW UZ VN YE"},
	{"EU", "AD AL AT AX BA BE BG BY CH CY CZ DE DK EE ES FI FO FR GB GG GI GR HR HU IE IM IS IT JE LI LT LU LV MC MD ME MK MT NL NO PL PT "
	       "RO RS RU SE SI SJ SK SM UA VA XK"},
	{"NA", "AG AI AW BB BL BM BQ BS BZ CA CR CU CW DM DO GD GL GP GT HN HT JM KN KY LC MF MQ MS MX NI PA PM PR SV SX TC TT US VC VG VI"},
	{"OC", "AS AU CK CX FJ FM GU KI MH MP NC NF NR NU NZ PF PG PN PW SB TK TL TO TV UM VU WF WS"},
	{"SA", "AR BO BR CL CO EC FK GF GY PE PY SR UY VE"},
};

enum { PARTS_MAX = 16 };

static bool is_in(const char *codes, struct wn_str code)
{
	for (const char *c = codes; code.n == 2; c += 3) {
		if (strncasecmp(c, code.p, 2) == 0)
			return true;
		if (!c[2])
			break;
	}
	return false;
}

static const struct continent *continent_named(struct wn_str code)
{
	for (size_t i = 0; i < WN_COUNT(continents); i++)
		if (is_in(continents[i].code, code))
			return &continents[i];
	return NULL;
}

static const struct continent *continent_of(struct wn_str country)
{
	for (size_t i = 0; i < WN_COUNT(continents); i++)
		if (is_in(continents[i].countries, country))
			return &continents[i];
	return NULL;
}

/* Its parts, trimmed; 0 if one is empty. A last stroke is nothing. */
static size_t split(struct wn_str text, struct wn_str parts[PARTS_MAX])
{
	size_t n = 0;
	text = wn_text_trim(text);
	if (text.n && text.p[text.n - 1] == '/')
		text.n--;
	for (;;) {
		const char *end = text.n ? memchr(text.p, '/', text.n) : NULL;
		struct wn_str part = wn_text_trim((struct wn_str){text.p, end ? (size_t)(end - text.p) : text.n});
		if (!part.n || n == PARTS_MAX)
			return 0;
		parts[n++] = part;
		if (!end)
			return n;
		text = (struct wn_str){end + 1, text.n - (size_t)(end + 1 - text.p)};
	}
}

static char upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c & ~0x20) : c;
}

/* AS, NA and SA are countries too: what stands behind decides. */
bool wn_place_clean(struct wn_str text, struct wn_arena *a, struct wn_str *out)
{
	struct wn_str parts[PARTS_MAX];
	size_t n = split(text, parts), codes = 2;
	const struct continent *named = n ? continent_named(parts[0]) : NULL, *of = n ? continent_of(parts[0]) : NULL;
	if (named && n > 1 && !is_in(named->countries, parts[1]))
		named = NULL;
	if (!named && !of)
		return false;
	char *to = wn_arena_alloc(a, text.n + sizeof("XX/"));
	size_t used = 0;
	if (!named) {
		memcpy(to, of->code, 2);
		to[2] = '/';
		used = 3;
		codes = 1;
	}
	for (size_t i = 0; i < n; i++) {
		if (i)
			to[used++] = '/';
		for (size_t k = 0; k < parts[i].n; k++)
			to[used++] = i < codes ? upper(parts[i].p[k]) : parts[i].p[k];
	}
	*out = (struct wn_str){to, used};
	return true;
}

const char *wn_place_complaint(struct wn_str area, char *buf, size_t size)
{
	WN_CLEANUP(wn_arena_freep) struct wn_arena *a = wn_arena_new(0);
	struct wn_str parts[PARTS_MAX], clean = {"", 0};
	size_t n = split(area, parts);
	const char *form = "a place is continent/country/state/city, such as NA/US/CA";
	if (wn_place_clean(area, a, &clean)) {
		if (continent_named(parts[0]) && strncasecmp(clean.p, parts[0].p, 2) == 0)
			return NULL;
		snprintf(buf, size, "no place begins with \"" WN_STR_FMT "\": did you mean \"" WN_STR_FMT "\"?", WN_STR_ARG(parts[0]), WN_STR_ARG(clean));
	} else if (n > 1 && continent_named(parts[0]) && continent_of(parts[1])) {
		snprintf(buf, size, "\"" WN_STR_FMT "\" does not lie in " WN_STR_FMT ": did you mean \"%s/" WN_STR_FMT "\"?", WN_STR_ARG(parts[1]),
			 WN_STR_ARG(parts[0]), continent_of(parts[1])->code, WN_STR_ARG(parts[1]));
	} else if (n > 1 && continent_named(parts[0])) {
		snprintf(buf, size, "\"" WN_STR_FMT "\" is no country of ISO 3166 in " WN_STR_FMT "; %s", WN_STR_ARG(parts[1]), WN_STR_ARG(parts[0]), form);
	} else {
		snprintf(buf, size, "%s; continents are AF AN AS EU NA OC SA", form);
	}
	return buf;
}
