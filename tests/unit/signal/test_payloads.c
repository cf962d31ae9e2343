/* SPDX-License-Identifier: MIT */
/*
 * Mappings of real answers: one mapping a service, against the samples beside the repository (WHYNOW_SHARED,
 * default
 * ../shared; skipped where they are missing). JSON only: what the readers of feeds make of RSS and Atom is
 * theirs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <whynow/clock.h>
#include <whynow/date.h>
#include <whynow/limits.h>
#include <whynow/signal.h>

#include <stdio.h>
#include <stdlib.h>

#define CEL(t)                                                                                                 \
	{                                                                                                      \
		.text = {t, sizeof(t) - 1}, .place = { "test", 1, 1 }                                          \
	}

static struct wn_arena *arena;
static struct wn_registry *registry;
static const int64_t now_us = INT64_C(1792000000) * WN_SECOND;

static int set_up(void **state)
{
	static const struct wn_attr_def attrs[] = {
	    {.name = "position", .type = WN_ATTR_STRING},
	    {.name = "place", .type = WN_ATTR_STRING},
	    {.name = "department", .type = WN_ATTR_ENUM, .enum_values = wn_departments},
	    {.name = "level", .type = WN_ATTR_INT}};
	struct wn_kind_def job = {.name = "job_posting",
				  .half_life_us = WN_DAY,
				  .hard_stop_us = WN_DAY,
				  .attrs = attrs,
				  .n_attrs = 4};

	(void)state;
	arena = wn_arena_new(0);
	registry = wn_registry_new();
	return wn_registry_add_kind(registry, &job, NULL) || wn_registry_seal(registry, NULL);
}

static int tear_down(void **state)
{
	(void)state;
	wn_registry_free(registry);
	wn_arena_free(arena);
	return 0;
}

struct service {
	const char *file, *account; /* normalised name or domain; "" where the sample does not say */
	struct wn_mapping_source map;
	struct wn_mapping_attr attrs[2];
};

static const struct service services[] = {
    {"greenhouse_vercel.json",
     "vercel",
     {.items = CEL("doc.jobs"),
      .id = CEL("string(item.id)"),
      .occurred_at = CEL("timestamp(item.first_published)"),
      .url = CEL("item.absolute_url"),
      .account_name = CEL("item.company_name")},
     {{WN_STR("position"), CEL("item.title")}, {WN_STR("place"), CEL("item.location.name")}}},
    {"lever_spotify.json",
     "spotify",
     {.items = CEL("doc"),
      .id = CEL("item.id"),
      .occurred_at = CEL("date(item.createdAt)"),
      .url = CEL("item.hostedUrl"),
      .account_name = CEL("item.hostedUrl.split('/')[3]")},
     {{WN_STR("position"), CEL("item.text")}, {WN_STR("place"), CEL("item.categories.location")}}},
    {"ashby_linear.json",
     "linear.app",
     {.items = CEL("doc.jobs"),
      .id = CEL("item.id"),
      .where = CEL("item.isListed"),
      .occurred_at = CEL("item.publishedAt"),
      .url = CEL("item.jobUrl"),
      .account_domain = WN_STR("linear.app")},
     {{WN_STR("position"), CEL("item.title")}, {WN_STR("place"), CEL("item.location")}}},
    {"workable_zaelab.json",
     "zaelab",
     {.items = CEL("doc.jobs"),
      .id = CEL("item.shortcode"),
      .occurred_at = CEL("date(item.published_on)"),
      .url = CEL("item.url"),
      .account_name = CEL("doc.name")},
     {{WN_STR("position"), CEL("item.title")}, {WN_STR("place"), CEL("item.locations[0].country")}}},
    {"smartrecruiters_ubisoft.json",
     "ubisoft",
     {.items = CEL("doc.content"),
      .id = CEL("item.id"),
      .occurred_at = CEL("timestamp(item.releasedDate)"),
      .account_name = CEL("item.company.name")},
     {{WN_STR("position"), CEL("item.name")}, {WN_STR("place"), CEL("item.location.fullLocation")}}},
    {"teamtailor_jsonfeed.json",
     "teamtailor",
     {.items = CEL("doc.items"),
      .id = CEL("item.id"),
      .occurred_at = CEL("timestamp(item.date_published)"),
      .url = CEL("item.url"),
      .account_name = CEL("item._jobposting.identifier.name")},
     {{WN_STR("position"), CEL("item.title")},
      {WN_STR("place"), CEL("item._jobposting.jobLocation[0].address.addressLocality")}}},
    {"remoteok.json",
     "mercier consultancy group",
     {.items = CEL("doc"),
      .id = CEL("item.id"),
      .where = CEL("has(item.position)"),
      .occurred_at = CEL("date(item.epoch)"),
      .url = CEL("item.url"),
      .account_name = CEL("item.company")},
     {{WN_STR("position"), CEL("item.position")}, {WN_STR("place"), CEL("item.location")}}},
    {"hn_who_is_hiring.json",
     "modashio",
     {.items = CEL("doc.children"),
      .id = CEL("string(item.id)"),
      .occurred_at = CEL("timestamp(item.created_at)"),
      .account_name = CEL("text(item.text).split(' | ')[0]")},
     {{WN_STR("position"), CEL("text(item.text).split(' | ')[1]")},
      {WN_STR("place"), CEL("text(item.text).split(' | ')[2]")}}},
};

