/* SPDX-License-Identifier: MIT */
/*
 * The reference tables say what this instance's files say: kinds, traits, feeds, sinks, each with the checksum of its
 * document. Secrets never get there: the files name credentials only, and header values of credentials are names too.
 */
#include "book.h"
#include <whynow/store.h>

static struct wn_ref_row row_of(struct wn_arena *a, struct wn_str name, const struct wn_yaml_node *node, const uint8_t *checksum)
{
	struct wn_ref_row row = {.name = name, .definition = wn_yaml_to_value(node, a), .enabled = true};
	memcpy(row.checksum, checksum, sizeof(row.checksum));
	return row;
}

static struct wn_str trait_name(struct wn_arena *a, const struct wn_trait_conf *t)
{
	return wn_str_of(wn_arena_printf(a, "%s." WN_STR_FMT, t->of == WN_CONF_OF_ACCOUNT ? "account" : "contact", WN_STR_ARG(t->name)));
}

enum wn_rc wn_book_sync(const struct wn_book *b, struct wn_store *s, int64_t now_us, struct wn_err *err)
{
	const struct wn_config *c = b->config;
	size_t most = c->n_kinds + c->n_traits + c->n_feeds + c->n_sinks + 1;
	struct wn_arena *a = wn_arena_new(0);
	struct wn_ref_row *rows = WN_NEW_N(a, struct wn_ref_row, most);
	for (size_t i = 0; i < c->n_kinds; i++)
		rows[i] = row_of(a, c->kinds[i].name, c->kinds[i].node, c->kinds[i].checksum);
	enum wn_rc rc = wn_store_sync(s, WN_REF_KIND, rows, c->n_kinds, now_us, NULL, err);
	for (size_t i = 0; i < c->n_traits; i++)
		rows[i] = row_of(a, trait_name(a, &c->traits[i]), c->traits[i].node, c->traits[i].checksum);
	if (rc == WN_OK)
		rc = wn_store_sync(s, WN_REF_TRAIT, rows, c->n_traits, now_us, NULL, err);
	for (size_t i = 0; i < c->n_feeds; i++)
		rows[i] = row_of(a, c->feeds[i].name, c->feeds[i].node, c->feeds[i].checksum);
	if (rc == WN_OK)
		rc = wn_store_sync(s, WN_REF_FEED, rows, c->n_feeds, now_us, NULL, err);
	for (size_t i = 0; i < c->n_sinks; i++)
		rows[i] = row_of(a, c->sinks[i].name, c->sinks[i].node, c->sinks[i].checksum);
	if (rc == WN_OK)
		rc = wn_store_sync(s, WN_REF_SINK, rows, c->n_sinks, now_us, NULL, err);
	wn_arena_free(a);
	return rc;
}
