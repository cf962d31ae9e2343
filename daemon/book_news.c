/* SPDX-License-Identifier: MIT */
/*
 * The data of the news extraction for the book: what is installed (dirs.extract; without it, what is embedded), then what the
 * operator adds (dirs.extract_local), in the order of names. Read only where a feed extracts.
 */
#include "book.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <whynow/limits.h>

struct files { WN_VEC(struct wn_news_file) v; };

static enum wn_rc add_file(struct wn_book *b, const char *path, struct files *out, struct wn_err *err)
{
	FILE *f = fopen(path, "re");
	if (!f)
		return wn_fail(err, WN_NOT_FOUND, "%s: cannot be read", path);
	char *bytes = wn_alloc(WN_NEWS_FILE_MAX + 1);
	size_t n = fread(bytes, 1, WN_NEWS_FILE_MAX + 1, f);
	fclose(f);
	struct wn_news_file file = {path, wn_arena_str(b->arena, (struct wn_str){bytes, n})};
	free(bytes);
	if (n > WN_NEWS_FILE_MAX)
		return wn_fail(err, WN_LIMIT, "%s: larger than %u bytes", path, WN_NEWS_FILE_MAX);
	*WN_PUSH(b->arena, &out->v) = file;
	return WN_OK;
}

static int is_ours(const struct dirent *e)
{
	static const char *const ends[] = {".words", ".patterns", ".technologies", ".currencies"};
	size_t n = strlen(e->d_name);
	for (size_t i = 0; i < WN_COUNT(ends) && e->d_name[0] != '.'; i++)
		if (n > strlen(ends[i]) && strcmp(e->d_name + n - strlen(ends[i]), ends[i]) == 0)
			return 1;
	return 0;
}

static enum wn_rc add_folder(struct wn_book *b, struct wn_str folder, struct files *out, struct wn_err *err)
{
	struct dirent **entries = NULL;
	const char *dir = wn_arena_strdup(b->arena, folder);
	int n = folder.n ? scandir(dir, &entries, is_ours, alphasort) : 0;
	enum wn_rc rc = WN_OK;
	for (int i = 0; i < n; i++) {
		if (rc == WN_OK)
			rc = add_file(b, wn_arena_printf(b->arena, "%s/%s", dir, entries[i]->d_name), out, err);
		free(entries[i]);
	}
	free(entries);
	return rc;
}

static bool wanted(const struct wn_config *c)
{
	for (size_t i = 0; i < c->n_feeds; i++)
		if (c->feeds[i].extract == WN_EXTRACT_NEWS)
			return true;
	return false;
}

enum wn_rc wn_book_news(struct wn_book *b, struct wn_err *err)
{
	struct files files = {0};
	if (!wanted(b->config))
		return WN_OK;
	enum wn_rc rc = add_folder(b, b->config->options.dirs.extract, &files, err);
	if (rc == WN_OK && !files.v.n) {
		size_t n;
		const struct wn_news_file *builtin = wn_news_builtin(&n);
		for (size_t i = 0; i < n; i++)
			*WN_PUSH(b->arena, &files.v) = builtin[i];
	}
	if (rc == WN_OK)
		rc = add_folder(b, b->config->options.dirs.extract_local, &files, err);
	return rc ? rc : wn_news_compile(files.v.v, files.v.n, b->positions, &b->news, err);
}