/* Stands for the reader's: only what the samples hold. */
static struct wn_str html_to_text(struct wn_str html, struct wn_arena *a)
{
	static const char *const refs[][2] = {{"&#x2F;", "/"}, {"&#x27;", "'"}, {"&amp;", "&"}};
	char *p = wn_arena_alloc(a, html.n + 1);
	size_t n = 0;

	for (size_t i = 0, step; i < html.n; i += step) {
		char c = html.p[i];
		step = 1;
		for (size_t k = 0; k < WN_COUNT(refs); k++)
			if (i + strlen(refs[k][0]) <= html.n &&
			    memcmp(html.p + i, refs[k][0], strlen(refs[k][0])) == 0) {
				c = refs[k][1][0];
				step = strlen(refs[k][0]);
			}
		p[n++] = c;
	}
	return (struct wn_str){p, n};
}

static struct wn_str read_file(const char *name)
{
	const char *shared = getenv("WHYNOW_SHARED");
	char path[1024];
	FILE *f;

	snprintf(path, sizeof(path), "%s%s/extraction/payloads/%s", shared ? "" : WN_SOURCE_DIR "/",
		 shared ? shared : "../shared", name);
	f = fopen(path, "rb");
	if (!f)
		return (struct wn_str){NULL, 0};
	char *p = wn_arena_alloc(arena, 1u << 20);
	size_t n = fread(p, 1, 1u << 20, f);
	fclose(f);
	return (struct wn_str){p, n};
}

static struct wn_value parsed(struct wn_str text)
{
	struct wn_value v = {0};

	assert_int_equal(wn_json_parse(text, NULL, arena, &v, NULL), WN_OK);
	return v;
}

/* The expectations of a file; ABSENT if there are none. */
static struct wn_value expected_of(struct wn_str index, const char *file)
{
	while (index.n > 0) {
		const char *end = memchr(index.p, '\n', index.n);
		struct wn_str line = {index.p, end ? (size_t)(end - index.p) : index.n};
		index = end ? (struct wn_str){end + 1, index.n - line.n - 1} : WN_STR("");
		struct wn_value v = line.n ? parsed(line) : (struct wn_value){0};
		if (wn_str_is(wn_value_str(wn_value_at(v, "file")), file))
			return wn_value_at(v, "expect");
	}
	return (struct wn_value){0};
}

static void same_text(struct wn_value expect, struct wn_str found, const char *what)
{
	if (expect.kind == WN_STRING && !wn_str_eq(wn_value_str(expect), found))
		fail_msg("%s: expected " WN_STR_FMT ", found " WN_STR_FMT, what,
			 WN_STR_ARG(wn_value_str(expect)), WN_STR_ARG(found));
}

static void check_item(const struct service *s, const struct wn_sighting *g, struct wn_value expect, bool first)
{
	char at[40];

	wn_rfc3339_from_us(g->occurred_us - g->occurred_us % WN_SECOND, at);
	same_text(wn_value_at(expect, "id"), g->item, "id");
	same_text(wn_value_at(expect, "title"), wn_value_str(wn_value_at(g->attrs, "position")), "title");
	same_text(wn_value_at(expect, "location"), wn_value_str(wn_value_at(g->attrs, "place")), "location");
	same_text(wn_value_at(expect, "published"), wn_str_of(at), "published");
	if (g->url.n)
		same_text(wn_value_at(expect, "link"), g->url, "link");
	if (wn_value_at(expect, "company").kind == WN_STRING)
		same_text(wn_string(wn_name_normalise(wn_value_str(wn_value_at(expect, "company")), arena)),
			  g->account.name_key, "company");
	if (first && !wn_str_is(g->account.name_key, s->account) && !wn_str_is(g->account.domain, s->account))
		fail_msg("account: expected %s, found " WN_STR_FMT, s->account,
			 WN_STR_ARG(g->account.name_key));
}

static void check_service(struct service s, struct wn_str index)
{
	struct wn_value doc = parsed(read_file(s.file)), expect = expected_of(index, s.file), items;
	struct wn_mapping *m = NULL;
	struct wn_sighting g;
	struct wn_err err = {0};
	uint32_t n = 0;

	s.map.kind = WN_STR("job_posting");
	s.map.feed = WN_STR("payload");
	s.map.attrs = s.attrs;
	s.map.html_to_text = html_to_text;
	s.map.n_attrs = 2;
	if (wn_mapping_compile(registry, &s.map, &m, &err) ||
	    wn_mapping_items(m, doc, now_us, arena, &items, &err))
		fail_msg("%s: %s", s.file, err.text);
	for (uint32_t i = 0; i < items.n; i++) {
		enum wn_mapped mapped = wn_mapping_apply(m, items.list[i], doc, WN_STR("x"), 0, WN_STR(""),
							 WN_STR(""), now_us, arena, &g, &err);
		if (mapped == WN_MAPPED_REJECTED)
			fail_msg("%s: %s", s.file, err.text);
		if (mapped == WN_MAPPED && n < expect.n)
			check_item(&s, &g, expect.list[n], n == 0);
		n += mapped == WN_MAPPED;
	}
	assert_true(n >= expect.n);
	wn_mapping_free(m);
}

static void each_service_gives_what_its_sample_holds(void **state)
{
	struct wn_str index = read_file("index.jsonl");

	(void)state;
	if (!index.p)
		skip();
	for (size_t i = 0; i < WN_COUNT(services); i++)
		check_service(services[i], index);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(each_service_gives_what_its_sample_holds)};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
