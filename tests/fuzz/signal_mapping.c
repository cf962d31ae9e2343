/* SPDX-License-Identifier: MIT */
/*
 * Items of any JSON through mappings: never a crash, and what comes out keeps its bounds. Input: a byte that
 * chooses the mapping, then the item; with the high bit the text is an expression of a mapping instead.
 */
#include <whynow/clock.h>
#include <whynow/limits.h>
#include <whynow/signal.h>

#include <stdlib.h>

#define CEL(t)                                                                                                 \
	{                                                                                                      \
		.text = { t, sizeof(t) - 1 }                                                                   \
	}

static struct wn_registry *registry;
static struct wn_positions *positions;
static struct wn_mapping *mappings[3];

static void make_registry(void)
{
	static const char *const rounds[] = {"Seed", "Series A", NULL};
	static const struct wn_attr_def attrs[] = {
	    {.name = "round", .type = WN_ATTR_ENUM, .enum_values = rounds},
	    {.name = "amount", .type = WN_ATTR_DOUBLE},
	    {.name = "person", .type = WN_ATTR_STRING},
	    {.name = "position", .type = WN_ATTR_STRING},
	    {.name = "level", .type = WN_ATTR_INT},
	    {.name = "tags", .type = WN_ATTR_LIST},
	    {.name = "until", .type = WN_ATTR_TIMESTAMP},
	    {.name = "remote", .type = WN_ATTR_BOOL}};
	struct wn_kind_def k = {.name = "any",
				.half_life_us = WN_DAY,
				.hard_stop_us = WN_DAY,
				.attrs = attrs,
				.n_attrs = WN_COUNT(attrs)};

	registry = wn_registry_new();
	if (wn_registry_add_kind(registry, &k, NULL) || wn_registry_seal(registry, NULL) ||
	    wn_positions_parse(wn_positions_builtin(), "positions", &positions, NULL))
		abort();
}

static void make_mappings(void)
{
	static const struct wn_mapping_attr all[] = {
	    {WN_STR("round"), CEL("item.r")},  {WN_STR("amount"), CEL("item.a")},
	    {WN_STR("person"), CEL("item.p")}, {WN_STR("position"), CEL("item.o")},
	    {WN_STR("tags"), CEL("item.t")},   {WN_STR("until"), CEL("date(item.u)")},
	    {WN_STR("remote"), CEL("item.b")}};
	struct wn_mapping_source src = {.kind = WN_STR("any"),
					.feed = WN_STR("f"),
					.positions = positions,
					.attrs = all,
					.n_attrs = WN_COUNT(all),
					.account_name = CEL("item.n"),
					.domain_from = CEL("domain(item.d)"),
					.email_from = CEL("item.e"),
					.occurred_at = CEL("item.at"),
					.url = CEL("item.url"),
					.headline = CEL("item.h"),
					.contact_name = CEL("item.c")};

	if (wn_mapping_compile(registry, &src, &mappings[0], NULL))
		abort();
	src.account_domain = WN_STR("acme.com");
	src.id = (struct wn_cel_text)CEL("string(item.id)");
	if (wn_mapping_compile(registry, &src, &mappings[1], NULL))
		abort();
	src.where = (struct wn_cel_text)CEL("item.t.exists(x, x == 'a') || item.n.startsWith('A')");
	if (wn_mapping_compile(registry, &src, &mappings[2], NULL))
		abort();
}

static void check(const struct wn_sighting *s, int64_t now_us)
{
	if (s->occurred_us > now_us || s->published_us > now_us || s->url.n > WN_URL_MAX || s->item.n == 0)
		abort();
	if (!s->account.domain.n && !s->account.name_key.n && !s->account.email.n)
		abort();
	for (uint32_t i = 0; i < s->attrs.n; i++)
		if (wn_value_str(s->attrs.map[i].value).n > WN_ATTR_TEXT_MAX ||
		    s->attrs.map[i].value.kind == WN_NULL)
			abort();
}

static void compile_text(struct wn_str text)
{
	struct wn_mapping_source src = {.kind = WN_STR("any"),
					.feed = WN_STR("f"),
					.account_name = {.text = text},
					.items = {.text = text}};
	struct wn_mapping *m = NULL;
	const struct wn_str *keys;

	if (wn_mapping_compile(registry, &src, &m, NULL) == WN_OK)
		(void)wn_mapping_items_path(m, &keys);
	wn_mapping_free(m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const int64_t now_us = INT64_C(1790000000) * WN_SECOND;
	struct wn_arena *a = wn_arena_new(0);
	struct wn_value item;
	struct wn_sighting s;
	struct wn_err err = {0};

	if (!registry) {
		make_registry();
		make_mappings();
	}
	if (size > 1 && data[0] >= 0x80)
		compile_text((struct wn_str){(const char *)data + 1, size - 1});
	else if (size > 1 && wn_json_parse((struct wn_str){(const char *)data + 1, size - 1}, NULL, a, &item,
					   NULL) == WN_OK) {
		enum wn_mapped m = wn_mapping_apply(mappings[data[0] % 3], item, item, WN_STR("id"), 0,
						    WN_STR("h"), WN_STR(""), now_us, a, &s, &err);
		if (m == WN_MAPPED)
			check(&s, now_us);
		else if (m == WN_MAPPED_REJECTED && !err.text[0])
			abort();
	}
	wn_arena_free(a);
	return 0;
}
